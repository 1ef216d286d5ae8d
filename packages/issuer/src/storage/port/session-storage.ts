import type { Actor } from './actor.ts';
import type { Assertion, CutResult, Issue, NewSubject, Replayed, SignWith } from './decisions.ts';
import type { BlockRow, EndReason, ListedSession, SessionRow } from './rows.ts';

/** Sessions: how they start, are refreshed, end and are listed. */
export interface SessionStorage {
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
