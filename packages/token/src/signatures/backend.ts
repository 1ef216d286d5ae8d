import type { Algorithm } from '../algorithms.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';

/** A value now, or a promise of it: Node answers at once, Web Crypto later. */
export type Eventually<T> = T | Promise<T>;

/** The platform's own key object; only the backend that made it looks inside. */
export type KeyHandle = object;

/**
 * What the platform does for us. No primitive is written here: each backend hands the work to one library.
 *
 * `verify` gets keys and signatures whose lengths were checked; it answers false, and never throws, for
 * whatever the library refuses.
 */
export interface SignatureBackend {
  readonly name: string;
  importPublicKey(row: Algorithm, jwk: PublicJwk): Eventually<KeyHandle>;
  importPrivateKey(row: Algorithm, jwk: PrivateJwk): Eventually<KeyHandle>;
  generatePrivateJwk(row: Algorithm): Eventually<PrivateJwk>;
  sign(row: Algorithm, key: KeyHandle, data: Uint8Array): Eventually<Uint8Array>;
  verify(row: Algorithm, key: KeyHandle, data: Uint8Array, signature: Uint8Array): Eventually<boolean>;
  sha256(data: Uint8Array): Eventually<Uint8Array>;
}
