import { sessionsPage, type ShownSession } from '../../pages/console/sessions-page.ts';
import type { NamedSession } from '../../storage/port/list-storage.ts';
import { doneAt, endedAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { asked, byOperator, consoleView, pathAsking } from './console-view.ts';

const pageLength = 25;

/** `GET /console/sessions`. */
export async function showSessions(office: PeopleOffice, visit: Visit): Promise<Response> {
  const query = {
    client: asked(visit, 'client'),
    subject: asked(visit, 'subject'),
    device: asked(visit, 'device'),
  };
  const after = asked(visit, 'after');
  const [view, { rows: sessions, older }] = await Promise.all([
    consoleView(office, visit),
    office.storage.searchSessions({
      limit: pageLength,
      ...(query.client === '' ? {} : { clientId: query.client }),
      ...(query.subject === '' ? {} : { subject: query.subject }),
      ...(query.device === '' ? {} : { device: query.device }),
      ...(after === '' ? {} : { after }),
    }),
  ]);
  const path = `${visit.site.base}/console/sessions`;
  const pages = {
    ...(after === '' ? {} : { newest: pathAsking(path, query) }),
    ...(older === null ? {} : { older: pathAsking(path, { ...query, after: older }) }),
  };
  return page(
    sessionsPage({
      ...view,
      ...{ query, pages },
      sessions: sessions.map(shownSession),
      person: query.subject === '' ? undefined : personOf(sessions, visit),
      here: pathAsking(path, { ...query, after }),
    }),
  );
}

function shownSession(session: NamedSession): ShownSession {
  return { ...session, bound: boundTo(session) };
}

function boundTo({ kind, jkt, deviceKey }: NamedSession): ShownSession['bound'] {
  if (kind === 'browser') return deviceKey === null ? 'cookie' : 'device';
  return jkt === null ? 'nothing' : 'key';
}

/** A search for a person finds sessions of that one alone. */
function personOf(
  sessions: readonly NamedSession[],
  { person }: Visit,
): { subject: string; name: string } | undefined {
  const [first] = sessions;
  if (first?.accountName == null || first.subject === person.subject) return undefined;
  return { subject: first.subject, name: first.accountName };
}

/** `POST /console/sessions/…/end`: for good; a machine's key is blocked until that is lifted. */
export async function endAnySession(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = backTo(visit, (await readForm(visit.request)).get('back'));
  const session = await office.storage.findSession(visit.parameter);
  // Whoever blocks a key takes away what its machine may do, until somebody lifts that.
  const absent = session?.kind === 'machine' ? askPresence(office, { visit, returnTo: to }) : undefined;
  if (absent !== undefined) return absent;
  const end = await office.sessions.end({ sid: visit.parameter, by: byOperator(visit) });
  if (end.kind !== 'ended') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  return endedAt(office, { visit, to, what: 'session', position: end.position });
}

/** The list with its search, if that is what was asked for. */
function backTo({ site }: Visit, given: string | undefined): string {
  const path = `${site.base}/console/sessions`;
  return given === path || given?.startsWith(`${path}?`) === true ? given.slice(0, 2048) : path;
}
