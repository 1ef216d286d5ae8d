import { accountName } from '../../people/account-names.ts';
import { invitationPage, invitePage } from '../../pages/sign-in/invitation-page.ts';
import { doneAt } from '../flash.ts';
import { askPresenceKeeping, isBrought } from '../keep-typed.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm, required } from '../requests.ts';
import { askPresence, type Visit } from '../visit.ts';
import { byOperator } from './console-view.ts';

/** `GET /console/accounts/invite`. */
export async function showInvite(office: PeopleOffice, visit: Visit): Promise<Response> {
  const absent = askPresence(office, { visit, returnTo: `${visit.site.base}/console/accounts/invite` });
  return absent ?? page(invitePage({ site: visit.site, name: '', role: 'person' }));
}

/** `POST /console/accounts/invite`: the answer itself shows the link, so that it stands in no address and is kept nowhere. */
export async function invite(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { site } = visit;
  const form = await readForm(visit.request);
  const returnTo = `${site.base}/console/accounts/invite`;
  const absent = await askPresenceKeeping(office, { visit, form, returnTo });
  if (absent !== undefined) return absent;
  const name = form.get('name') ?? '';
  const role = form.get('role') === 'operator' ? 'operator' : 'person';
  if (isBrought(form)) return page(invitePage({ site, name, role, brought: true }));
  const again = (problem: string): Promise<Response> =>
    page(invitePage({ site, name, role, problem }), { status: 400 });
  if (!accountName.safeParse(name).success)
    return again('A name has 1 to 120 characters, all of which can be seen.');
  const [by, inviter] = [byOperator(visit), visit.person.subject];
  const invited = await office.accounts.invite({ name, role, by, inviter });
  if (invited.kind === 'taken') return again('There is an account of this name already. Choose another.');
  return page(invitationPage({ site, name, link: invited.link, life: 'a day' }));
}

/** `POST /console/accounts/withdraw`: no invitation to an account of this name works any more. */
export async function withdrawInvitation(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = `${visit.site.base}/console/accounts`;
  const absent = askPresence(office, { visit, returnTo: to });
  if (absent !== undefined) return absent;
  const name = required(await readForm(visit.request), 'name');
  const { kind } = await office.accounts.withdraw({ name, by: byOperator(visit) });
  return doneAt(office, {
    visit,
    to,
    what: kind === 'withdrawn' ? 'invitation_withdrawn' : 'nothing_to_end',
  });
}
