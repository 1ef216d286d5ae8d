import { signIdToken } from '@symbolon/token';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { Issue } from '../storage/port/decisions.ts';

const micros = 1_000_000;
/** How long an ID token is good, in seconds: it is read once, when the person comes back. */
const life = 300;

/** The authentication context of a passkey that verified its user (OpenID Connect EAP ACR values). */
export const passkeyContext = 'phr';

/** The methods (RFC 8176) that prove a key; `app:` marks the word of an application that signs people in itself. */
const phishingResistant = new Set(['hwk', 'swk', 'pop'].flatMap((method) => [method, `app:${method}`]));

/** The authentication context of these methods: a passkey's, or undefined. */
export function contextOf(amr: readonly string[]): string | undefined {
  return amr.some((method) => phishingResistant.has(method)) ? passkeyContext : undefined;
}

/**
 * Signs the ID token beside an access token of what a person allowed, where that holds `openid`; otherwise nothing.
 *
 * With a code it answers the request's `nonce` (OpenID Connect Core section 3.1.3.3); a refresh answers none, and all it
 * says of the sign-in stays as it was (section 12.2).
 */
export async function signIdentity(
  issued: Issue & { readonly nonce: string | null; readonly accessToken: string },
  by: { issuer: string; keys: SigningKeys },
): Promise<{ readonly id_token?: string }> {
  const { session, now, nonce, accessToken } = issued;
  if (session.grantId === null || !session.scope.split(' ').includes('openid')) return {};
  const iat = Math.floor(now / micros);
  const amr = session.amr ?? [];
  const acr = contextOf(amr);
  const claims = {
    ...{ iss: by.issuer, sub: session.subject, aud: session.clientId, iat, exp: iat + life },
    auth_time: Math.floor((session.authenticatedAt ?? session.startedAt) / micros),
    ...{ sid: session.sid, accessToken },
    ...(nonce === null ? {} : { nonce }),
    ...(amr.length === 0 ? {} : { amr }),
    ...(acr === undefined ? {} : { acr }),
  };
  return { id_token: await signIdToken(claims, await by.keys.identitySigner()) };
}
