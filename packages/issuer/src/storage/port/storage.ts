import type { AccountChangeStorage } from './account-change-storage.ts';
import type { AccountStorage } from './account-storage.ts';
import type { AuditStorage } from './audit-storage.ts';
import type { AuthorizationStorage } from './authorization-storage.ts';
import type { BrowserStorage } from './browser-storage.ts';
import type { ClientStorage } from './client-storage.ts';
import type { ClientChange } from './decisions.ts';
import type { FeedStorage } from './feed-storage.ts';
import type { KeyStorage } from './key-storage.ts';
import type { ListStorage } from './list-storage.ts';
import type { LogoutStorage } from './logout-storage.ts';
import type { ClientRow } from './rows.ts';
import type { SessionStorage } from './session-storage.ts';

/**
 * The store, as decisions. Every method is one batch of statements and therefore one transaction: what it reads and
 * what it writes cannot be pulled apart by anybody else, so no caller ever reads first and writes later. Times come
 * from the database's clock (µs). What was decided comes back as a `kind`; an exception is a fault, never a refusal, but
 * for one: what an `Actor` whose session is over decides, throws `AuthError` `session_ended`.
 */
export interface Storage
  extends
    ClientStorage,
    SessionStorage,
    KeyStorage,
    FeedStorage,
    AuditStorage,
    AccountStorage,
    AccountChangeStorage,
    LogoutStorage,
    AuthorizationStorage,
    BrowserStorage,
    ListStorage {
  /** Changes a client. `moved`: it was removed, or is another than the one that was read. */
  changeClient(change: ClientChange): Promise<{ kind: 'changed'; client: ClientRow } | { kind: 'moved' }>;

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

export interface Swept {
  readonly assertions: number;
  readonly sessions: number;
  readonly revocations: number;
  readonly guards: number;
}
