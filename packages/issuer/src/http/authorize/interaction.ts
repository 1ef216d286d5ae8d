import { AuthError } from '@symbolon/token';
import { outlivesSignIn, unmetBy } from '../../linking/authorization-demands.ts';
import { allowedBy, type OpenAuthorization } from '../../linking/authorizations.ts';
import type { Person } from '../../people/browser-sessions.ts';
import { isPresent } from '../../people/presence.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { seeOther } from '../page-answer.ts';
import { refusedWith } from '../refusal-code.ts';
import { showConsent } from './consent-view.ts';
import { showOtherPerson } from './other-person-view.ts';
import { leadOn } from './lead-on.ts';
import { findLinked } from './parameters.ts';
import { sendAnswer } from './send-answer.ts';

/** What a request still lacks before it can be decided. */
export type Lack = 'sign-in' | 'other-person' | 'presence' | undefined;

/**
 * Goes on with a kept request from where things stand: to the sign-in, to the proof of presence, to the consent page,
 * or back to the application with a code.
 *
 * @throws AuthError `request_uri_unknown`, `client_unknown`.
 */
export async function proceed(office: PeopleOffice, request: Request, handle: string): Promise<Response> {
  const open = await findOpen(office, handle);
  const client = await findLinked(office, open.request.clientId);
  if (office.signIn !== undefined) return seeOther(addParameter(office.signIn.url, 'request', handle));
  const { person, cookies = [] } = (await office.browsers.identify(request)) ?? {};
  const silent = open.request.prompt.includes('none');
  const lack = lackOf(office, { open, person });
  if (lack !== undefined && silent)
    return refuse(office, handle, { error: new AuthError('login_required'), cookies, client });
  if (lack === 'sign-in' || person === undefined) return seeOther(wayTo(office, 'sign-in', handle), cookies);
  if (lack === 'presence') return seeOther(wayTo(office, lack, handle), cookies);
  if (lack === 'other-person') return showOtherPerson(office, { handle, open, client, person, cookies });
  const consent = await consentOf(office, { open, client, person });
  if (consent === 'ask') {
    if (silent) return refuse(office, handle, { error: new AuthError('consent_required'), cookies, client });
    return showConsent(office, { handle, open, client, person, cookies });
  }
  const { request: asked } = open;
  const to = await office.authorizations.allow(handle, {
    request: asked,
    person: allowedBy(person),
    consent,
  });
  if (to === undefined) throw new AuthError('request_uri_unknown');
  return sendAnswer(office, to, cookies);
}

/** A kept request on which nobody has decided. */
export async function findOpen(office: PeopleOffice, handle: string): Promise<OpenAuthorization> {
  const open = await office.authorizations.find(handle);
  if (open === undefined) throw new AuthError('request_uri_unknown');
  return open;
}

/**
 * What is missing.
 *
 * A cookie that was copied must lead to nothing that goes on without it: what outlives the sign-in takes a passkey that
 * was proved within five minutes, judged whenever something is decided, however long a page was open.
 */
export function lackOf(
  office: Pick<PeopleOffice, 'clock'>,
  { open, person }: { open: OpenAuthorization; person: Person | undefined },
): Lack {
  if (person === undefined) return 'sign-in';
  const unmet = unmetBy(open, person);
  if (unmet === 'person') return 'other-person';
  const isAbsent = outlivesSignIn(open) && !isPresent(person, office.clock());
  return unmet !== undefined || isAbsent ? 'presence' : undefined;
}

/** Where the person goes to do what is missing, and comes back from. */
export function wayTo(office: PeopleOffice, lack: 'sign-in' | 'presence', handle: string): string {
  const { pathname } = new URL(`${office.issuer}/authorize`);
  return addParameter(`${office.issuer}/${lack}`, 'return_to', `${pathname}?request=${handle}`);
}

/** Ends the request with an error that its application is told. `client`: where no person has decided it. */
export async function refuse(
  office: PeopleOffice,
  handle: string,
  { error, cookies, client }: { error: AuthError; cookies: readonly string[]; client?: ClientRow },
): Promise<Response> {
  const to = await office.authorizations.refuse(handle, error);
  if (to === undefined) throw new AuthError('request_uri_unknown');
  if (client !== undefined) return leadOn(office, { client, to, cookies, error });
  return refusedWith(await sendAnswer(office, to, cookies), error);
}

/**
 * Whether the person must be asked. What he, or the operator, allowed before counts only where the answer surely reaches the same
 * application: another program can listen on loopback or claim a private scheme (RFC 8252 section 8.6).
 */
async function consentOf(
  office: PeopleOffice,
  { open, client, person }: { open: OpenAuthorization; client: ClientRow; person: Person },
): Promise<'ask' | 'granted' | 'covered'> {
  const { request } = open;
  if (request.prompt.includes('consent') || request.prompt.includes('select_account')) return 'ask';
  if (!request.redirectUri.startsWith('https:')) return 'ask';
  if (client.registration.consent === 'given') return 'granted';
  return (await office.authorizations.isCovered({ ...request, client, subject: person.subject }))
    ? 'covered'
    : 'ask';
}

function addParameter(url: string, name: string, value: string): string {
  const to = new URL(url);
  to.searchParams.set(name, value);
  return to.href;
}
