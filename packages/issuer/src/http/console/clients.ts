import { AuthError } from '@symbolon/token';
import { ownClientId } from '../../clients/own-client.ts';
import { confirmPage } from '../../pages/confirm-page.ts';
import { clientsPage, type ShownClient } from '../../pages/console/clients-page.ts';
import { html } from '../../pages/markup.ts';
import { shownName } from '../../pages/shown-name.ts';
import type { ClientPlace } from '../../storage/port/list-storage.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import { doneAt, endedAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { askPresence, type Visit } from '../visit.ts';
import { asked, byOperator, consoleView, pathAsking } from './console-view.ts';

const pageLength = 50;

/** `GET /console/clients`. */
export async function showClients(office: PeopleOffice, visit: Visit): Promise<Response> {
  const search = asked(visit, 'search');
  const after = placeAsked(visit);
  const [view, { rows: clients, older }] = await Promise.all([
    consoleView(office, visit),
    office.storage.searchClients({
      limit: pageLength,
      ...(search === '' ? {} : { part: search }),
      ...(after === undefined ? {} : { after }),
    }),
  ]);
  const path = `${visit.site.base}/console/clients`;
  const pages = {
    ...(after === undefined ? {} : { newest: pathAsking(path, { search }) }),
    ...(older === null
      ? {}
      : { older: pathAsking(path, { search, after: `${String(older.createdAt)}.${older.id}` }) }),
  };
  return page(clientsPage({ ...view, search, pages, clients: clients.map(shownClient) }));
}

/** Where the page before ended: a moment and an id, which may be as long as an address. */
function placeAsked({ url }: Visit): ClientPlace | undefined {
  const [, moment, id] =
    /^(\d{1,16})\.([\x21-\x7e]{1,2048})$/.exec(url.searchParams.get('after') ?? '') ?? [];
  const createdAt = Number(moment);
  return id !== undefined && Number.isSafeInteger(createdAt) ? { createdAt, id } : undefined;
}

function shownClient(client: ClientRow): ShownClient {
  const { id, name, kind, bearer, registration, audiences, createdAt, removedAt } = client;
  const { by, consent, redirectUris } = registration;
  return {
    ...{ id, name, kind, bearer, by, consent, redirectUris, createdAt, removedAt },
    audiences: audiences.map(({ audience }) => audience),
  };
}

/** `GET /console/clients/…/end` and `…/remove`: asks once more. */
export async function askEndClient(
  office: PeopleOffice,
  visit: Visit,
  what: 'end' | 'remove',
): Promise<Response> {
  const path = pathOf(visit, what);
  const absent =
    what === 'remove' || isOwn(visit) ? askPresence(office, { visit, returnTo: path }) : undefined;
  if (absent !== undefined) return absent;
  const client = await office.storage.findClient(visit.parameter);
  if (client === null) throw new AuthError('client_unknown');
  return page(
    confirmPage({
      site: visit.site,
      title: what === 'end' ? 'End all its sessions?' : 'Remove this client?',
      text:
        what === 'end'
          ? html`Every session of ${shownName(client.name)} is over within a second. It may start new ones.`
          : html`${shownName(client.name)} is refused from now on, for good, and every session of it is over.
            Its id can never be used again.`,
      action: path,
      button: what === 'end' ? 'End all its sessions' : 'Remove it',
      back: `${visit.site.base}/console/clients`,
    }),
  );
}

/** `POST /console/clients/…/end`. */
export async function endClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = isOwn(visit) ? askPresence(office, { visit, returnTo: pathOf(visit, 'end') }) : undefined;
  if (absent !== undefined) return absent;
  const to = `${visit.site.base}/console/clients`;
  const cut = await office.storage.endSessionsOf({ clientId: visit.parameter, by: byOperator(visit) });
  if (cut.kind === 'unknown') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  return endedAt(office, { visit, to, what: 'client', position: cut.position });
}

/** `POST /console/clients/…/remove`. */
export async function removeClient(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: pathOf(visit, 'remove') });
  if (absent !== undefined) return absent;
  const to = `${visit.site.base}/console/clients`;
  const client = await office.storage.findClient(visit.parameter);
  // Without its own client the issuer could sign in nobody.
  if (client?.kind === 'own') throw new AuthError('client_unauthorized');
  const removed = await office.clients.remove(visit.parameter, byOperator(visit));
  if (removed.kind === 'unknown') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  return endedAt(office, { visit, to, what: 'client_removed', position: removed.position });
}

/** The end of the issuer's own sessions signs everybody out. */
function isOwn({ parameter }: Visit): boolean {
  return parameter === ownClientId;
}

function pathOf({ site, parameter }: Visit, what: 'end' | 'remove'): string {
  return `${site.base}/console/clients/${encodeURIComponent(parameter)}/${what}`;
}
