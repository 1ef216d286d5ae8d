import type { Actor } from './actor.ts';
import type { CutResult, NewClient } from './decisions.ts';
import type { ClientRow, SubjectRow } from './rows.ts';

/** Clients and subjects, and the cuts that end all sessions of one. */
export interface ClientStorage {
  /** Registers a client together with its own subject. */
  addClient(client: NewClient): Promise<{ kind: 'added'; client: ClientRow } | { kind: 'exists' }>;
  /** A read that may be cached: every decision checks the client's row again. */
  findClient(id: string): Promise<ClientRow | null>;
  listClients(): Promise<readonly ClientRow[]>;
  /** Disables a client for good; its cut ends every session it has in this one row. */
  removeClient(removal: { id: string; by: Actor }): Promise<CutResult>;
  /** Disables a subject and cuts its sessions, so that enabling it again revives none. */
  disableSubject(change: { subject: string; by: string }): Promise<CutResult>;
  enableSubject(change: { subject: string; by: string }): Promise<{ kind: 'enabled' } | { kind: 'unknown' }>;
  /** A read by the name the subject has in its namespace. */
  findSubject(name: { namespace: string; externalId: string }): Promise<SubjectRow | null>;
}
