import type {
  AllowedAudience,
  AuditKind,
  AuditRow,
  BlockRow,
  ClientKind,
  ClientRow,
  EndReason,
  KeyPurpose,
  KeyRow,
  ListedSession,
  PublicJwk,
  SessionRow,
  SubjectRow,
} from './rows.ts';

/**
 * The store, as decisions. Every method is one batch of statements and therefore one transaction: what it reads and
 * what it writes cannot be pulled apart by anybody else, so no caller ever reads first and writes later. Times come
 * from the database's clock (µs). What was decided comes back as a `kind`; an exception is a fault, never a refusal.
 */
export interface Storage {
  /** Registers a client together with its own subject. */
  addClient(client: NewClient): Promise<{ kind: 'added'; client: ClientRow } | { kind: 'exists' }>;
  /** A read that may be cached: every decision checks the client's row again. */
  findClient(id: string): Promise<ClientRow | null>;
  listClients(): Promise<readonly ClientRow[]>;
  /** Disables a client for good; its cut ends every session it has in this one row. */
  removeClient(removal: { id: string; by: string }): Promise<CutResult>;

  /** Disables a subject and cuts its sessions, so that enabling it again revives none. */
  disableSubject(change: { subject: string; by: string }): Promise<CutResult>;
  enableSubject(change: { subject: string; by: string }): Promise<{ kind: 'enabled' } | { kind: 'unknown' }>;
  /** A read by the name the subject has in its namespace. */
  findSubject(name: { namespace: string; externalId: string }): Promise<SubjectRow | null>;

  /** Starts a person's session, making the subject when its namespace does not know it yet. */
  startSession(start: SessionStart): Promise<StartResult>;
  /** Opens, or finds and extends, the one live session of this machine client, key and audience. */
  openMachineSession(opening: MachineOpening): Promise<OpenResult>;
  /** Applies rules 1–3 of refresh in one deciding UPDATE. */
  rotate(rotation: Rotation): Promise<RotateResult>;
  /** Whether a session stands now, for introspection. */
  sessionAlive(question: { sid: string; assertion?: Assertion }): Promise<AliveResult>;
  /** Ends one session for good. */
  endSession(end: SessionEnd): Promise<EndResult>;
  /** Ends every session of a client or of a subject that started until now, in one row. They may start new ones. */
  endSessionsOf(of: { clientId: string; by: string } | { subject: string; by: string }): Promise<CutResult>;
  /** Ends every session of this issuer that started until now. */
  cutEverything(cut: { by: string }): Promise<{ kind: 'cut'; position: number }>;
  findSession(sid: string): Promise<ListedSession | null>;
  /** Newest first. */
  listSessions(filter: SessionFilter): Promise<readonly ListedSession[]>;

  /** Uses up a client assertion outside any other decision. */
  redeemAssertion(assertion: Assertion): Promise<{ kind: 'redeemed' } | Replayed>;

  listBlocks(filter: { clientId?: string }): Promise<readonly BlockRow[]>;
  /** Lets blocked keys open sessions again: one key, or all of a client. */
  liftBlock(lift: {
    clientId: string;
    jkt?: string;
    by: string;
  }): Promise<{ kind: 'lifted'; keys: readonly string[] }>;

  /** Adds a key in the state given; there is one current and at most one next for each purpose and algorithm. */
  addKey(key: NewKey, state: 'next' | 'current'): Promise<{ kind: 'added'; key: KeyRow } | { kind: 'taken' }>;
  /** All keys that are not gone, oldest first. */
  listKeys(): Promise<readonly KeyRow[]>;
  /** next → current, current → retired, and a new next, all at once or not at all. */
  promoteKey(promotion: KeyPromotion): Promise<PromoteResult>;
  /** Erases retired keys all of whose tokens have expired. */
  dropExpiredKeys(drop: { purpose: KeyPurpose; tokenLife: number }): Promise<readonly KeyRow[]>;
  /** Makes a key gone at once, whatever its state, and puts the next one in its place. */
  revokeKey(revocation: KeyRevocation): Promise<RevokeResult>;

  /** Oldest first. */
  listAudit(filter: AuditFilter): Promise<readonly AuditRow[]>;

  /** Writes a fact about this store unless one stands already; answers the one that stands. */
  settleMeta(key: string, value: string): Promise<string>;
  findMeta(key: string): Promise<string | null>;

  /** The database's clock, µs. */
  now(): Promise<number>;
  /** Deletes what can decide nothing any more: expired assertions, and sessions over for longer than `keepSessions`. */
  sweep(sweep: { keepSessions: number }): Promise<{ assertions: number; sessions: number }>;
  /** Finishes what was asked for, then closes. */
  close(): Promise<void>;
}

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
  readonly subject: NewSubject;
  /** Who did this, for the audit log. */
  readonly by: string;
}

/** Two independent values of 128 random bits, base64url. */
export interface NewSubject {
  readonly id: string;
  readonly handle: string;
}

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

export interface SessionStart {
  readonly sid: string;
  readonly clientId: string;
  /** Where `externalId` is a name: a client's id, or `''` for accounts of the issuer. */
  readonly namespace: string;
  readonly externalId: string;
  /** Becomes the subject when the namespace does not know `externalId` yet. */
  readonly newSubject: NewSubject;
  readonly audience: string;
  readonly scope: string;
  readonly jkt: string | null;
  /** Never later than now; left out: now. */
  readonly authenticatedAt?: number;
  readonly amr: readonly string[];
  readonly device: string | null;
  readonly idleLife: number;
  readonly absoluteLife: number;
  readonly signWith: SignWith;
  readonly assertion?: Assertion;
}

export type StartRefusal = 'client_unknown' | 'client_removed' | 'key_required' | 'subject_disabled';
export type StartResult =
  | ({ readonly kind: 'started' } & Issue)
  | { readonly kind: 'refused'; readonly reason: StartRefusal }
  | Replayed;

export interface MachineOpening {
  /** The id if there is no live session yet. */
  readonly sid: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scope: string;
  readonly jkt: string | null;
  readonly idleLife: number;
  readonly absoluteLife: number;
  readonly signWith: SignWith;
  readonly assertion: Assertion;
}

export type OpenRefusal = StartRefusal | 'key_blocked';
export type OpenResult =
  | ({ readonly kind: 'opened' } & Issue)
  | { readonly kind: 'refused'; readonly reason: OpenRefusal }
  | Replayed;

export interface Rotation {
  readonly sid: string;
  readonly gen: number;
  readonly clientId: string;
  /** Thumbprint of the key that made the proof. */
  readonly jkt: string;
  /** The algorithm of session tokens for each audience served, and that of refresh tokens. */
  readonly signWith: { readonly session: Readonly<Record<string, string>>; readonly refresh: string };
  readonly assertion?: Assertion;
}

/**
 * `rotated`, `recovered`, `repeated` lead to the pair of `session.generation` (`recovered`: the row was older than the
 * token, so the store has lost answered writes). `superseded`: a newer pair is out, read your store again.
 * `reuse`: the session is ended. `refused`: no such session alive for this client and key and an audience served; nothing was changed.
 */
export type RotateResult =
  | ({ readonly kind: 'rotated' | 'recovered' | 'repeated' } & Issue)
  | { readonly kind: 'superseded' | 'reuse' | 'refused' }
  | Replayed;

export type AliveResult =
  | { readonly kind: 'alive'; readonly session: SessionRow; readonly now: number }
  | { readonly kind: 'not_alive' }
  | Replayed;

export interface SessionEnd {
  readonly sid: string;
  readonly reason: EndReason;
  readonly by: string;
  /** Only if the session is this client's. */
  readonly clientId?: string;
  /** Whether a machine's key may open another session. */
  readonly holderKey: 'block' | 'keep';
  readonly assertion?: Assertion;
}

export type EndResult =
  | { readonly kind: 'ended'; readonly session: SessionRow; readonly now: number }
  | { readonly kind: 'already_ended' }
  | { readonly kind: 'unknown' }
  | Replayed;

/** `cut`: sessions that started at or before `position` are over. */
export type CutResult = { readonly kind: 'cut'; readonly position: number } | { readonly kind: 'unknown' };

export interface SessionFilter {
  readonly clientId?: string;
  readonly subject?: string;
  readonly only?: 'alive';
  readonly limit: number;
  /** The `sid` of the last row of the page before. */
  readonly after?: string;
}

export interface NewKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly alg: string;
  readonly publicJwk: PublicJwk;
  readonly wrappedKey: string;
  readonly kekId: string;
  /** How long from now until guards can be expected to hold it. */
  readonly holdableAfter: number;
}

export interface KeyPromotion {
  /** The next key after the one promoted; its purpose and algorithm say which row is meant. */
  readonly next: NewKey;
  /** `forced` does not wait until guards hold the key. */
  readonly when: 'holdable' | 'forced';
  readonly by: string;
}

export type PromoteResult =
  | { readonly kind: 'promoted'; readonly current: KeyRow; readonly next: KeyRow }
  | { readonly kind: 'not_holdable'; readonly holdableFrom: number }
  | { readonly kind: 'no_next' };

export interface KeyRevocation {
  readonly kid: string;
  /** Becomes the next key; must have the purpose and algorithm of the key revoked. */
  readonly next: NewKey;
  readonly by: string;
}

export type RevokeResult =
  | { readonly kind: 'revoked'; readonly current: KeyRow; readonly next: KeyRow | null }
  | { readonly kind: 'unknown' };

export interface AuditFilter {
  readonly kind?: AuditKind;
  readonly sid?: string;
  readonly limit: number;
  /** The `seq` of the last row of the page before. */
  readonly after?: number;
}
