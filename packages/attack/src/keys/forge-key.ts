import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { Random } from '../random.ts';

/** A key pair to sign with, and the one JOSE algorithm it is for. */
export interface ForgeKey {
  readonly alg: string;
  readonly privateKey: KeyObject;
  /** The public half, without `alg`, `kid` or `use`. */
  readonly jwk: JsonWebKey;
}

/**
 * Reads a private JWK; its `alg` decides, else its type and curve.
 *
 * @throws TypeError if it is no private key of a known type.
 */
export function forgeKeyFrom(jwk: JsonWebKey): ForgeKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return keyOf(privateKey, typeof jwk['alg'] === 'string' ? jwk['alg'] : undefined);
}

/** An Ed25519 key pair from 32 bytes: the same bytes, the same key. */
export function ed25519Key(random: Random): ForgeKey {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([prefix, random.bytes(32)]);
  return keyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), 'EdDSA');
}

/** A P-256 key pair from 32 bytes. */
export function p256Key(random: Random): ForgeKey {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(random.bytes(32));
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const d = ecdh.getPrivateKey().toString('base64url').padStart(43, 'A');
  const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '', d };
  return keyOf(createPrivateKey({ key: jwk, format: 'jwk' }), 'ES256');
}

/** An RSA key pair of 2048 bits: slow to make, so made once where it is needed, and not from the seed. */
export function rsaKey(alg = 'RS256'): ForgeKey {
  return keyOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, alg);
}

function keyOf(privateKey: KeyObject, alg: string | undefined): ForgeKey {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { alg: alg ?? usualAlgorithm(jwk), privateKey, jwk };
}

/** The algorithm that a key is usually for when nobody says so. */
function usualAlgorithm(jwk: JsonWebKey): string {
  const usual: Readonly<Record<string, string>> = {
    'P-256': 'ES256',
    'P-384': 'ES384',
    'P-521': 'ES512',
    Ed25519: 'EdDSA',
    Ed448: 'EdDSA',
  };
  return jwk.kty === 'RSA' ? 'RS256' : (usual[jwk.crv ?? ''] ?? 'EdDSA');
}
