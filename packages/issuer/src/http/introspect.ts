import { AuthError } from '@symbolon/token';
import type { SessionRow } from '../storage/port/rows.ts';
import { json } from './answers.ts';
import { authenticateClient, demandKeyOf, verifyRequestProof } from './authentication.ts';
import type { Office } from './office.ts';
import { verifyPresented, type PresentedToken } from './presented-token.ts';
import { readForm, requiredToken } from './requests.ts';

/**
 * `POST /introspect` (RFC 7662): whether a token is good right now, asked of the store.
 *
 * For clients with the right `introspect` that cannot verify for themselves; a guard never needs it.
 */
export async function introspectEndpoint(office: Office, request: Request): Promise<Response> {
  const form = await readForm(request);
  const who = await authenticateClient(office, form);
  const { client, assertion } = who;
  if (assertion === undefined || !client.row.rights.includes('introspect'))
    throw new AuthError('client_unauthorized');
  demandKeyOf(who, await verifyRequestProof(office, request, '/introspect'));
  const presented = await verifyPresented(office, requiredToken(form, 'token'));
  // Without a session to ask for, the question still uses the assertion up.
  const answer = await office.storage.sessionAlive({ sid: presented?.sid ?? '', assertion });
  if (answer.kind === 'assertion_replayed') throw new AuthError('assertion_replayed');
  if (answer.kind === 'not_alive' || presented === undefined) return json({ active: false });
  return isCurrent(presented, answer.session)
    ? json(describe(presented, answer.session))
    : json({ active: false });
}

/** A refresh token is worth something while it is of this generation or the one before. */
function isCurrent(presented: PresentedToken, session: SessionRow): boolean {
  return presented.kind === 'session' || presented.token.gen >= session.generation - 1;
}

function describe(presented: PresentedToken, session: SessionRow): Record<string, unknown> {
  if (presented.kind === 'session') {
    return { active: true, token_type: session.jkt === null ? 'Bearer' : 'DPoP', ...presented.token.claims };
  }
  const { iss, exp } = presented.token;
  const cnf = session.jkt === null ? {} : { cnf: { jkt: session.jkt } };
  return {
    active: true,
    iss,
    exp,
    sub: session.subject,
    client_id: session.clientId,
    sid: session.sid,
    ...cnf,
  };
}
