import { AuthError, importPublicKey, type VerificationKey } from '@symbolon/token';
import {
  changeClient,
  changeSeenClient,
  type ClientChanged,
  type ClientChangeOptions,
  type ClientMoved,
} from './client-changes.ts';
import type { ClientDocuments, ReadClient } from './client-documents.ts';
import { readNewClient, type NewClientOptions } from './client-options.ts';
import { ownClientId } from './own-client.ts';
import { newId } from '../random.ts';
import type { Actor } from '../storage/port/actor.ts';
import type { ClientRow, PublicJwk } from '../storage/port/rows.ts';
import type { CutResult } from '../storage/port/decisions.ts';
import type { Storage } from '../storage/port/storage.ts';

/** Registered software, and the keys with which it proves itself. */
export interface Clients {
  /** @throws TypeError if the options are unsound or the id is taken. */
  readonly add: (options: NewClientOptions, by?: Actor) => Promise<ClientRow>;
  /**
   * Changes a client that an operator added; `unknown`: it does not stand. What people allowed it and sessions that
   * stand keep what they were given; a request that is open and no longer fits is over, and a key that was taken away
   * makes no assertion any more.
   *
   * @throws TypeError if the change is unsound, or the client is the issuer's own or registered itself.
   */
  readonly change: (id: string, change: ClientChangeOptions, by?: Actor) => Promise<ClientChanged>;
  /** As `change`, of the version (`clientVersion`) that somebody has seen: of two who saw one, the second changes nothing. */
  readonly changeSeen: (
    id: string,
    change: ClientChangeOptions,
    of: { seen: string; by: Actor },
  ) => Promise<ClientChanged | ClientMoved>;
  /** Forgets what was read of clients: one was changed, perhaps by another process. */
  readonly forget: () => void;
  readonly list: () => Promise<readonly ClientRow[]>;
  /** Removes a client for good; its sessions end with it. Throws TypeError for the issuer's own one. */
  readonly remove: (id: string, by?: Actor) => Promise<CutResult>;
  /** Lets keys that an operator's end has blocked open sessions again; answers their thumbprints. */
  readonly unblock: (which: { id: string; key?: string; by?: string }) => Promise<readonly string[]>;
  /**
   * A client that stands, with its keys imported; what it says may be a few seconds old. The document of one that is
   * known by it is read again where its life is over.
   */
  readonly find: (id: string) => Promise<KnownClient | undefined>;
  /**
   * Reads the document of a known client before its time, if not within the last minute; true: it may have other keys.
   *
   * @throws AuthError `readings_exceeded`.
   */
  readonly reread: (id: string) => Promise<boolean>;
  /** Reads the keys of one that is just registering itself: see {@link ClientDocuments}. */
  readonly readKeys: ClientDocuments['readKeys'];
  /**
   * One that nobody has seen yet may be known by the document at its id: then `find` finds it from now on.
   *
   * @throws AuthError `client_document_port`, `registration_limit`, `readings_exceeded`.
   */
  readonly introduce: (id: string, sender: string | undefined) => Promise<void>;
}

/** A client and its keys, ready to verify. */
export interface KnownClient {
  readonly row: ClientRow;
  readonly keys: readonly VerificationKey[];
  /** Its document could not be read for days: it may do nothing until it can. */
  readonly lapsed: boolean;
}

/** @throws AuthError `client_unknown`, `client_document_lapsed`. */
export function demandStanding(client: KnownClient | undefined): KnownClient {
  if (client === undefined) throw new AuthError('client_unknown');
  if (client.lapsed) throw new AuthError('client_document_lapsed');
  return client;
}

const freshFor = 5000;
const maxKnown = 10_000;

/** Opens the registry of clients over a store. */
export function openClients(options: {
  storage: Storage;
  clock: () => number;
  knownAudiences: () => readonly string[];
  /** Undefined: nobody registers himself, and clients known by a document are none. */
  documents: ClientDocuments | undefined;
}): Clients {
  const { storage, clock, documents } = options;
  const known = new Map<string, { at: number; client: Promise<KnownClient | undefined> }>();
  const load = async (id: string): Promise<KnownClient | undefined> => {
    const found = await storage.findClient(id);
    if (found?.removedAt !== null) return undefined;
    // What stands in the store says nothing for itself: nobody but its document ever did.
    if (found.registration.by === 'document' && documents?.areTaken !== true) return undefined;
    if (documents === undefined || !saysMore(found)) return withKeys(found, false);
    const read = await readOf(found);
    if (!(await documents.renew(read))) return withKeys(found, documents.isLapsed(read.readAt));
    const row = await storage.findClient(id);
    return row?.removedAt === null ? withKeys(row, false) : undefined;
  };
  const readOf = async ({ id, registration }: ClientRow): Promise<ReadClient> => {
    const readAt = (await storage.documentReadAt(id)) ?? 0;
    return { id, jwksUri: registration.jwksUri, readAt };
  };
  const find = (id: string): Promise<KnownClient | undefined> => {
    const kept = known.get(id);
    if (kept !== undefined && Math.abs(clock() - kept.at) < freshFor) return kept.client;
    // Names come from outside, so the map is emptied rather than grown; every decision asks the row again anyway.
    if (known.size >= maxKnown) known.clear();
    const client = load(id);
    known.set(id, { at: clock(), client });
    // Only what stands is kept: a client that another process is just adding is found at once.
    client.then(
      (found) => found === undefined && known.delete(id),
      () => known.delete(id),
    );
    return client;
  };
  return {
    find,
    introduce: async (id, sender) => {
      if (documents !== undefined && (await find(id)) === undefined) await documents.introduce(id, sender);
    },
    reread: async (id) => {
      const client = await find(id);
      if (documents === undefined || client === undefined || !saysMore(client.row)) return false;
      const isRead = await documents.reread(await readOf(client.row));
      if (isRead) known.delete(id);
      return isRead;
    },
    readKeys: async (from, sender) => {
      if (documents === undefined) throw new TypeError('nobody registers himself where no people are');
      return documents.readKeys(from, sender);
    },
    list: () => storage.listClients(),
    add: async (input, by = 'application') => {
      const client = await readNewClient(input, options.knownAudiences());
      const added = await storage.addClient({ ...client, subject: { id: newId(), handle: newId() }, by });
      if (added.kind === 'exists')
        throw new TypeError(`a client ${client.id} exists already: choose another id`);
      known.delete(client.id);
      return added.client;
    },
    change: async (id, input, by = 'application') => {
      const changed = await changeClient(id, input, {
        storage,
        by,
        knownAudiences: options.knownAudiences(),
      });
      known.delete(id);
      return changed;
    },
    changeSeen: async (id, input, of) => {
      const knownAudiences = options.knownAudiences();
      const changed = await changeSeenClient(id, input, { ...of, storage, knownAudiences });
      known.delete(id);
      return changed;
    },
    forget: () => {
      known.clear();
    },
    remove: async (id, by = 'application') => {
      if (id === ownClientId)
        throw new TypeError(`${id} is the issuer's own client: nobody could sign in without it`);
      const removed = await storage.removeClient({ id, by });
      known.delete(id);
      return removed;
    },
    unblock: async ({ id, key, by = 'application' }) => {
      const lifted = await storage.liftBlock({
        clientId: id,
        by,
        ...(key === undefined ? {} : { jkt: key }),
      });
      return lifted.keys;
    },
  };
}

/** Whether a client says at an address of its own what it is, or which keys it has. */
function saysMore({ registration }: ClientRow): boolean {
  return registration.by === 'document' || registration.jwksUri !== undefined;
}

async function withKeys(row: ClientRow, lapsed: boolean): Promise<KnownClient> {
  const keys = await Promise.all(row.keys.map(importNamed));
  return { row, keys: keys.flat(), lapsed };
}

/** Under its thumbprint, and under the name that its owner gave it, by which assertions may ask for it. */
async function importNamed(jwk: PublicJwk): Promise<readonly VerificationKey[]> {
  const [key, name] = [await importPublicKey(jwk), jwk['kid']];
  return typeof name === 'string' && name !== key.kid ? [key, { ...key, kid: name }] : [key];
}
