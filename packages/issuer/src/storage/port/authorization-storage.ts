import type { Actor } from './actor.ts';
import type { Assertion, Issue, NewSubject, Replayed } from './decisions.ts';
import type { RegistrationStorage } from './registration-storage.ts';

/**
 * Authorization requests, codes and grants: each method one transaction, as in `storage.ts`. Everything that is
 * presented once is known by its lookup name alone.
 */
export interface AuthorizationStorage extends RegistrationStorage {
  /** Keeps a request until somebody decides on it. `refused`: its client does not stand. */
  keepRequest(request: KeptRequest): Promise<{ kind: 'kept' } | { kind: 'refused' }>;
  /** A request on which nobody has decided. */
  findRequest(name: string): Promise<OpenRequest | null>;
  /** Which of these requests nobody has decided on. */
  stillOpen(names: readonly string[]): Promise<readonly string[]>;
  /** Uses a request up: one winner. */
  takeRequest(name: string): Promise<OpenRequest | null>;
  /** Whether a person has allowed a client all of this already. */
  grantCovers(question: Coverage): Promise<boolean>;
  /** Uses a request up, keeps what the person allowed, and makes the code: all or nothing. */
  allow(allowance: Allowance): Promise<{ kind: 'allowed'; grantId: string } | { kind: 'refused' }>;
  /**
   * Redeems a code: `redeemed` starts its session, `repeated` answers the same session within 60 s of that, `reuse`
   * ends it. `refused`: not this client's, or another verifier, key, redirect URI or audience, or over; nothing but an
   * honest first use was changed.
   */
  redeemCode(redemption: CodeRedemption): Promise<RedeemResult>;
  /** Ends a grant and every session it has, each with its entry in the feed. */
  endGrant(end: GrantEnd): Promise<GrantEndResult>;
  /** The subject of this name, made if the namespace does not know it yet. */
  settleSubject(name: { namespace: string; externalId: string; newSubject: NewSubject }): Promise<string>;
  /** What an account is called; `null` where the subject has none. */
  accountName(subject: string): Promise<string | null>;
  /** Deletes requests and codes that can decide nothing any more, and clients as `sweepUnusedClients` does. */
  sweepAuthorizations(): Promise<number>;
}

export interface KeptRequest {
  readonly name: string;
  readonly clientId: string;
  /** JSON, which the store does not interpret. */
  readonly parameters: string;
  /** µs. */
  readonly life: number;
}

export interface OpenRequest {
  readonly clientId: string;
  readonly parameters: string;
  readonly createdAt: number;
}

export interface Coverage {
  readonly subject: string;
  readonly clientId: string;
  readonly audience: string;
  /** At least one; `['']` where no scope is asked for. */
  readonly scopes: readonly string[];
  /** A yes counts so long after it was given or the grant was used last. µs. */
  readonly consentLife: number;
}

export interface Allowance {
  readonly requestName: string;
  readonly clientId: string;
  readonly codeName: string;
  readonly subject: string;
  /** `granted`: the person has just said yes, or is not asked. `covered`: only if nothing new is asked for. */
  readonly consent: 'granted' | 'covered';
  readonly newGrant: string;
  /** The id of what the person finds among the events of the account, where something new was allowed. */
  readonly newEvent: string;
  readonly clientName: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  /** As in `Coverage`. */
  readonly consentLife: number;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  /** `null`: whatever key redeems it. */
  readonly jkt: string | null;
  readonly nonce: string | null;
  /** µs. */
  readonly authenticatedAt: number;
  readonly amr: readonly string[];
  /** The browser session in which the person allowed it; `null` where an application signed the person in itself. */
  readonly signIn: string | null;
}

export interface CodeRedemption {
  readonly codeName: string;
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  /** S256 of the verifier. */
  readonly codeChallenge: string;
  readonly jkt: string | null;
  readonly audience: string | undefined;
  /** The id of the session that may start. */
  readonly sid: string;
  readonly idleLife: number;
  readonly absoluteLife: number;
  /** The algorithm of session tokens for each audience served, and that of refresh tokens. */
  readonly signWith: { readonly session: Readonly<Record<string, string>>; readonly refresh: string };
  readonly assertion?: Assertion;
}

export type RedeemResult =
  | ({ readonly kind: 'redeemed' | 'repeated'; readonly nonce: string | null } & Issue)
  | { readonly kind: 'reuse' }
  | { readonly kind: 'refused' }
  | Replayed;

export interface GrantEnd {
  readonly grantId: string;
  /** Only if the grant is this person's. */
  readonly subject?: string;
  readonly reason: 'person' | 'operator';
  readonly by: Actor;
}

/** `ended`: a guard that knows the feed up to `position` refuses everything the grant gave. */
export type GrantEndResult =
  | { readonly kind: 'ended'; readonly position: number; readonly sessions: number }
  | { readonly kind: 'unknown' };
