import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../algorithms.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';
import type { SignatureBackend } from './backend.ts';
import { fromDer, toDer } from './der.ts';

/**
 * Signatures by node:crypto: OpenSSL, synchronous.
 *
 * A key is handed over as it is, never in an object with options: that costs 12 to 28 µs a signature, a
 * quarter of the whole. So ECDSA is spelt as OpenSSL spells it, in DER, and not by `dsaEncoding`.
 */
export const nodeCrypto: SignatureBackend = {
  name: 'node:crypto',
  importPublicKey: (_row, jwk: PublicJwk) => createPublicKey({ key: { ...jwk }, format: 'jwk' }),
  importPrivateKey: (_row, jwk: PrivateJwk) => createPrivateKey({ key: { ...jwk }, format: 'jwk' }),
  generatePrivateJwk: (row) => ({ ...generate(row).export({ format: 'jwk' }), alg: row.name }) as PrivateJwk,
  sign: (row, key, data) =>
    row.kty === 'EC'
      ? fromDer(sign('sha256', data, key as KeyObject), row.signatureLength / 2)
      : sign(null, data, key as KeyObject),
  verify: (row, key, data, signature) =>
    row.kty === 'EC'
      ? verify('sha256', data, key as KeyObject, toDer(signature))
      : verify(null, data, key as KeyObject, signature),
  sha256: (data) => hash('sha256', data, 'buffer'),
};

function generate(row: Algorithm): KeyObject {
  if (row.kty === 'EC') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return row.kty === 'OKP'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ml-dsa-44').privateKey;
}
