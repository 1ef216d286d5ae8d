import type { Actor } from './actor.ts';
import type { AllowedAudience, ClientKind, PublicJwk, Registration, SessionRow } from './rows.ts';

// What several decisions of the store are given, and what they answer.

/** The algorithms to sign with; the decision names the key that is current for each. */
export interface SignWith {
  readonly session: string;
  readonly refresh: string;
}

/** What a decision that leads to tokens says: the row, the keys to sign with, and the time it was decided (µs). */
export interface Issue {
  readonly session: SessionRow;
  readonly sessionKid: string;
  readonly refreshKid: string;
  readonly now: number;
}

/** `cut`: sessions that started at or before `position` are over. */
export type CutResult = { readonly kind: 'cut'; readonly position: number } | { readonly kind: 'unknown' };

/** A client's signed authentication, to be used up in the transaction it authorises (RFC 7523 §3, `jti`). */
export interface Assertion {
  readonly clientId: string;
  /** Thumbprint of the client's key that made it. */
  readonly kid: string;
  /** SHA-256 of its `jti`, base64url. */
  readonly jtiHash: string;
  /** From when no issuer process would accept it any more (its `exp` and the tolerance), µs. */
  readonly expiresAt: number;
}

/** The assertion was redeemed before: nothing was done. */
export interface Replayed {
  readonly kind: 'assertion_replayed';
}

export interface NewClient {
  readonly id: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly keys: readonly PublicJwk[];
  readonly bearer: boolean;
  readonly audiences: readonly AllowedAudience[];
  readonly rights: readonly string[];
  readonly registration: Registration;
  readonly subject: NewSubject;
  readonly by: Actor;
}

/** What may become of a client that stands; all else is what it was added as. */
export type ChangeableClient = Pick<NewClient, 'name' | 'keys' | 'audiences' | 'registration'>;

export interface ClientChange {
  readonly id: string;
  /** As it was read: nothing is changed if somebody else has changed it since. */
  readonly from: ChangeableClient;
  readonly to: ChangeableClient;
  /** What differs, in words of ours, for the audit log. */
  readonly changed: readonly string[];
  readonly by: Actor;
}

/** Two independent values of 128 random bits, base64url. */
export interface NewSubject {
  readonly id: string;
  readonly handle: string;
}
