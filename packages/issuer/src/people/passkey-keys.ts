import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';

/** RFC 8812 section 2. */
const leastModulus = 2048;

/**
 * Whether a new passkey's key is one of its algorithm: its type, its curve, and a point that lies there (RFC 9053
 * section 7). One that can prove nothing would lock its person out at the first sign-in, and nobody would know why.
 */
export function keyFitsItsAlgorithm(publicKey: Uint8Array<ArrayBuffer>): boolean {
  const jwk = readJwk(decodeCredentialPublicKey(publicKey));
  if (jwk === undefined) return false;
  try {
    const { modulusLength } = createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails ?? {};
    return jwk.kty !== 'RSA' || (modulusLength ?? 0) >= leastModulus;
  } catch {
    return false;
  }
}

function readJwk(key: cose.COSEPublicKey): JsonWebKey | undefined {
  const { COSEALG, COSECRV, COSEKEYS } = cose;
  const alg = key.get(COSEKEYS.alg);
  if (alg === COSEALG.EdDSA && cose.isCOSEPublicKeyOKP(key) && key.get(COSEKEYS.crv) === COSECRV.ED25519)
    return { kty: 'OKP', crv: 'Ed25519', x: written(key.get(COSEKEYS.x)) };
  if (alg === COSEALG.ES256 && cose.isCOSEPublicKeyEC2(key) && key.get(COSEKEYS.crv) === COSECRV.P256)
    return { kty: 'EC', crv: 'P-256', x: written(key.get(COSEKEYS.x)), y: written(key.get(COSEKEYS.y)) };
  if (alg === COSEALG.RS256 && cose.isCOSEPublicKeyRSA(key))
    return { kty: 'RSA', n: written(key.get(COSEKEYS.n)), e: written(key.get(COSEKEYS.e)) };
  return undefined;
}

/** What is no bytes is no member of a key. */
function written(bytes: unknown): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64url') : '';
}
