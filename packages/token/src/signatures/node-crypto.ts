import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import type { Algorithm } from '../algorithms.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';
import type { SignatureBackend } from './backend.ts';

type Digest = 'sha256' | null;

interface NodeKey {
  readonly digest: Digest;
  readonly input: SignKeyObjectInput & { readonly key: KeyObject };
}

/** Signatures by node:crypto: OpenSSL, synchronous. */
export const nodeCrypto: SignatureBackend = {
  name: 'node:crypto',
  importPublicKey: (row, jwk: PublicJwk) => nodeKey(row, createPublicKey({ key: { ...jwk }, format: 'jwk' })),
  importPrivateKey: (row, jwk: PrivateJwk) =>
    nodeKey(row, createPrivateKey({ key: { ...jwk }, format: 'jwk' })),
  generatePrivateJwk: (row) => ({ ...generate(row).export({ format: 'jwk' }), alg: row.name }) as PrivateJwk,
  sign: (_row, key, data) => sign((key as NodeKey).digest, data, (key as NodeKey).input),
  verify: (_row, key, data, signature) =>
    verify((key as NodeKey).digest, data, (key as NodeKey).input, signature),
  sha256: (data) => createHash('sha256').update(data).digest(),
};

function nodeKey(row: Algorithm, key: KeyObject): NodeKey {
  return row.kty === 'EC'
    ? { digest: 'sha256', input: { key, dsaEncoding: 'ieee-p1363' } }
    : { digest: null, input: { key } };
}

function generate(row: Algorithm): KeyObject {
  if (row.kty === 'EC') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return row.kty === 'OKP'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ml-dsa-44').privateKey;
}
