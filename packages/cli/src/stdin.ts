const maxLength = 1_048_576;

/**
 * Reads all of stdin as text, at most 1 MB.
 *
 * @throws TypeError if nothing is piped in or it is longer: a command never waits for somebody to type.
 */
export async function readStdin(what: string): Promise<string> {
  if (process.stdin.isTTY) throw new TypeError(`pipe ${what} in, or give it as an argument`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxLength) throw new TypeError(`unexpected length of ${what}, expected at most 1 MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
