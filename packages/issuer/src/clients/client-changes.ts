import { hash } from 'node:crypto';
import { z } from 'zod';
import { changeable, readNewClient, type NewClientOptions } from './client-options.ts';
import type { Actor } from '../storage/port/actor.ts';
import type { ChangeableClient } from '../storage/port/decisions.ts';
import type { ClientRow } from '../storage/port/rows.ts';
import type { Storage } from '../storage/port/storage.ts';

const clientChange = z.strictObject(changeable).partial();

/** What of a client is to be another: what is left out stays, and a list takes the place of the one before. */
export type ClientChangeOptions = z.input<typeof clientChange>;

/** `changed` says what differs, in words of the audit log; `unknown`: no such client stands. */
export type ClientChanged =
  | { readonly kind: 'changed'; readonly client: ClientRow; readonly changed: readonly string[] }
  | { readonly kind: 'unknown' };

/** Somebody else has changed it since the version that a change was made from. */
export interface ClientMoved {
  readonly kind: 'moved';
  /** As it stands now. */
  readonly client: ClientRow;
}

interface Changing {
  readonly storage: Storage;
  readonly by: Actor;
  readonly knownAudiences: readonly string[];
}

/** Two operators may change one client at once; each then reads what the other has left. */
const attempts = 5;

/**
 * Changes a client that stands: what it is afterwards is judged as if it were added.
 *
 * @throws TypeError with the fix in the message.
 */
export async function changeClient(
  id: string,
  input: ClientChangeOptions,
  options: Changing,
): Promise<ClientChanged> {
  const change = readChange(input);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const from = await options.storage.findClient(id);
    if (from?.removedAt !== null) return { kind: 'unknown' };
    const done = await changeFrom(from, await judge(from, { change, options }), options);
    if (done !== undefined) return done;
  }
  throw new Error(`the client ${id} was changed by others again and again: try once more`);
}

/**
 * The same, of the version that somebody has seen: of another one it changes nothing, unless that is already what was
 * asked for.
 *
 * @throws TypeError with the fix in the message.
 */
export async function changeSeenClient(
  id: string,
  input: ClientChangeOptions,
  { seen, ...options }: Changing & { seen: string },
): Promise<ClientChanged | ClientMoved> {
  const change = readChange(input);
  const from = await options.storage.findClient(id);
  if (from?.removedAt !== null) return { kind: 'unknown' };
  const judged = await judge(from, { change, options });
  const isSeen = judged.changed.length === 0 || clientVersion(from) === seen;
  const done = isSeen ? await changeFrom(from, judged, options) : undefined;
  if (done !== undefined) return done;
  const client = await options.storage.findClient(id);
  return client?.removedAt === null ? { kind: 'moved', client } : { kind: 'unknown' };
}

/** Names what of a client can be changed, as it is in this row. */
export function clientVersion({ name, keys, audiences, registration }: ChangeableClient): string {
  return hash('sha256', JSON.stringify([name, keys, audiences, registration]), 'base64url');
}

type Change = z.output<typeof clientChange>;

function readChange(input: ClientChangeOptions): Change {
  const parsed = clientChange.safeParse(input);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  return parsed.data;
}

interface Judged {
  readonly to: ChangeableClient;
  readonly changed: readonly string[];
}

async function judge(
  from: ClientRow,
  { change, options }: { change: Change; options: Changing },
): Promise<Judged> {
  demandOperators(from);
  // One that the settings no longer know may stay until somebody takes it away.
  const known = [...options.knownAudiences, ...from.audiences.map(({ audience }) => audience)];
  const to = await readNewClient({ ...optionsOf(from), ...definedOf(change) }, known);
  return { to, changed: differences(from, to) };
}

/** Undefined: it is not any more what was read. */
async function changeFrom(
  from: ClientRow,
  { to, changed }: Judged,
  { storage, by }: Changing,
): Promise<ClientChanged | undefined> {
  if (changed.length === 0) return { kind: 'changed', client: from, changed };
  const done = await storage.changeClient({ id: from.id, from, to, changed, by });
  return done.kind === 'changed' ? { ...done, changed } : undefined;
}

/** What comes from elsewhere would be overwritten, or was never an operator's word. */
function demandOperators({ id, kind, registration }: ClientRow): void {
  if (kind === 'own') throw new TypeError(`${id} is the issuer's own client, and stays as it is`);
  if (registration.by === 'document')
    throw new TypeError(`${id} is what its document says: change it there, or remove the client`);
  if (registration.by === 'dynamic')
    throw new TypeError(`${id} registered itself: remove it, and add one that you answer for`);
}

/** Without its id, which stays: one that was made up may begin with what nobody may choose. */
function optionsOf(row: ClientRow): NewClientOptions {
  const { id, name, kind, keys, bearer, audiences, rights, registration } = row;
  if (kind === 'own') throw new TypeError(`${id} is the issuer's own client, and stays as it is`);
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, consent, pushedOnly } = registration;
  return {
    ...{ name, kind, bearer, backchannelLogoutUri, consent, rights: [...rights] },
    ...{ redirectUris: [...redirectUris], postLogoutRedirectUris: [...postLogoutRedirectUris] },
    pushedOnly: pushedOnly === true,
    keys: keys.map((key) => ({ ...key })),
    audiences: audiences.map(({ audience, scope }) => ({ audience, scope: [...scope] })),
  };
}

function definedOf(change: Change): Partial<NewClientOptions> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function differences(from: ChangeableClient, to: ChangeableClient): readonly string[] {
  const before = saidOf(from);
  return saidOf(to).flatMap(([word, said], at) => (said === before[at]?.[1] ? [] : [word]));
}

/** Each member by its name in the audit log, which tells what was changed and never to what. */
function saidOf({
  name,
  keys,
  audiences,
  registration,
}: ChangeableClient): readonly (readonly [string, string])[] {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, consent, pushedOnly } = registration;
  const said: readonly (readonly [string, unknown])[] = [
    ['name', name],
    ['redirect_uris', redirectUris],
    ['post_logout_redirect_uris', postLogoutRedirectUris],
    ['backchannel_logout_uri', backchannelLogoutUri],
    ['consent', consent],
    ['pushed_only', pushedOnly === true],
    ['keys', keys],
    ['audiences', audiences],
  ];
  return said.map(([word, value]) => [word, JSON.stringify(value)]);
}
