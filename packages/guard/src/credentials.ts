import { AuthError, maxTokenLength } from '@symbolon/token';
import { readCookie } from './cookie-requests.ts';
import type { RequestView } from './request-view.ts';

/** What a request presents: one scheme, one token and, with the DPoP scheme, one proof; all still unverified. */
export type Credentials =
  | { readonly scheme: 'DPoP'; readonly token: string; readonly proof: string }
  | { readonly scheme: 'Bearer' | 'Cookie'; readonly token: string; readonly proof: undefined };

const longestScheme = 8;

/**
 * Reads the credentials of a request to a guard that takes the cookie `name` too, and only one of them.
 *
 * @throws AuthError as {@link readCredentials} and {@link readCookie} do.
 */
export function readCookieOrCredentials(headers: RequestView['headers'], name: string): Credentials {
  const token = readCookie(headers, name);
  if (token === undefined) return readCredentials(headers);
  const authorization = headers.get('authorization') ?? '';
  if (/(?:^|,)\s*(?:dpop|bearer)(?:\s|$)/i.test(authorization.slice(0, maxTokenLength))) {
    throw new AuthError('credentials_multiple');
  }
  if ((headers.get('dpop') ?? '') !== '') throw new AuthError('token_carrier_unexpected');
  if (token.length > maxTokenLength) throw new AuthError('token_too_long');
  return { scheme: 'Cookie', token, proof: undefined };
}

/**
 * Reads the credentials of a request from its `Authorization` and `DPoP` headers (RFC 6750 section 2.1, RFC
 * 9449 section 7.1).
 *
 * The name of the scheme is compared without case; one space and one token follow. Nothing else is read: no
 * query, no body, no cookie. The characters of the token are looked at by {@link checkTokenText}.
 *
 * @throws AuthError: `token_missing`, `credentials_multiple`, `credentials_malformed`, `token_too_long`,
 * `proof_missing`, `proof_multiple`, `token_carrier_unexpected` (a proof beside the Bearer scheme).
 */
export function readCredentials(headers: RequestView['headers']): Credentials {
  const authorization = headers.get('authorization') ?? '';
  if (authorization === '') throw new AuthError('token_missing');
  const space = authorization.indexOf(' ');
  const scheme = schemeOf(space === -1 ? authorization : authorization.slice(0, space));
  if (scheme === undefined) throw new AuthError(otherSchemeFault(authorization));
  if (authorization.length > maxTokenLength + longestScheme) throw new AuthError('token_too_long');
  // A token has no comma: one here means that the header came twice, or names two schemes.
  if (authorization.includes(',')) throw new AuthError('credentials_multiple');
  if (space === -1 || authorization.length === space + 1) throw new AuthError('credentials_malformed');
  const token = authorization.slice(space + 1);
  return withProof({ scheme, token }, headers.get('dpop') ?? '');
}

/**
 * Refuses a token of characters that no token has, spaces above all (RFC 6750 `b64token`).
 *
 * Apart from {@link readCredentials}, since a token that is found among the verified ones passed it before.
 *
 * @throws AuthError `credentials_malformed`.
 */
export function checkTokenText(token: string): void {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new AuthError('credentials_malformed');
}

function schemeOf(name: string): 'DPoP' | 'Bearer' | undefined {
  if (name === 'DPoP' || name === 'Bearer') return name;
  const lower = name.length < longestScheme ? name.toLowerCase() : '';
  if (lower === 'dpop') return 'DPoP';
  return lower === 'bearer' ? 'Bearer' : undefined;
}

/** `Basic …` is somebody else's credential, so a token is missing; beside one of ours it is a second one. */
function otherSchemeFault(authorization: string): 'credentials_multiple' | 'token_missing' {
  return /,\s*(?:dpop|bearer)\s/i.test(authorization.slice(0, maxTokenLength))
    ? 'credentials_multiple'
    : 'token_missing';
}

function withProof(credentials: { scheme: 'DPoP' | 'Bearer'; token: string }, proof: string): Credentials {
  const { scheme, token } = credentials;
  if (scheme === 'Bearer') {
    if (proof !== '') throw new AuthError('token_carrier_unexpected');
    return { scheme, token, proof: undefined };
  }
  if (proof === '') throw new AuthError('proof_missing');
  if (proof.includes(',')) throw new AuthError('proof_multiple');
  return { scheme, token, proof };
}
