import type { StatedOptions } from '../issuer-options.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { Keyring } from '../keys/wrapping.ts';

/**
 * One thing that is not as it should be. `error`: the issuer could not start, or some guard could not verify, or
 * would wrongly accept or refuse. `warning`: it soon may be so, or an emergency would find it so.
 */
export interface Finding {
  readonly level: 'error' | 'warning' | 'note';
  /** For scripts; it never changes its meaning. */
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

/** What is looked at. Nothing in it is changed. */
export interface Patient {
  readonly options: StatedOptions & { readonly keyRotation?: number };
  readonly storage: Storage;
  /** Left out where the key file cannot be opened, which is a finding of its own. */
  readonly keyring?: Keyring;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
