import { asPerson } from '../../people/browser-sessions.ts';
import { newId } from '../../random.ts';
import { confirmPage } from '../../pages/confirm-page.ts';
import { doneAt, endedAt } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { askPresence, type Visit } from '../visit.ts';

/** `POST /account/applications/…/end`: the link, its sessions and their tokens are over. */
export async function endApplication(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = `${visit.site.base}/account`;
  const { storage } = office;
  const { subject } = visit.person;
  const end = await storage.endGrant({
    grantId: visit.parameter,
    subject,
    reason: 'person',
    by: asPerson(visit.person),
  });
  if (end.kind === 'unknown') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  // No guard has to hear of a link that had no session: none would answer before it reports the next time.
  if (end.sessions === 0) return doneAt(office, { visit, to, what: 'application_unlinked' });
  return endedAt(office, { visit, to, what: 'application', position: end.position });
}

/** `POST /account/sessions/…/end`: one session of the person who asks; of a browser, with what was opened from it. */
export async function endOwnSession(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = `${visit.site.base}/account`;
  // Whose a session is never changes, so it may be read before it is ended.
  const session = await office.storage.findSession(visit.parameter);
  if (session?.subject !== visit.person.subject) return doneAt(office, { visit, to, what: 'nothing_to_end' });
  const { sid } = session;
  const by = asPerson(visit.person);
  const end = await office.sessions.end({ sid, by });
  if (end.kind !== 'ended') return doneAt(office, { visit, to, what: 'nothing_to_end' });
  return endedAt(office, { visit, to, what: 'session', position: end.position });
}

/** `GET /account/end-others`: asks once more, of somebody who is there. */
export async function askEndOthers(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const absent = askPresence(office, { visit, returnTo: `${base}/account/end-others` });
  if (absent !== undefined) return absent;
  return page(
    confirmPage({
      site: visit.site,
      title: 'End everything else?',
      text: 'Every other browser is signed out, and every linked application loses what you allowed it. This browser stays signed in.',
      action: `${base}/account/end-others`,
      button: 'End everything else',
      back: `${base}/account`,
    }),
  );
}

/** `POST /account/end-others`. */
export async function endOthers(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const absent = askPresence(office, { visit, returnTo: `${base}/account/end-others` });
  if (absent !== undefined) return absent;
  const { subject, sid } = visit.person;
  const by = asPerson(visit.person);
  const { position } = await office.storage.endOthers({ subject, keep: sid, event: newId(), by });
  return endedAt(office, { visit, to: `${base}/account`, what: 'others', position });
}
