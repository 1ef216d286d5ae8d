import { generatePrivateJwk, type AlgorithmName } from '@symbolon/token';
import { keyFromJwk, type MachineKey } from '../keys.ts';
import { createPrivateFile, readPrivateFile } from './private-file.ts';

/**
 * The key in a file; makes one there if there is none.
 *
 * The file holds a private JWK with permissions 0600. Of two processes that start at once, both get the key of
 * the one that was first. `alg` is that of a new key (EdDSA by default).
 *
 * @throws TypeError if others may read the file, it holds no private key, or one of another `alg`.
 */
export async function fileKey(path: string, options: { alg?: AlgorithmName } = {}): Promise<MachineKey> {
  const key = await keyFromJwk(
    parse(path, (await readPrivateFile(path)) ?? (await create(path, options.alg))),
  );
  if (options.alg !== undefined && key.jwk.alg !== options.alg) {
    throw new TypeError(`unexpected ${key.jwk.alg} key in ${path}, expected ${options.alg}`);
  }
  return key;
}

async function create(path: string, alg: AlgorithmName | undefined): Promise<string> {
  const text = JSON.stringify(await generatePrivateJwk(alg));
  const kept = (await createPrivateFile(path, text)) ? text : await readPrivateFile(path);
  if (kept === undefined) throw new TypeError(`${path} was removed while it was read; start again`);
  return kept;
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The syntax error of the platform would quote the private key.
    throw new TypeError(`unexpected content of ${path}, expected a private JWK`);
  }
}
