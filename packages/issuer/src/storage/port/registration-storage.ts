import type { NewClient } from './decisions.ts';
import type { PublicJwk } from './rows.ts';

/** How many requests of one client wait, by who sent them: itself, as it proved by its key, or anybody. */
export interface OpenRequests {
  readonly client: number;
  readonly anybody: number;
}

/** How the name of a request begins that its client has sent, as it proved by its key: they are counted apart. */
export const provenName = 'k.';

/** Applications that nobody here has looked at: they come by themselves, and go where nobody uses them. */
export interface RegistrationStorage {
  /**
   * Adds a client that registered itself, or brings the row of one whose document was read again up to date. `refused`:
   * as many as allowed came in within the last hour, or the id is another's, or was removed.
   */
  registerClient(
    client: NewClient,
    perHour: number,
  ): Promise<{ kind: 'registered'; createdAt: number } | { kind: 'refused' }>;
  /** Brings the keys of one that registered itself with a `jwksUri` up to date; false: there is no such client. */
  renewKeys(clientId: string, keys: readonly PublicJwk[]): Promise<boolean>;
  /** When the document of a client, or its `jwksUri`, was last read and found good, µs; `null` for any other client. */
  documentReadAt(clientId: string): Promise<number | null>;
  /** How many requests of each client wait for somebody to decide; clients without any are left out. */
  countOpenRequests(): Promise<ReadonlyMap<string, OpenRequests>>;
  /** Whether some person allows this client something now. */
  isLinked(clientId: string): Promise<boolean>;
  /**
   * Deletes clients that registered themselves a week ago or longer, and for which no person has decided anything since:
   * no grant, no session. A request that waits keeps its client until two weeks after it came, and then goes with it.
   * Removed ones stay, so that their ids stay taken.
   */
  sweepUnusedClients(): Promise<number>;
}
