import { AuthError } from '@symbolon/token';
import { accountName } from '../people/account-names.ts';
import { namePage, type NameView } from '../pages/name-page.ts';
import type { Actor } from '../storage/port/actor.ts';
import { doneAt } from './flash.ts';
import { isBrought } from './keep-typed.ts';
import type { PeopleOffice } from './office.ts';
import { page } from './page-answer.ts';
import type { Form } from './requests.ts';
import type { Visit } from './visit.ts';

/** Takes another name for an account from the form of `pages/name-page.ts`, and says what is wrong with it above the form. */
export async function takeName(
  office: PeopleOffice,
  visit: Visit,
  rename: { subject: string; by: Actor; form: Form; view: Omit<NameView, 'name' | 'problem'> },
): Promise<Response> {
  const { subject, by, form, view } = rename;
  const name = form.get('name') ?? '';
  if (isBrought(form)) return page(namePage({ ...view, name, brought: true }));
  const again = (problem: string): Promise<Response> =>
    page(namePage({ ...view, name, problem }), { status: 400 });
  if (!accountName.safeParse(name).success)
    return again('A name has 1 to 120 characters, all of which can be seen.');
  const { kind } = await office.accounts.rename({ subject, name, by });
  if (kind === 'unknown') throw new AuthError('request_malformed', { detail: { claim: 'account' } });
  if (kind === 'taken')
    return again('This name is taken: by an account, or by somebody who is invited. Choose another.');
  return doneAt(office, { visit, to: view.back, what: 'account_renamed' });
}
