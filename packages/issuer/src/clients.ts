import { AuthError, importPublicKey, type VerificationKey } from '@symbolon/token';
import { z } from 'zod';
import { scopeValue } from './audiences.ts';
import type { ClientDocuments } from './client-documents.ts';
import { ownClientId } from './own-client.ts';
import { newId } from './random.ts';
import { faultOfUri } from './redirect-uris.ts';
import type { Actor } from './storage/actor.ts';
import type { ClientRow, PublicJwk, Registration } from './storage/rows.ts';
import type { CutResult, NewClient } from './storage/decisions.ts';
import type { Storage } from './storage/storage.ts';

/** What an operator says of a new client. */
export const clientOptions = z.strictObject({
  /** Its public name in protocols; made up if left out. */
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected 1 to 64 letters, digits, dots, dashes')
    .optional(),
  name: z.string().min(1).max(120).optional(),
  /** `machine` acts for itself; `public` (without a key) and `web` (with one) are applications people use. */
  kind: z.enum(['machine', 'public', 'web']).default('machine'),
  /** Where the authorization endpoint may send people back to: exact, https, or http on loopback. */
  redirectUris: z.array(z.string().max(2048)).max(16).default([]),
  postLogoutRedirectUris: z.array(z.string().max(2048)).max(16).default([]),
  /** Where the issuer says that a session has ended (OpenID Connect Back-Channel Logout). */
  backchannelLogoutUri: z.string().max(2048).nullable().default(null),
  /** Whether its authorization requests must be pushed (RFC 9126). */
  pushedOnly: z.boolean().default(false),
  /** `given`: your own application, whose people need not be asked. */
  consent: z.enum(['ask', 'given']).default('ask'),
  /** Public JWKs whose private halves never left the client's machine. */
  keys: z.array(z.record(z.string(), z.unknown())).max(8).default([]),
  /** Registered as unable to hold a key per request: it gets bearer tokens. */
  bearer: z.boolean().default(false),
  audiences: z
    .array(z.strictObject({ audience: z.string().min(1), scope: z.array(scopeValue).default([]) }))
    .default([]),
  /** `introspect`, `authorizations`, or `sessions:<id of a public client>`. */
  rights: z
    .array(z.string().regex(/^(introspect|authorizations|sessions:[A-Za-z0-9._-]{1,64})$/))
    .default([]),
});

/** The input of {@link Clients.add}. */
export type NewClientOptions = z.input<typeof clientOptions>;

/** Registered software, and the keys with which it proves itself. */
export interface Clients {
  /** @throws TypeError if the options are unsound or the id is taken. */
  readonly add: (options: NewClientOptions, by?: Actor) => Promise<ClientRow>;
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
  /** Reads the document of a known client before its time, if not within the last minute; true: it may have other keys. */
  readonly reread: (id: string) => Promise<boolean>;
  /**
   * One that nobody has seen yet may be known by the document at its id: then `find` finds it from now on.
   *
   * @throws AuthError `registration_limit`.
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
  /** Undefined: clients known by a document are none. */
  documents?: ClientDocuments | undefined;
}): Clients {
  const { storage, clock, documents } = options;
  const known = new Map<string, { at: number; client: Promise<KnownClient | undefined> }>();
  const load = async (id: string): Promise<KnownClient | undefined> => {
    const found = await storage.findClient(id);
    if (found?.removedAt !== null) return undefined;
    if (found.registration.by !== 'document') return withKeys(found, false);
    // What stands in the store says nothing for itself: nobody but its document ever did.
    if (documents === undefined) return undefined;
    const readAt = (await storage.documentReadAt(id)) ?? 0;
    if (!(await documents.renew({ id, readAt }))) return withKeys(found, documents.isLapsed(readAt));
    const row = await storage.findClient(id);
    return row?.removedAt === null ? withKeys(row, false) : undefined;
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
      if (documents === undefined || client?.row.registration.by !== 'document') return false;
      const readAt = (await storage.documentReadAt(id)) ?? 0;
      const isRead = await documents.reread({ id, readAt });
      if (isRead) known.delete(id);
      return isRead;
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

async function withKeys(row: ClientRow, lapsed: boolean): Promise<KnownClient> {
  const keys = await Promise.all(row.keys.map(importNamed));
  return { row, keys: keys.flat(), lapsed };
}

/** Under its thumbprint, and under the name that its owner gave it, by which assertions may ask for it. */
async function importNamed(jwk: PublicJwk): Promise<readonly VerificationKey[]> {
  const [key, name] = [await importPublicKey(jwk), jwk['kid']];
  return typeof name === 'string' && name !== key.kid ? [key, { ...key, kid: name }] : [key];
}

type CheckedClient = Omit<NewClient, 'subject' | 'by'>;

async function readNewClient(
  input: NewClientOptions,
  knownAudiences: readonly string[],
): Promise<CheckedClient> {
  const parsed = clientOptions.safeParse(input);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  const {
    id = newId(),
    redirectUris,
    postLogoutRedirectUris,
    backchannelLogoutUri,
    consent,
    pushedOnly,
    ...client
  } = parsed.data;
  const registration = {
    ...{ redirectUris, postLogoutRedirectUris, backchannelLogoutUri, consent, pushedOnly },
    by: 'operator' as const,
  };
  demandSoundUris(registration, client.kind);
  const keys = await Promise.all(client.keys.map((jwk) => importPublicKey(jwk).catch(refuseKey)));
  const stray = client.audiences.find(({ audience }) => !knownAudiences.includes(audience));
  if (stray)
    throw new TypeError(`unknown audience ${stray.audience}, expected one of ${knownAudiences.join(', ')}`);
  if (client.kind !== 'public' && keys.length === 0) {
    throw new TypeError(`a ${client.kind} client proves itself with a key: register at least one public JWK`);
  }
  if (client.kind === 'public' && keys.length > 0) {
    throw new TypeError(
      'a public client has no keys of its own: register it as web or machine, or without keys',
    );
  }
  return { ...client, registration, id, name: client.name ?? id, keys: keys.map((key) => ({ ...key.jwk })) };
}

/** What a browser would follow, or the issuer itself would call, is judged before it is kept. */
function demandSoundUris(registration: Registration, kind: 'machine' | 'public' | 'web'): void {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri } = registration;
  for (const uri of [...redirectUris, ...postLogoutRedirectUris]) {
    const fault = faultOfUri(uri, kind);
    if (fault !== undefined) throw new TypeError(`the redirect URI ${uri} ${fault}`);
  }
  if (kind === 'machine' && redirectUris.length > 0)
    throw new TypeError('a machine client has no redirect URIs: register it as public or web');
  const fault = backchannelLogoutUri === null ? undefined : faultOfUri(backchannelLogoutUri, 'web');
  if (fault !== undefined) throw new TypeError(`the back-channel logout URI ${fault}`);
}

function refuseKey(cause: unknown): never {
  const message =
    'unexpected key, expected a public JWK for EdDSA, ES256 or ML-DSA-44 without private members';
  throw new TypeError(message, { cause });
}
