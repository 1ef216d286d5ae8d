import { AuthError } from '@symbolon/token';
import type { PeopleOffice } from '../office.ts';
import { seeOther } from '../page-answer.ts';
import { malformed, readForm, required } from '../requests.ts';
import { findOpen, proceed, refuse, wayTo } from './interaction.ts';

/** `POST /authorize/person`: whoever is signed in makes room for another person, or goes back without an answer. */
export async function otherPersonEndpoint(office: PeopleOffice, request: Request): Promise<Response> {
  const { person, cookies = [] } = (await office.browsers.identify(request)) ?? {};
  const form = await readForm(request);
  const handle = required(form, 'request');
  const decision = required(form, 'decision');
  await findOpen(office, handle);
  // Only who read the page is signed out.
  if (office.signIn !== undefined || person?.sid !== required(form, 'session'))
    return proceed(office, request, handle);
  if (decision === 'back') return refuse(office, handle, { error: new AuthError('login_required'), cookies });
  if (decision !== 'switch') throw malformed('decision');
  return seeOther(wayTo(office, 'sign-in', handle), await office.browsers.end(person.sid));
}
