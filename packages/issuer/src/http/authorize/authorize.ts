import { AuthError } from '@symbolon/token';
import { errorTo } from '../../authorization-answer.ts';
import type { AuthorizationRequest } from '../../authorizations.ts';
import type { PeopleOffice } from '../office.ts';
import { seeOther } from '../page-answer.ts';
import { readForm, readQuery, type Form } from '../requests.ts';
import type { Sender } from '../route.ts';
import { tellPerson } from './answers.ts';
import { proceed } from './interaction.ts';
import { findAddressee, findLinked, readAuthorization } from './parameters.ts';
import { requestUriPrefix } from './par.ts';
import { sendAnswer } from './send-answer.ts';

/**
 * `GET` and `POST /authorize` (RFC 6749 section 4.1.1): keeps what is asked for, then goes on under a handle, so that
 * no parameter travels through the sign-in. With the handle alone (`?request=`) it goes on from where things stand.
 *
 * An application is told of an error only where its redirect URI is certain; otherwise the person is.
 */
export async function authorizeEndpoint(
  office: PeopleOffice,
  { request, sender }: { request: Request; sender: Sender },
): Promise<Response> {
  try {
    const form = request.method === 'POST' ? await readForm(request) : readQuery(request);
    const handle = form.get('request');
    const goesOn = request.method === 'GET' && form.size === 1 && handle !== undefined;
    if (goesOn) return await proceed(office, request, handle);
    if (!office.arrivals.admit(sender.address)) throw new AuthError('attempts_exceeded');
    return await begin(office, form);
  } catch (error) {
    if (error instanceof AuthError) return tellPerson(office, error);
    throw error;
  }
}

async function begin(office: PeopleOffice, form: Form): Promise<Response> {
  const uri = form.get('request_uri');
  if (uri?.startsWith(requestUriPrefix) === true) {
    return goOn(office, await takePushed(office, form, uri.slice(requestUriPrefix.length)));
  }
  const to = await findAddressee(office, form);
  try {
    if (to.client.registration.pushedOnly === true) throw new AuthError('pushed_request_required');
    return await goOn(office, await readAuthorization(office, form, to));
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return sendAnswer(office, errorTo(to, { issuer: office.issuer, error }));
  }
}

/** What was pushed counts, and nothing beside it (RFC 9126 section 4). */
async function takePushed(office: PeopleOffice, form: Form, secret: string): Promise<AuthorizationRequest> {
  const client = await findLinked(office, form.get('client_id'));
  const pushed = await office.authorizations.takePushed(secret);
  if (pushed?.clientId !== client.id) throw new AuthError('request_uri_unknown');
  return pushed;
}

async function goOn(office: PeopleOffice, request: AuthorizationRequest): Promise<Response> {
  const handle = await office.authorizations.keep(request);
  if (handle === undefined) throw new AuthError('client_unknown');
  return seeOther(`${office.issuer}/authorize?request=${handle}`);
}
