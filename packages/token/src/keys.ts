import { signatures } from '#signatures';
import { algorithms, canonicalSignature, type AlgorithmName } from './algorithms.ts';
import { encodeBase64url, encodeUtf8 } from './encoding.ts';
import { AuthError } from './errors.ts';
import { publicHalf, readPrivateJwk, readPublicJwk, rowOf, type PrivateJwk, type PublicJwk } from './jwk.ts';
import type { Eventually, KeyHandle } from './signatures/backend.ts';

/** A public key that was checked and is ready to verify; it has one algorithm and one name. */
export interface VerificationKey {
  /** The RFC 7638 thumbprint of the key: its only name. */
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly handle: KeyHandle;
}

/**
 * A key that signs: ours in memory, or any `Signer` that never shows its private half (PKCS#11, a cloud KMS).
 *
 * `sign` gets the bytes to sign and returns the raw signature (ECDSA as r ‖ s).
 */
export interface SigningKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly sign: (data: Uint8Array) => Eventually<Uint8Array>;
}

/**
 * Computes the thumbprint of a public key (RFC 7638), base64url of SHA-256.
 *
 * It does not check the key: use {@link importPublicKey} on a key from outside.
 */
export async function thumbprintOf(jwk: PublicJwk): Promise<string> {
  const members = rowOf(jwk).thumbprintMembers.map((name) => [name, jwk[name]]);
  return hashText(JSON.stringify(Object.fromEntries(members)));
}

/**
 * Checks and imports a public key from outside.
 *
 * @throws AuthError `key_invalid`: a private or symmetric member, a key outside the table of algorithms, an
 * `alg` that is not the key's, a wrong length, a weak Ed25519 point, an EC point off its curve. It does not
 * check who owns the key.
 */
export async function importPublicKey(value: unknown): Promise<VerificationKey> {
  const jwk = readPublicJwk(value);
  if (jwk === undefined) throw new AuthError('key_invalid');
  return importNamedKey(jwk, await thumbprintOf(jwk));
}

/**
 * Imports a key that `readPublicJwk` has read, under its thumbprint.
 *
 * @throws AuthError `key_invalid` if the platform refuses it: an EC point off its curve, an algorithm that this
 * runtime lacks.
 */
export async function importNamedKey(jwk: PublicJwk, kid: string): Promise<VerificationKey> {
  try {
    return { kid, jwk, handle: await signatures.importPublicKey(rowOf(jwk), jwk) };
  } catch (cause) {
    throw new AuthError('key_invalid', { cause });
  }
}

/**
 * Imports a private key that its owner keeps as JSON.
 *
 * @throws TypeError if it is no private key of the table, or its halves do not fit.
 */
export async function importSigningKey(value: unknown): Promise<SigningKey> {
  const jwk = readPrivateJwk(value);
  if (jwk === undefined)
    throw new TypeError('unexpected key, expected a private JWK for EdDSA, ES256 or ML-DSA-44');
  const own = publicHalf(jwk);
  const key = { kid: await thumbprintOf(own), jwk: own, sign: await signWith(jwk) };
  const probe = encodeUtf8(key.kid);
  if (!(await verifyBytes(await importPublicKey(own), probe, await signBytes(key, probe)))) {
    throw new TypeError(unfitting);
  }
  return key;
}

const unfitting = 'the public half of the key does not fit its private half';

async function signWith(jwk: PrivateJwk): Promise<SigningKey['sign']> {
  const row = rowOf(jwk);
  try {
    const handle = await signatures.importPrivateKey(row, jwk);
    return (data) => signatures.sign(row, handle, data);
  } catch {
    // What the platform says of a private key is kept out of every error: it might quote it.
    throw new TypeError(unfitting);
  }
}

/** Makes a new private key by the platform's random generator, as JSON for its owner to keep. */
export async function generatePrivateJwk(alg: AlgorithmName = 'EdDSA'): Promise<PrivateJwk> {
  return signatures.generatePrivateJwk(algorithms[alg]);
}

/** Verifies raw bytes: false for whatever the platform refuses. It does not check the spelling of the signature. */
export async function verifyBytes(
  key: VerificationKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const row = rowOf(key.jwk);
  return (
    signature.length === row.signatureLength && (await signatures.verify(row, key.handle, data, signature))
  );
}

/**
 * Signs raw bytes and brings the signature to its one spelling.
 *
 * @throws TypeError if a signer answers in another form: most services answer ECDSA in DER.
 */
export async function signBytes(key: SigningKey, data: Uint8Array): Promise<Uint8Array> {
  const row = rowOf(key.jwk);
  const signature = await key.sign(data);
  if (signature.length !== row.signatureLength) {
    throw new TypeError(
      `unexpected signature, expected ${row.signatureLength} raw bytes (ECDSA: r ‖ s, not DER)`,
    );
  }
  return canonicalSignature(row, signature);
}

/** Hashes text as UTF-8 by SHA-256, base64url: `ath` (RFC 9449), thumbprints, PKCE challenges. */
export async function hashText(text: string): Promise<string> {
  return encodeBase64url(await signatures.sha256(encodeUtf8(text)));
}
