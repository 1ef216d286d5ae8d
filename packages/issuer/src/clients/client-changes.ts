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
  { storage, by, knownAudiences }: { storage: Storage; by: Actor; knownAudiences: readonly string[] },
): Promise<ClientChanged> {
  const parsed = clientChange.safeParse(input);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  for (let attempt = 0; attempt < attempts; attempt++) {
    const from = await storage.findClient(id);
    if (from?.removedAt !== null) return { kind: 'unknown' };
    demandOperators(from);
    // One that the settings no longer know may stay until somebody takes it away.
    const known = [...knownAudiences, ...from.audiences.map(({ audience }) => audience)];
    const to = await readNewClient({ ...optionsOf(from), ...definedOf(parsed.data) }, known);
    const changed = differences(from, to);
    if (changed.length === 0) return { kind: 'changed', client: from, changed };
    const done = await storage.changeClient({ id, from, to, changed, by });
    if (done.kind === 'changed') return { ...done, changed };
  }
  throw new Error(`the client ${id} was changed by others again and again: try once more`);
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

function definedOf(change: z.output<typeof clientChange>): Partial<NewClientOptions> {
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
