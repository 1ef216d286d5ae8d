const maxBytes = 65_536;

/** A JSON object from outside; its members are unknown until each has been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads an answer's body as one JSON object, or undefined: another content type (an error page of a proxy),
 * more than 64 kB, bad UTF-8, bad JSON, no object.
 *
 * @throws whatever the network throws while the body arrives.
 */
export async function readJsonObject(response: Response): Promise<JsonObject | undefined> {
  const type = response.headers.get('content-type') ?? '';
  if (!/^application\/json(?:[ \t]*;.*)?$/i.test(type)) {
    discard(response);
    return undefined;
  }
  const text = await readText(response);
  return text === undefined ? undefined : parseObject(text);
}

/**
 * Gives up the rest of an answer, so that its connection is free again. Not waited for: where somebody keeps a copy of
 * the answer, as Next.js and React do while they render, it is given up when the copy is, and that may be never.
 */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

async function readText(response: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    length += chunk.value.length;
    if (length > maxBytes) {
      reader?.cancel().catch(() => undefined);
      return undefined;
    }
    parts.push(chunk.value);
  }
  return decodeUtf8(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function decodeUtf8(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
