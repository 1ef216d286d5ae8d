import type { Actor } from './actor.ts';

/** Signing out, and whom to tell that a session has ended: each method one transaction, as in `storage.ts`. */
export interface LogoutStorage {
  /**
   * Ends a sign-in, and the sessions by which applications knew who was there. With `everything` every session that came
   * of it, and what was first allowed in it and gave nobody anything in another sign-in.
   */
  endSignIn(end: { sid: string; by: Actor; ends: 'sign_in' | 'everything' }): Promise<SignInEnd>;
  /**
   * Notes from the feed which applications must be told, then takes what is due, the oldest first and nothing of the
   * clients in `except`: each is taken by one process, comes back after a pause that grows, and is given up after six
   * attempts.
   */
  takeDueLogouts(taking: { except: readonly string[]; atMost: number }): Promise<readonly DueLogout[]>;
  /** The application was told. */
  settleLogout(sid: string): Promise<void>;
}

/** `ended`: a guard that knows the feed up to `position` refuses all of them. */
export type SignInEnd =
  | { readonly kind: 'ended'; readonly position: number; readonly sids: readonly string[] }
  | { readonly kind: 'unknown' };

export interface DueLogout {
  readonly sid: string;
  readonly subject: string;
  readonly clientId: string;
  /** µs. */
  readonly now: number;
}
