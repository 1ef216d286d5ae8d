import { AuthError } from '@symbolon/token';
import {
  authenticateClient,
  demandKeyOf,
  verifyRequestProof,
  type AuthenticatedClient,
} from './authentication.ts';
import { uncached } from './answers.ts';
import type { Office } from './office.ts';
import { verifyPresented, type PresentedToken } from './presented-token.ts';
import { readForm, requiredToken } from './requests.ts';

/**
 * `POST /revoke` (RFC 7009): ends the session of either token, if it is this client's.
 *
 * The answer is the same for a token that is not ours, another client's or ended already.
 */
export async function revokeEndpoint(office: Office, request: Request): Promise<Response> {
  const form = await readForm(request);
  const who = await authenticateClient(office, form);
  const presented = await verifyPresented(office, requiredToken(form, 'token'));
  if (who.assertion === undefined) await demandHolder(office, request, presented);
  else demandKeyOf(who, await verifyRequestProof(office, request, '/revoke'));
  if (!(await end(office, who, presented?.sid))) throw new AuthError('assertion_replayed');
  return new Response(null, { status: 200, headers: uncached });
}

/**
 * A session token is seen by every service it is sent to: from a client that does not authenticate it is revoked only
 * with a proof by its key (`docs/spec/issuer.md`). A refresh token is seen by nobody but its holder and this issuer.
 */
async function demandHolder(
  office: Office,
  request: Request,
  presented: PresentedToken | undefined,
): Promise<void> {
  if (presented?.kind !== 'session' || presented.token.carrier.kind !== 'key') return;
  const proof = await verifyRequestProof(office, request, '/revoke');
  if (proof === undefined) throw new AuthError('proof_missing');
  if (proof.thumbprint !== presented.token.carrier.thumbprint) throw new AuthError('proof_key_unexpected');
}

/** Answers false only if the assertion was redeemed before. */
async function end(office: Office, who: AuthenticatedClient, sid: string | undefined): Promise<boolean> {
  const { assertion, client } = who;
  if (sid === undefined) {
    return assertion === undefined || (await office.storage.redeemAssertion(assertion)).kind === 'redeemed';
  }
  const ended = await office.storage.endSession({
    sid,
    clientId: client.row.id,
    reason: 'revoked',
    by: client.row.id,
    holderKey: 'keep',
    ...(assertion === undefined ? {} : { assertion }),
  });
  return ended.kind !== 'assertion_replayed';
}
