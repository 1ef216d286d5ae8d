import { namePage, type NameView } from '../../pages/name-page.ts';
import { askPresenceKeeping } from '../keep-typed.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { takeName } from '../rename.ts';
import { askPresence, type Visit } from '../visit.ts';
import { findOther } from './accounts.ts';
import { byOperator } from './console-view.ts';

/** `GET /console/accounts/…/name`. */
export async function askName(office: PeopleOffice, visit: Visit): Promise<Response> {
  const view = viewOf(visit);
  const absent = askPresence(office, { visit, returnTo: view.action });
  if (absent !== undefined) return absent;
  const { name } = await findOther(office, visit);
  return page(namePage({ ...view, name }));
}

/** `POST /console/accounts/…/name`. */
export async function changeName(office: PeopleOffice, visit: Visit): Promise<Response> {
  const view = viewOf(visit);
  const form = await readForm(visit.request);
  const absent = await askPresenceKeeping(office, { visit, form, returnTo: view.action });
  if (absent !== undefined) return absent;
  const { subject } = await findOther(office, visit);
  return takeName(office, visit, { subject, by: byOperator(visit), form, view });
}

function viewOf({ site, parameter }: Visit): Omit<NameView, 'name'> {
  const back = `${site.base}/console/accounts`;
  return { site, whose: 'other', action: `${back}/${encodeURIComponent(parameter)}/name`, back };
}
