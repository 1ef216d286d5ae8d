import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import {
  generatePrivateJwk,
  importPublicKey,
  importSigningKey,
  type AlgorithmName,
  type PublicJwk,
  type SigningKey,
} from '@symbolon/token';

/**
 * Opens the private key of a client, a JWK in a file.
 *
 * @throws TypeError with the fix in the message if there is no such file, others may read it, or it is no such key.
 */
export async function openClientKey(path: string): Promise<SigningKey> {
  const jwk = readJwk(path);
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new TypeError(`others may read the private key in ${path}: run chmod 600 on it`);
  }
  return importSigningKey(jwk).catch((cause: unknown) => {
    throw new TypeError(`${path} holds no private JWK for EdDSA, ES256 or ML-DSA-44`, { cause });
  });
}

/** Reads the public half of a key, a JWK in a file; a private half is left where it is. */
export async function readPublicHalf(path: string): Promise<PublicJwk> {
  const jwk = readJwk(path);
  try {
    return isPrivate(jwk) ? (await importSigningKey(jwk)).jwk : (await importPublicKey(jwk)).jwk;
  } catch (cause) {
    throw new TypeError(`${path} holds no JWK for EdDSA, ES256 or ML-DSA-44`, { cause });
  }
}

/**
 * Makes a key pair and keeps the private JWK in a new file (0600); answers the public half.
 *
 * @throws TypeError if the file exists: a key is never overwritten.
 */
export async function generateClientKey(path: string, alg: AlgorithmName = 'EdDSA'): Promise<PublicJwk> {
  if (existsSync(path))
    throw new TypeError(`${path} exists: name a new file, or register its key with --key`);
  const jwk = await generatePrivateJwk(alg);
  writeFileSync(path, `${JSON.stringify(jwk, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return (await importSigningKey(jwk)).jwk;
}

function isPrivate(jwk: unknown): boolean {
  return typeof jwk === 'object' && jwk !== null && ('d' in jwk || 'priv' in jwk);
}

function readJwk(path: string): unknown {
  if (!existsSync(path)) throw new TypeError(`there is no key file ${path}`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // What the parser says would quote the file, and it may hold a private key.
    throw new TypeError(`${path} is not JSON, expected a JWK`);
  }
}
