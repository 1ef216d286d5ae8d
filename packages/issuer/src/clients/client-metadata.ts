import { AuthError, importPublicKey } from '@symbolon/token';
import { z } from 'zod';
import { isLoopback, faultOfUri } from './redirect-uris.ts';
import { plainName } from '../plain-name.ts';
import type { SelfRegistration } from './registration-policy.ts';
import type { NewClient } from '../storage/port/decisions.ts';
import type { PublicJwk } from '../storage/port/rows.ts';

/** What an application says of itself, so far as it is used (RFC 7591 section 2); the rest is left out. */
const metadata = z.object({
  redirect_uris: z.array(z.string().max(2048)).min(1).max(16),
  client_name: z.string().max(120).regex(plainName).optional(),
  token_endpoint_auth_method: z.string().max(64).optional(),
  grant_types: z.array(z.string().max(128)).max(8).optional(),
  response_types: z.array(z.string().max(64)).max(8).optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  post_logout_redirect_uris: z.array(z.string().max(2048)).max(16).optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(8) }).optional(),
  jwks_uri: z.string().max(2048).optional(),
});

/** An application's own word, checked; it has no rights, and nobody was asked for its consent. */
export type SelfDescribed = Pick<
  NewClient,
  'name' | 'kind' | 'keys' | 'bearer' | 'audiences' | 'registration'
>;

/**
 * Reads what an application says of itself. There are no secrets: what asks for one gets none, and is a public client.
 *
 * `readKeys` fetches the keys at a `jwks_uri`, if that belongs to whoever has the other addresses.
 *
 * @throws AuthError `client_metadata_invalid`, `redirect_uri_refused`.
 */
export async function readClientMetadata(
  said: unknown,
  by: {
    policy: SelfRegistration;
    how: 'dynamic' | 'document';
    readKeys: (from: { jwksUri: string; uris: readonly string[] }) => Promise<readonly PublicJwk[]>;
  },
): Promise<SelfDescribed> {
  const parsed = metadata.safeParse(said);
  if (!parsed.success) {
    const member = String(parsed.error.issues[0]?.path[0] ?? 'body');
    throw member === 'redirect_uris' ? new AuthError('redirect_uri_refused') : invalid(member);
  }
  const { jwks, jwks_uri: jwksUri, ...asked } = parsed.data;
  const keyed = asked.token_endpoint_auth_method === 'private_key_jwt';
  if (jwksUri !== undefined && jwks !== undefined) throw invalid('jwks_uri');
  if (keyed !== ((jwks ?? jwksUri) !== undefined)) throw invalid('jwks');
  if (asked.grant_types?.includes('authorization_code') === false) throw invalid('grant_types');
  if (asked.response_types?.includes('code') === false) throw invalid('response_types');
  const kind = keyed ? 'web' : 'public';
  const postLogoutRedirectUris = asked.post_logout_redirect_uris ?? [];
  const uris = [...asked.redirect_uris, ...postLogoutRedirectUris];
  if (uris.some((uri) => faultOfUri(uri, kind) !== undefined)) throw new AuthError('redirect_uri_refused');
  const keys = await Promise.all((jwks?.keys ?? []).map(demandKey));
  const fetched = jwksUri === undefined ? [] : await by.readKeys({ jwksUri, uris });
  return {
    name: asked.client_name ?? hostOf(asked.redirect_uris[0] ?? ''),
    kind,
    keys: [...keys, ...fetched],
    // Only an application that says it makes proofs is held to them.
    bearer: asked.dpop_bound_access_tokens !== true,
    audiences: by.policy.audiences,
    registration: {
      redirectUris: asked.redirect_uris,
      postLogoutRedirectUris,
      // Not taken from strangers: the issuer would call it.
      backchannelLogoutUri: null,
      by: by.how,
      consent: 'ask',
      // A document says it anew each time.
      ...(jwksUri === undefined || by.how === 'document' ? {} : { jwksUri }),
    },
  };
}

/** What an application says of itself is unsound in this member. */
export function invalid(member: string): AuthError {
  return new AuthError('client_metadata_invalid', { detail: { claim: member } });
}

/** A public key with what its owner calls it; undefined where it is none of ours. */
export async function readNamedKey(jwk: Readonly<Record<string, unknown>>): Promise<PublicJwk | undefined> {
  const key = await importPublicKey(jwk).catch(() => undefined);
  const name = z.string().min(1).max(128).safeParse(jwk['kid']);
  return key && { ...key.jwk, ...(name.success ? { kid: name.data } : {}) };
}

async function demandKey(jwk: Readonly<Record<string, unknown>>): Promise<PublicJwk> {
  const key = await readNamedKey(jwk);
  if (key === undefined) throw invalid('jwks');
  return key;
}

function hostOf(uri: string): string {
  const { host } = new URL(uri);
  return isLoopback(uri) || host === '' ? 'An application without a name' : host;
}
