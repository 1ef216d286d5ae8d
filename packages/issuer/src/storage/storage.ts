import type { Actor } from './actor.ts';
import type { AccountChangeStorage } from './account-change-storage.ts';
import type { AccountStorage } from './account-storage.ts';
import type { AuthorizationStorage } from './authorization-storage.ts';
import type { LogoutStorage } from './logout-storage.ts';
import type { BrowserStorage } from './browser-storage.ts';
import type {
  Assertion,
  ClientChange,
  CutResult,
  Issue,
  NewClient,
  NewSubject,
  Replayed,
  SignWith,
} from './decisions.ts';
import type { ListStorage } from './list-storage.ts';
import type {
  AuditKind,
  AuditRow,
  BlockRow,
  ClientRow,
  EndReason,
  KeyPurpose,
  KeyRow,
  ListedSession,
  PublicJwk,
  RevocationKind,
  SessionRow,
  SubjectRow,
} from './rows.ts';

/**
 * The store, as decisions. Every method is one batch of statements and therefore one transaction: what it reads and
 * what it writes cannot be pulled apart by anybody else, so no caller ever reads first and writes later. Times come
 * from the database's clock (µs). What was decided comes back as a `kind`; an exception is a fault, never a refusal, but
 * for one: what an `Actor` whose session is over decides, throws `AuthError` `session_ended`.
 */
export interface Storage
  extends
    AccountStorage,
    AccountChangeStorage,
    LogoutStorage,
    AuthorizationStorage,
    BrowserStorage,
    ListStorage {
  /** Registers a client together with its own subject. */
  addClient(client: NewClient): Promise<{ kind: 'added'; client: ClientRow } | { kind: 'exists' }>;
  /** A read that may be cached: every decision checks the client's row again. */
  findClient(id: string): Promise<ClientRow | null>;
  listClients(): Promise<readonly ClientRow[]>;
  /** Changes a client. `moved`: it was removed, or is another than the one that was read. */
  changeClient(change: ClientChange): Promise<{ kind: 'changed'; client: ClientRow } | { kind: 'moved' }>;
  /** Disables a client for good; its cut ends every session it has in this one row. */
  removeClient(removal: { id: string; by: Actor }): Promise<CutResult>;

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
  endSessionsOf(of: { clientId: string; by: Actor } | { subject: string; by: Actor }): Promise<CutResult>;
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
  /** Keeps a private key under another key-encryption key, unless somebody else did since it was read. */
  rewrapKey(rewrapping: KeyRewrapping): Promise<{ kind: 'rewrapped' } | { kind: 'unchanged' }>;

  /** Everything the feed says above a position, read so that nothing at or below `head` is missing. */
  readFeed(reading: { after: number; limit: number }): Promise<FeedReading>;
  /** Moves the head by a committed write, unless somebody did within the last 0.9 s. */
  beat(): Promise<void>;
  /** Closes pages while more than 10,000 entries are open, and of what is older than ten minutes once any is older than 15. */
  closePages(): Promise<void>;
  /** The closed page that ends at a position. */
  readPage(to: number): Promise<FeedPage | null>;
  /**
   * Says how long tokens (µs, at most an hour) may live from now on, so that entries are kept for as long as what they
   * end. It counts for three hours: say it before the first token is made, and at least every hour.
   */
  settleTokenLife(life: number): Promise<void>;

  /** Keeps what a guard process says it has applied. */
  acknowledge(acknowledgement: Acknowledgement): Promise<void>;
  /** The guard processes heard of within a day, by when they were last heard. */
  listGuards(): Promise<readonly GuardRow[]>;

  /** Oldest first. */
  listAudit(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** Walks the audit log and says whether it is what was written; `noted` is a head that somebody kept elsewhere. */
  verifyAudit(noted?: AuditHead): Promise<AuditVerdict>;

  /** Writes a fact about this store unless one stands already; answers the one that stands. */
  settleMeta(key: string, value: string): Promise<string>;
  findMeta(key: string): Promise<string | null>;
  /** Writes another fact in place of the one that was read, unless somebody else did. */
  replaceMeta(key: string, change: { from: string; to: string }): Promise<void>;

  /** The database's clock, µs. */
  now(): Promise<number>;
  /**
   * Deletes what can decide nothing any more: expired assertions, sessions over for longer than `keepSessions`, entries
   * of the feed that have run their time, guards silent for a day. Raises the feed's floor.
   */
  sweep(sweep: { keepSessions: number }): Promise<Swept>;
  /** Finishes what was asked for, then closes. */
  close(): Promise<void>;
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
  readonly by: Actor;
  /** Only if the session is this client's. */
  readonly clientId?: string;
  /** Whether a machine's key may open another session. */
  readonly holderKey: 'block' | 'keep';
  readonly assertion?: Assertion;
}

/** `ended`: a guard that knows the feed up to `position` refuses it. */
export type EndResult =
  | { readonly kind: 'ended'; readonly session: SessionRow; readonly now: number; readonly position: number }
  | { readonly kind: 'already_ended' }
  | { readonly kind: 'unknown' }
  | Replayed;

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
  readonly by: Actor;
}

export type PromoteResult =
  | { readonly kind: 'promoted'; readonly current: KeyRow; readonly next: KeyRow }
  | { readonly kind: 'not_holdable'; readonly holdableFrom: number }
  | { readonly kind: 'no_next' };

export interface KeyRevocation {
  readonly kid: string;
  /** Becomes the next key; must have the purpose and algorithm of the key revoked. */
  readonly next: NewKey;
  readonly by: Actor;
}

export interface KeyRewrapping {
  readonly kid: string;
  readonly wrappedKey: string;
  readonly kekId: string;
  /** The key-encryption key under which it was read. */
  readonly instead: string;
}

/** `revoked`: a guard that knows the feed up to `position` refuses what the key signed. */
export type RevokeResult =
  | {
      readonly kind: 'revoked';
      readonly current: KeyRow;
      readonly next: KeyRow | null;
      readonly position: number;
    }
  | { readonly kind: 'unknown' };

/** One entry of the feed as the store keeps it. */
export interface FeedEntry {
  readonly position: number;
  readonly kind: RevocationKind;
  /** What is ended: a `sid`, a subject's handle, a client's id, a `kid`; `''` for everything. Never leaves the issuer. */
  readonly value: string;
  /** Of a cut: what started at or before it is over. Of a final entry: 0. */
  readonly cutAt: number;
  readonly until: number;
}

export interface FeedReading {
  /** Every entry at or below it is known, and none will ever be added there. */
  readonly head: number;
  /** Every entry at or below it has run its time, or (a key's) was said again above it. Never above `head`; never sinks. */
  readonly floor: number;
  /** Where the last closed page ends; 0 before the first. */
  readonly pageEnd: number;
  /** The position at which a client was changed last; 0 before the first. What was read of one before may be stale. */
  readonly clientsAt: number;
  /**
   * Above `after`, in order; if there were more than `limit`, the first ones, of whole positions, and `head` is the last
   * one's position.
   */
  readonly entries: readonly FeedEntry[];
}

/** All entries with `from` < position ≤ `to` that are still kept; `from` is where the page before it ends. */
export interface FeedPage {
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly entries: readonly FeedEntry[];
}

export interface Acknowledgement {
  /** Drawn by the guard process when it started. */
  readonly instance: string;
  readonly clientId: string;
  /** What its installer calls it. */
  readonly name: string;
  readonly audience: string;
  /** Every entry at or below it is applied. */
  readonly to: number;
  readonly keys: readonly string[];
}

export interface GuardRow extends Acknowledgement {
  readonly seenAt: number;
}

export interface Swept {
  readonly assertions: number;
  readonly sessions: number;
  readonly revocations: number;
  readonly guards: number;
}

/** The last line of the audit log: its `seq` (0 before the first) and its hash, which stands for all lines before it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * `broken` names the first line that is not as it was written: `changed` (or standing in another's place), `removed`,
 * `added` past the head, or `rewritten`: all lines fit, but they are not those whose head was noted.
 */
export type AuditVerdict =
  | { readonly kind: 'intact'; readonly head: AuditHead }
  | {
      readonly kind: 'broken';
      readonly seq: number;
      readonly reason: 'changed' | 'removed' | 'added' | 'rewritten';
    };

export interface AuditFilter {
  readonly kind?: AuditKind;
  readonly sid?: string;
  readonly limit: number;
  /** The `seq` of the last row of the page before. */
  readonly after?: number;
}
