import type { Actor } from './actor.ts';
import type { AuditKind, AuditRow, ClientRow, ListedSession, Registration } from './rows.ts';

/** What people and operators look at; each method one reading, and one decision that ends many things. */
export interface ListStorage {
  /** What a person has linked, newest first. */
  listApplications(of: { subject: string; limit: number }): Promise<readonly LinkedApplication[]>;
  /** The sessions that stand of what a person has linked, the last used first. */
  listLinkedSessions(of: { subject: string; limit: number }): Promise<readonly LinkedSession[]>;
  /** What happened to an account, newest first; `after` is the last event of the page before. */
  listEvents(of: { subject: string; limit: number; after?: string }): Promise<readonly SecurityEvent[]>;
  /**
   * So many events of an account for a short list, newest first: what a person must not overlook (of the last 30 days)
   * leaves no room for what happens every day, however much that is.
   */
  summariseEvents(of: { subject: string; limit: number }): Promise<readonly SecurityEvent[]>;
  /** Sessions of anybody, newest first, standing or over. */
  searchSessions(search: SessionSearch): Promise<Found<NamedSession, string>>;
  /** Clients, newest first, standing or removed. */
  searchClients(search: ClientSearch): Promise<Found<ClientRow, ClientPlace>>;
  /** Accounts by name. */
  searchAccounts(search: AccountSearch): Promise<readonly ListedAccount[]>;
  /** The audit log, newest first. */
  searchAudit(search: AuditSearch): Promise<Found<AuditRow, number>>;
  readFigures(): Promise<Figures>;
  /** Sessions started and ended in each of the last so many minutes, oldest first; the last one still runs. */
  readMinutes(minutes: number): Promise<Minutes>;
  /** Ends every session of a person but one, and every link to an application. */
  endOthers(end: { subject: string; keep: string; event: string; by: Actor }): Promise<OthersEnded>;
}

/** One page of a search. `older`: where the next one begins, also if nothing fits here; `null`: there is nothing more. */
export interface Found<Row, Place> {
  readonly rows: readonly Row[];
  readonly older: Place | null;
}

/** What a person allowed an application. */
export interface LinkedApplication {
  readonly grantId: string;
  readonly clientId: string;
  readonly name: string;
  readonly registration: Registration;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  /** How many of its sessions stand. */
  readonly sessions: number;
  readonly scopes: readonly { readonly audience: string; readonly scope: string }[];
}

/** A session of a linked application. */
export interface LinkedSession {
  readonly grantId: string;
  readonly sid: string;
  /** Its own, or that of the browser in which it was allowed. */
  readonly device: string | null;
  readonly startedAt: number;
  readonly lastUsedAt: number;
}

/** One thing that happened to an account. */
export interface SecurityEvent {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SessionSearch {
  readonly clientId?: string;
  /** A subject, or the name of an account. */
  readonly subject?: string;
  /** Part of what the device is called: looked for among 5,000 at once that the other filters leave. */
  readonly device?: string;
  readonly limit: number;
  /** Where the page before said that the next one begins. */
  readonly after?: string;
}

/** A session with the names that people know. */
export interface NamedSession extends ListedSession {
  /** `null` where its subject has no account here. */
  readonly accountName: string | null;
  readonly clientName: string;
}

export interface ClientSearch {
  /** Part of its name or its id: looked for among 5,000 at once. */
  readonly part?: string;
  readonly limit: number;
  /** Where the page before said that the next one begins. */
  readonly after?: ClientPlace;
}

/** A place in the list that stays where it is when its client is gone. */
export interface ClientPlace {
  readonly createdAt: number;
  readonly id: string;
}

export interface AccountSearch {
  /** How the name begins. */
  readonly prefix?: string;
  readonly limit: number;
  /** The last name of the page before. */
  readonly after?: string;
}

export interface ListedAccount {
  readonly subject: string;
  readonly name: string;
  readonly role: 'person' | 'operator';
  readonly createdAt: number;
  readonly enabled: boolean;
  readonly passkeys: number;
  readonly applications: number;
  readonly lastUsedAt: number | null;
}

/** By client or kind, 5,000 lines are looked at at once. */
export interface AuditSearch {
  readonly clientId?: string;
  readonly sid?: string;
  readonly kind?: AuditKind;
  readonly limit: number;
  /** Where the page before said that the next one begins. */
  readonly before?: number;
}

/** How much there is, at one moment of the database's clock. */
export interface Figures {
  readonly now: number;
  readonly head: number;
  readonly accounts: number;
  readonly clients: number;
  /** Sessions that stand, of the 20,000 that expire last; `all`: there are no more than those. */
  readonly sessions: {
    readonly person: number;
    readonly machine: number;
    readonly browser: number;
    readonly all: boolean;
  };
}

export interface Minutes {
  readonly started: readonly number[];
  readonly ended: readonly number[];
}

/** A guard that knows the feed up to `position` refuses them all. */
export interface OthersEnded {
  readonly position: number;
  readonly sessions: number;
  readonly applications: number;
}
