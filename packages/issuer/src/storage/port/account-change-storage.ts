import type { DisableResult } from './account-storage.ts';
import type { Actor } from './actor.ts';

/** What becomes of an account that stands. */
export interface AccountChangeStorage {
  /** Gives an account another name, which must be nobody else's, nor one that somebody is invited by, and tells its person. */
  renameAccount(change: { subject: string; name: string; by: Actor; event: string }): Promise<RenameResult>;
  /**
   * Disables an account, then ends its links and deletes it with everything of its person: name, passkeys, codes,
   * events. Its subject stays, disabled, so that the id never means anybody else. A removal that broke off between the
   * two leaves a disabled account, and is repeated.
   */
  removeAccount(removal: { subject: string; by: Actor; event: string }): Promise<RemoveAccountResult>;
}

export interface RenameResult {
  readonly kind: 'renamed' | 'unchanged' | 'taken' | 'unknown';
}

/** `removed`: a guard that knows the feed up to `position` refuses every session the account had. */
export type RemoveAccountResult =
  { readonly kind: 'removed'; readonly position: number } | Exclude<DisableResult, { kind: 'cut' }>;
