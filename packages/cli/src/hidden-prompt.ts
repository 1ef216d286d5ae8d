/**
 * Asks the person at the terminal for a word that is not shown.
 *
 * @throws TypeError where nobody is there, or who is there thinks better of it (Ctrl-C).
 */
export async function promptHidden(question: string, instead: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) throw new TypeError(`nobody is here to be asked: ${instead}`);
  // Before the question: what is typed ahead of it is not shown either.
  stdin.setRawMode(true);
  try {
    stderr.write(question);
    return await typed(stdin, instead);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

const ctrlC = '\u0003';
const deletes: readonly string[] = ['\b', '\u007f'];

function typed(stdin: NodeJS.ReadStream, instead: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let word = '';
    const onData = (chunk: Buffer): void => {
      for (const key of chunk.toString('utf8')) {
        if (key === '\r' || key === '\n')
          finish(() => {
            resolve(word);
          });
        else if (key === ctrlC)
          finish(() => {
            reject(new TypeError(`nothing was given: ${instead}`));
          });
        else word = deletes.includes(key) ? word.slice(0, -1) : word + key;
      }
    };
    const finish = (end: () => void): void => {
      stdin.off('data', onData);
      end();
    };
    stdin.on('data', onData);
  });
}
