import { asPerson } from '../../people/browser-sessions.ts';
import { namePage, type NameView } from '../../pages/name-page.ts';
import { askPresenceKeeping } from '../keep-typed.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { takeName } from '../rename.ts';
import { askPresence, type Visit } from '../visit.ts';

/** `GET /account/name`: of somebody who is there, since the name is typed with a recovery code. */
export async function askOwnName(office: PeopleOffice, visit: Visit): Promise<Response> {
  const view = viewOf(visit);
  const absent = askPresence(office, { visit, returnTo: view.action });
  return absent ?? page(namePage({ ...view, name: visit.person.name }));
}

/** `POST /account/name`. */
export async function changeOwnName(office: PeopleOffice, visit: Visit): Promise<Response> {
  const view = viewOf(visit);
  const form = await readForm(visit.request);
  const absent = await askPresenceKeeping(office, { visit, form, returnTo: view.action });
  if (absent !== undefined) return absent;
  return takeName(office, visit, { subject: visit.person.subject, by: asPerson(visit.person), form, view });
}

function viewOf({ site }: Visit): Omit<NameView, 'name'> {
  return { site, whose: 'own', action: `${site.base}/account/name`, back: `${site.base}/account` };
}
