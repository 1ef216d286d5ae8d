import { AuthError } from '@symbolon/token';
import { pushedLife } from '../../linking/authorizations.ts';
import { json } from '../answers.ts';
import { authenticateClient, demandKeyOf, verifyRequestProof } from '../authentication.ts';
import type { PeopleOffice } from '../office.ts';
import { malformed, readForm } from '../requests.ts';
import type { Sender } from '../route.ts';
import { findAddressee, readAuthorization } from './parameters.ts';

/** How a `request_uri` of ours begins (RFC 9126 section 2.2). */
export const requestUriPrefix = 'urn:ietf:params:oauth:request_uri:';

/**
 * `POST /par` (RFC 9126): takes the parameters from the application itself, so that none of them can be changed on the
 * way through the browser. A proof beside them binds the code to its key (RFC 9449 section 10.1).
 */
export async function pushEndpoint(
  office: PeopleOffice,
  { request, sender }: { request: Request; sender: Sender },
): Promise<Response> {
  const form = await readForm(request);
  await office.clients.introduce(form.get('client_id') ?? '', sender.address);
  const who = await authenticateClient(office, form);
  const { client, assertion } = who;
  if (assertion === undefined && !office.arrivals.admit(sender.address))
    throw new AuthError('attempts_exceeded', { detail: { retryAfter: office.arrivals.pause } });
  const named = new Map(form).set('client_id', client.row.id);
  const asked = await readAuthorization(office, form, await findAddressee(office, named));
  const proof = await verifyRequestProof(office, request, '/par');
  demandKeyOf(who, proof);
  if (proof !== undefined && proof.thumbprint !== (asked.jkt ?? proof.thumbprint))
    throw malformed('dpop_jkt');
  if (assertion !== undefined && (await office.storage.redeemAssertion(assertion)).kind !== 'redeemed')
    throw new AuthError('assertion_replayed');
  const kept = { ...asked, jkt: proof?.thumbprint ?? asked.jkt };
  const anybody = { kind: 'anybody', address: sender.address } as const;
  const sentBy = assertion === undefined ? anybody : ({ kind: 'client' } as const);
  const secret = await office.authorizations.push(kept, sentBy);
  if (secret === undefined) throw new AuthError('client_unknown');
  return json({ request_uri: requestUriPrefix + secret, expires_in: pushedLife }, { status: 201 });
}
