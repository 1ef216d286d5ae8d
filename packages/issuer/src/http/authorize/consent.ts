import { AuthError } from '@symbolon/token';
import { allowedBy } from '../../linking/authorizations.ts';
import type { PeopleOffice } from '../office.ts';
import { malformed, readForm, required } from '../requests.ts';
import { findOpen, lackOf, proceed, refuse } from './interaction.ts';
import { sendAnswer } from './send-answer.ts';

/**
 * `POST /authorize/consent`: the person says yes or no. Only a page of ours may send it (`identify` demands that), and
 * everything is judged anew: what was true when the page was shown may have ended.
 */
export async function consentEndpoint(office: PeopleOffice, request: Request): Promise<Response> {
  const { person, cookies = [] } = (await office.browsers.identify(request)) ?? {};
  const form = await readForm(request);
  const handle = required(form, 'request');
  const decision = required(form, 'decision');
  const open = await findOpen(office, handle);
  // Where the application signs people in, nobody says yes here.
  if (office.signIn !== undefined) return proceed(office, request, handle);
  // Whoever has signed in since the page was shown is asked himself.
  if (person !== undefined && required(form, 'session') !== person.sid)
    return proceed(office, request, handle);
  if (person === undefined) return proceed(office, request, handle);
  // Nobody proves to be there in order to say no.
  if (decision === 'refuse')
    return refuse(office, handle, { error: new AuthError('access_denied'), cookies });
  if (lackOf(office, { open, person }) !== undefined) return proceed(office, request, handle);
  if (decision !== 'allow') throw malformed('decision');
  const by = { request: open.request, person: allowedBy(person), consent: 'granted' as const };
  const to = await office.authorizations.allow(handle, by);
  // What it needs has ended meanwhile, and nothing was kept: on from where things stand now.
  return to === undefined ? proceed(office, request, handle) : sendAnswer(office, to, cookies);
}
