import type { AlgorithmName, PublicJwk, SigningKey } from '@symbolon/token';
import type { KeyPurpose } from '../storage/port/rows.ts';

/**
 * Holds private keys that never enter this process: a token of PKCS#11, a cloud's key management service.
 *
 * The store keeps the public half and the id by which the signer knows the key, never anything secret.
 */
export interface Signer {
  /** Stands in the store beside each of its keys, so it never changes: 1 to 32 letters, digits, dashes. */
  readonly name: string;
  /** Makes a key pair; answers the signer's own id for it and the public half. */
  readonly create: (key: {
    purpose: KeyPurpose;
    alg: AlgorithmName;
  }) => Promise<{ id: string; jwk: PublicJwk }>;
  /**
   * Finds a key it has made, and gives the function that signs with it: from the bytes to sign to the raw
   * signature (ECDSA as r ‖ s: see `rawSignature`).
   */
  readonly open: (key: { id: string; jwk: PublicJwk }) => Promise<SigningKey['sign']>;
  /** Erases a key that signs nothing more. Without it, keys stay until somebody clears them away. */
  readonly destroy?: (id: string) => Promise<void>;
}

/** Which purposes' new keys are made and held elsewhere; the others are wrapped under the key file. */
export type Signers = Partial<Record<KeyPurpose, Signer>>;
