import { AuthError } from '@symbolon/token';
import { createAttempts, type Attempts } from '../../senders/attempts.ts';
import { readClientMetadata } from '../../clients/client-metadata.ts';
import { newId } from '../../random.ts';
import type { SelfRegistration } from '../../clients/registration-policy.ts';
import type { PublicJwk } from '../../storage/port/rows.ts';
import { json } from '../answers.ts';
import type { PeopleOffice } from '../office.ts';
import { readJson } from '../requests.ts';
import type { Sender } from '../route.ts';

/**
 * `POST /register` (RFC 7591): an application registers itself. It gets an id and no secret, may ask for what the
 * installer has set aside for strangers, and people see on the consent page that nobody has looked at it.
 */
export function registerEndpoint(
  office: PeopleOffice,
  policy: SelfRegistration,
): (from: { request: Request; sender: Sender }) => Promise<Response> {
  const unnamed = Math.ceil(policy.perHour / 2);
  const senders = createAttempts({ perHour: policy.perSender, unnamed, clock: office.clock });
  return ({ request, sender }) => register(office, { policy, senders, request, sender });
}

async function register(
  office: PeopleOffice,
  asked: { policy: SelfRegistration; senders: Attempts; request: Request; sender: Sender },
): Promise<Response> {
  const { policy, request, sender } = asked;
  const client = await readClientMetadata(await readJson(request), {
    ...{ policy, how: 'dynamic' },
    readKeys: (from) => office.clients.readKeys(from, sender.address),
  });
  // Before it counts among everybody's, of which no single sender may use up many.
  if (!asked.senders.admit(sender.address)) throw tooMany();
  const id = newId();
  const subject = { id: newId(), handle: newId() };
  const kept = await office.storage.registerClient(
    { ...client, id, rights: [], subject, by: 'registration' },
    policy.perHour,
  );
  if (kept.kind !== 'registered') throw tooMany();
  const { redirectUris, postLogoutRedirectUris, jwksUri } = client.registration;
  const body = {
    client_id: id,
    client_id_issued_at: Math.floor(kept.createdAt / 1_000_000),
    client_name: client.name,
    redirect_uris: redirectUris,
    ...(postLogoutRedirectUris.length === 0 ? {} : { post_logout_redirect_uris: postLogoutRedirectUris }),
    ...(jwksUri === undefined ? jwksOf(client.keys) : { jwks_uri: jwksUri }),
    token_endpoint_auth_method: client.kind === 'web' ? 'private_key_jwt' : 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    dpop_bound_access_tokens: !client.bearer,
  };
  return json(body, { status: 201 });
}

function jwksOf(keys: readonly PublicJwk[]): { jwks?: { keys: readonly PublicJwk[] } } {
  return keys.length === 0 ? {} : { jwks: { keys } };
}

function tooMany(): AuthError {
  return new AuthError('registration_limit', { detail: { retryAfter: 3600 } });
}
