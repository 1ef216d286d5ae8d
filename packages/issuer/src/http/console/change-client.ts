import { AuthError } from '@symbolon/token';
import type { ClientChangeOptions } from '../../clients/client-changes.ts';
import { addClientPage, type AddClientFields } from '../../pages/console/add-client-page.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import { doneAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { linesOf, readFields, readKeys, readTargets } from './add-client.ts';
import { byOperator, consoleView } from './console-view.ts';

/** `GET /console/clients/…/change`: the form that added it, with what it is now. */
export async function showChangeClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const client = await findStanding(office, visit);
  return answer(office, visit, { client, fields: fieldsOf(client) });
}

/** `POST /console/clients/…/change`: what is wrong is said above the form, which keeps what was typed. */
export async function changeClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const client = await findStanding(office, visit);
  const fields = { ...readFields(await readForm(visit.request)), id: client.id };
  try {
    const change = readChange(office, { client, fields });
    const { kind } = await office.clients.change(client.id, change, byOperator(visit));
    if (kind === 'unknown') throw new AuthError('client_unknown');
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return answer(office, visit, { client, fields, problem: error.message });
  }
  return doneAt(office, { visit, to: `${visit.site.base}/console/clients`, what: 'client_changed' });
}

async function findStanding(office: PeopleOffice, { parameter }: Visit): Promise<ClientRow> {
  const client = await office.storage.findClient(parameter);
  if (client?.removedAt !== null) throw new AuthError('client_unknown');
  if (client.kind === 'own' || client.registration.by !== 'operator')
    throw new AuthError('client_unauthorized');
  return client;
}

function readChange(
  office: PeopleOffice,
  { client, fields }: { client: ClientRow; fields: AddClientFields },
): ClientChangeOptions {
  if (fields.name === '') throw new TypeError('Give it a name, by which people will know it.');
  const redirectUris = linesOf(fields.redirectUris);
  const linked = client.kind !== 'machine';
  if (linked && redirectUris.length === 0)
    throw new TypeError('Say where it may send people back to: one address a line.');
  // What the form does not show stays.
  const unseen = client.audiences.filter(({ audience }) => isOwnInterface(office, audience));
  const kept = unseen.map(({ audience, scope }) => ({ audience, scope: [...scope] }));
  return {
    name: fields.name,
    audiences: [...kept, ...readTargets(fields.targets)],
    ...(client.kind === 'public' ? {} : { keys: readKeys(fields.keys) }),
    ...(linked && { redirectUris, postLogoutRedirectUris: linesOf(fields.postLogoutRedirectUris) }),
    ...(linked && { consent: fields.consent }),
  };
}

function fieldsOf(client: ClientRow): AddClientFields {
  const { redirectUris, postLogoutRedirectUris, consent } = client.registration;
  return {
    ...{ name: client.name, id: client.id, consent },
    kind: client.kind === 'web' ? 'web' : 'public',
    redirectUris: redirectUris.join('\n'),
    postLogoutRedirectUris: postLogoutRedirectUris.join('\n'),
    keys: client.keys.length === 0 ? '' : JSON.stringify(client.keys, null, 2),
    targets: client.audiences.flatMap(({ audience, scope }) =>
      scope.length === 0 ? [audience] : scope.map((value) => `${audience} ${value}`),
    ),
  };
}

async function answer(
  office: PeopleOffice,
  visit: Visit,
  { client, ...form }: { client: ClientRow; fields: AddClientFields; problem?: string },
): Promise<Response> {
  const view = await consoleView(office, visit);
  const audiences = office.audiences.filter(({ audience }) => !isOwnInterface(office, audience));
  const changing = { action: pathOf(visit), kind: client.kind, name: client.name };
  return page(addClientPage({ ...view, audiences, changing, ...form }), {
    status: form.problem === undefined ? 200 : 400,
  });
}

/** The issuer's own interfaces are for machines and guards, by the command line. */
function isOwnInterface({ issuer }: PeopleOffice, audience: string): boolean {
  return audience.startsWith(`${issuer}/`);
}

function pathOf({ site, parameter }: Visit): string {
  return `${site.base}/console/clients/${encodeURIComponent(parameter)}/change`;
}
