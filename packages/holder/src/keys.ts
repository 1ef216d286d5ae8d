import { generatePrivateJwk, importSigningKey, type AlgorithmName, type SigningKey } from '@symbolon/token';

/** The key of a machine or a session's holder: in memory, or any signer that never shows its private half. */
export type MachineKey = SigningKey;

/**
 * Makes a new key that lives and dies with this process.
 *
 * Register its public half (`key.jwk`) with the issuer. Nothing is written anywhere.
 */
export async function memoryKey(alg: AlgorithmName = 'EdDSA'): Promise<MachineKey> {
  return importSigningKey(await generatePrivateJwk(alg));
}

/**
 * Imports a private key that you keep as a JWK (RFC 7517).
 *
 * @throws TypeError if it is no private key for EdDSA, ES256 or ML-DSA-44, or its halves do not fit.
 */
export async function keyFromJwk(jwk: unknown): Promise<MachineKey> {
  return importSigningKey(jwk);
}
