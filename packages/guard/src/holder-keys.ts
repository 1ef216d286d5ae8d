import type { KnownKeys, VerificationKey } from '@symbolon/token';
import { createLatelyUsed } from './lately-used.ts';

const maxBytes = 8 * 1024 * 1024;

/**
 * Makes the memory of holders' imported keys: importing one costs a third of verifying a proof.
 *
 * `verifyProof` puts one in after its proof was verified: a guard's is filled by holders of good tokens alone, and whoever
 * fills an issuer's with keys of his own makes the others cost what they cost without it.
 */
export function createHolderKeys(): KnownKeys {
  const keys = createLatelyUsed<VerificationKey>({ maxBytes, bytesOf: (header) => 2 * header.length + 2048 });
  return { get: keys.find, set: keys.keep };
}
