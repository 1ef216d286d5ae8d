import type { Algorithm } from '../algorithms.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';
import type { KeyHandle, SignatureBackend } from './backend.ts';

/** Signatures by Web Crypto: browsers, workerd, Bun, Deno, and Node where asked for. */
export const webCrypto: SignatureBackend = {
  name: 'Web Crypto',
  importPublicKey: (row, jwk: PublicJwk) => importKey(row, jwk, 'verify'),
  importPrivateKey: (row, jwk: PrivateJwk) => importKey(row, jwk, 'sign'),
  generatePrivateJwk: async (row) => {
    const pair = await crypto.subtle.generateKey(keyParameters(row), true, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', (pair as CryptoKeyPair).privateKey);
    return onlyKeyMembers(row, jwk as Record<string, unknown>) as unknown as PrivateJwk;
  },
  sign: async (row, key, data) =>
    new Uint8Array(await crypto.subtle.sign(signParameters(row), key as CryptoKey, source(data))),
  verify: (row, key, data, signature) =>
    crypto.subtle.verify(signParameters(row), key as CryptoKey, source(signature), source(data)),
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', source(data))),
};

/** The backend of every runtime but Node. */
export const signatures: SignatureBackend = webCrypto;

function importKey(row: Algorithm, jwk: PublicJwk, use: 'sign' | 'verify'): Promise<KeyHandle> {
  // Web Crypto implementations disagree on the `alg` of an Ed25519 key, so only AKP, which needs it, keeps it.
  const { alg, ...members } = jwk;
  const key = row.kty === 'AKP' ? { ...members, alg } : members;
  return crypto.subtle.importKey('jwk', key as JsonWebKey, keyParameters(row), false, [use]);
}

function keyParameters(row: Algorithm): EcKeyImportParams | { name: string } {
  if (row.kty === 'EC') return { name: 'ECDSA', namedCurve: 'P-256' };
  return { name: row.crv ?? row.name };
}

function signParameters(row: Algorithm): EcdsaParams | { name: string } {
  return row.kty === 'EC' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: row.crv ?? row.name };
}

function onlyKeyMembers(row: Algorithm, jwk: Record<string, unknown>): Record<string, unknown> {
  const names = ['kty', 'crv', ...Object.keys(row.publicMembers), row.privateMember];
  const members = names.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]]));
  return { ...(Object.fromEntries(members) as object), alg: row.name };
}

/** The DOM types want a view on an ArrayBuffer; ours always is one. */
function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
