import { AuthError } from '@symbolon/token';
import { errorTo } from '../../linking/authorization-answer.ts';
import type { AuthorizationRequest } from '../../linking/authorizations.ts';
import type { SentBy } from '../../senders/request-ceiling.ts';
import type { PeopleOffice } from '../office.ts';
import { seeOther } from '../page-answer.ts';
import { malformed, readForm, readQuery, type Form } from '../requests.ts';
import type { Sender } from '../route.ts';
import { proceed } from './interaction.ts';
import { leadOn } from './lead-on.ts';
import { findAddressee, findLinked, readAuthorization } from './parameters.ts';
import { requestUriPrefix } from './par.ts';

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
  const form = request.method === 'POST' ? await readForm(request) : readQuery(request);
  const handle = form.get('request');
  const goesOn = request.method === 'GET' && form.size === 1 && handle !== undefined;
  if (goesOn) return proceed(office, request, handle);
  demandWindow(request);
  if (!office.arrivals.admit(sender.address))
    throw new AuthError('attempts_exceeded', { detail: { retryAfter: office.arrivals.pause } });
  return begin(office, { form, sender });
}

/**
 * What a stranger's page embeds, or a script fetches, comes to nothing here, for our cookies do not come with it: it is
 * refused before anything is kept, so that no visitors of such a page fill the places of others. A frame of the same
 * site may ask in silence (`prompt=none`). What says nothing is no browser of today.
 *
 * Source: https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header
 */
function demandWindow({ headers }: Request): void {
  const destination = headers.get('sec-fetch-dest') ?? 'document';
  const near = ['same-origin', 'same-site'].includes(headers.get('sec-fetch-site') ?? '');
  if (destination !== 'document' && !(destination === 'iframe' && near)) throw malformed('sec-fetch-dest');
}

async function begin(
  office: PeopleOffice,
  { form, sender }: { form: Form; sender: Sender },
): Promise<Response> {
  const uri = form.get('request_uri');
  if (uri?.startsWith(requestUriPrefix) === true) {
    const secret = uri.slice(requestUriPrefix.length);
    return goOn(office, await takePushed(office, form, { secret, sender }));
  }
  await office.clients.introduce(form.get('client_id') ?? '', sender.address);
  const to = await findAddressee(office, form);
  try {
    if (to.client.registration.pushedOnly === true) throw new AuthError('pushed_request_required');
    const asked = await readAuthorization(office, form, to);
    return await goOn(office, { asked, sentBy: { kind: 'anybody', address: sender.address } });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    const answer = errorTo(to, { issuer: office.issuer, error });
    return await leadOn(office, { client: to.client, to: answer, error });
  }
}

/** What was pushed counts, and nothing beside it (RFC 9126 section 4). */
async function takePushed(
  office: PeopleOffice,
  form: Form,
  { secret, sender }: { secret: string; sender: Sender },
): Promise<Sent> {
  const client = await findLinked(office, form.get('client_id'));
  const asked = await office.authorizations.takePushed(secret);
  if (asked?.clientId !== client.id) throw new AuthError('request_uri_unknown');
  // Nobody but itself can push what a client with a key asks for.
  const anybody = { kind: 'anybody', address: sender.address } as const;
  return { asked, sentBy: client.kind === 'web' ? { kind: 'client' } : anybody };
}

/** A request, and who has sent it. */
interface Sent {
  readonly asked: AuthorizationRequest;
  readonly sentBy: SentBy;
}

async function goOn(office: PeopleOffice, { asked, sentBy }: Sent): Promise<Response> {
  const handle = await office.authorizations.keep(asked, sentBy);
  if (handle === undefined) throw new AuthError('client_unknown');
  return seeOther(`${office.issuer}/authorize?request=${handle}`);
}
