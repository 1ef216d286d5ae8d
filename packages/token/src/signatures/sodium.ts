import { decodeBase64url } from '../encoding.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';
import type { SignatureBackend } from './backend.ts';
import { nodeCrypto } from './node-crypto.ts';

/** The four functions of sodium-native that are used, by shape: the package is optional. */
export interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Signatures by libsodium for Ed25519, about twice as fast as OpenSSL; the rest by node:crypto. */
export function withSodium(sodium: Sodium): SignatureBackend {
  return {
    ...nodeCrypto,
    name: 'sodium-native',
    importPublicKey: (row, jwk: PublicJwk) =>
      row.kty === 'OKP' ? keyBytes(jwk.x) : nodeCrypto.importPublicKey(row, jwk),
    importPrivateKey: (row, jwk: PrivateJwk) =>
      row.kty === 'OKP' ? secretKey(sodium, jwk) : nodeCrypto.importPrivateKey(row, jwk),
    sign: (row, key, data) =>
      row.kty === 'OKP' ? signDetached(sodium, key as Uint8Array, data) : nodeCrypto.sign(row, key, data),
    verify: (row, key, data, signature) =>
      row.kty === 'OKP'
        ? sodium.crypto_sign_verify_detached(signature, data, key as Uint8Array)
        : nodeCrypto.verify(row, key, data, signature),
  };
}

function keyBytes(member: string | undefined): Uint8Array {
  const bytes = member === undefined ? undefined : decodeBase64url(member);
  if (bytes?.length !== 32) throw new TypeError('unexpected key length, expected 32 bytes');
  return bytes;
}

function secretKey(sodium: Sodium, jwk: PrivateJwk): Uint8Array {
  const publicKey = new Uint8Array(32);
  const secret = new Uint8Array(64);
  sodium.crypto_sign_seed_keypair(publicKey, secret, keyBytes(jwk.d));
  const stated = keyBytes(jwk.x);
  if (!publicKey.every((byte, at) => byte === stated[at]))
    throw new TypeError('the two halves of the key differ');
  return secret;
}

function signDetached(sodium: Sodium, secret: Uint8Array, data: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  sodium.crypto_sign_detached(signature, data, secret);
  return signature;
}
