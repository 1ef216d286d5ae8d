import { decodeBase64url, encodeBase64url } from '@symbolon/token';
import type { SealingKey } from '../web/seal.ts';
import { createPrivateFile, readPrivateFile } from './private-file.ts';

/**
 * The keys in a file that seal what cookies hold; makes one there if there is none.
 *
 * The file holds JSON, `{"keys":[{"id","secret"}]}`, with permissions 0600: the first key seals, each opens. All servers
 * of an application need the same file.
 *
 * @throws TypeError if others may read the file, or it holds anything else; its content is not quoted.
 */
export async function fileSealingKeys(path: string): Promise<readonly SealingKey[]> {
  const text = (await readPrivateFile(path)) ?? (await create(path));
  const keys = parse(text);
  if (keys === undefined)
    throw new TypeError(`unexpected content of ${path}, expected {"keys":[{"id":"…","secret":"…"}]}`);
  return keys;
}

async function create(path: string): Promise<string> {
  const secret = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
  const id = encodeBase64url(crypto.getRandomValues(new Uint8Array(6)));
  const text = JSON.stringify({ keys: [{ id, secret }] });
  const kept = (await createPrivateFile(path, text)) ? text : await readPrivateFile(path);
  if (kept === undefined) throw new TypeError(`${path} was removed while it was read; start again`);
  return kept;
}

function parse(text: string): readonly SealingKey[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys: readonly { id: unknown; secret: unknown }[] };
    const read = keys.map(({ id, secret }) => ({ id: String(id), secret: bytesOf(String(secret)) }));
    return read.length > 0 && read.every(({ secret }) => secret.length === 32) ? read : undefined;
  } catch {
    // The platform's own error would quote the file.
    return undefined;
  }
}

function bytesOf(text: string): Uint8Array {
  return decodeBase64url(text) ?? new Uint8Array();
}
