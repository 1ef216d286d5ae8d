import { AuthError } from '@symbolon/token';
import { clientVersion, type ClientChangeOptions } from '../../clients/client-changes.ts';
import {
  addClientPage,
  type AddClientFields,
  type AddClientView,
} from '../../pages/console/add-client-page.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import { doneAt } from '../flash.ts';
import { askPresenceKeeping, isBrought } from '../keep-typed.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readFormOfLines, required } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { linesOf, readFields, readKeys, readTargets } from './add-client.ts';
import { fieldsOf, movedFields } from './client-fields.ts';
import { byOperator, consoleView, pathAsking } from './console-view.ts';
import { isShown, offeredAudiences } from './offered-audiences.ts';

/** `GET /console/clients/…/change`: the form that added it, with what it is now. */
export async function showChangeClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const client = await findStanding(office, visit);
  return answer(office, visit, { client, seen: clientVersion(client), fields: fieldsOf(client) });
}

/**
 * `POST /console/clients/…/change`: what is wrong is said above the form, which keeps what was typed. A client that
 * somebody else has changed since the form was opened stays as it is now.
 */
export async function changeClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const form = await readFormOfLines(visit.request);
  const absent = await askPresenceKeeping(office, { visit, form, returnTo: pathOf(visit) });
  if (absent !== undefined) return absent;
  const client = await findStanding(office, visit);
  const seen = required(form, 'seen');
  const fields = { ...readFields(form), id: client.id };
  if (isBrought(form)) return answer(office, visit, { client, seen, fields, brought: true });
  try {
    const change = readChange(office, { client, fields });
    const done = await office.clients.changeSeen(client.id, change, { seen, by: byOperator(visit) });
    if (done.kind === 'unknown') throw new AuthError('client_unknown');
    if (done.kind === 'moved') return await showMoved(office, visit, { client: done.client, fields });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return answer(office, visit, { client, seen, fields, problem: error.message });
  }
  return doneAt(office, { visit, to: `${visit.site.base}/console/clients`, what: 'client_changed' });
}

/** From here on the form is one of what stands now. */
function showMoved(
  office: PeopleOffice,
  visit: Visit,
  { client, fields }: { client: ClientRow; fields: AddClientFields },
): Promise<Response> {
  const shows = (target: string): boolean => isShown(office, target);
  const moved = {
    name: client.name,
    fields: movedFields(client, { typed: fields, shows }),
    audit: pathAsking(`${visit.site.base}/console/audit`, { kind: 'client_changed', client: client.id }),
  };
  return answer(office, visit, { client, seen: clientVersion(client), fields, moved });
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
  const kept = fieldsOf(client).targets.filter((target) => !isShown(office, target));
  return {
    name: fields.name,
    audiences: readTargets([...kept, ...fields.targets]),
    ...(client.kind === 'public' ? {} : { keys: readKeys(fields.keys) }),
    ...(linked && { redirectUris, postLogoutRedirectUris: linesOf(fields.postLogoutRedirectUris) }),
    ...(linked && { consent: fields.consent }),
  };
}

interface Shown extends Pick<AddClientView, 'fields' | 'problem' | 'brought' | 'moved'> {
  readonly client: ClientRow;
  /** The version that the form is of. */
  readonly seen: string;
}

async function answer(
  office: PeopleOffice,
  visit: Visit,
  { client, seen, ...form }: Shown,
): Promise<Response> {
  const view = await consoleView(office, visit);
  const audiences = offeredAudiences(office);
  const changing = { action: pathOf(visit), kind: client.kind, name: client.name, seen };
  return page(addClientPage({ ...view, audiences, changing, ...form }), {
    status: form.moved !== undefined ? 409 : form.problem !== undefined ? 400 : 200,
  });
}

function pathOf({ site, parameter }: Visit): string {
  return `${site.base}/console/clients/${encodeURIComponent(parameter)}/change`;
}
