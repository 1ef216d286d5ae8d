import type { Refused, Transient } from '../errors.ts';
import { refused } from '../errors.ts';
import type { TokenEndpoint } from '../token-endpoint.ts';
import { codeChallenge, type SignInBegun } from './begun.ts';

/** What a sign-in asks of the issuer and the person. */
export interface SignInAsked {
  /** Space-separated scope; the holder's own by default. */
  readonly scope?: string;
  /** `login`: the person proves a passkey again. `consent`: is asked again. `none`: is asked nothing at all. */
  readonly prompt?: 'login' | 'consent' | 'none';
  /** At most so many seconds ago the person must have proved presence. */
  readonly maxAge?: number;
  readonly acrValues?: string;
  /** The account that is meant, if the application knows. */
  readonly loginHint?: string;
}

/**
 * Makes the URL to which a person is sent to sign in (authorization code with PKCE S256, RFC 7636; the code bound to
 * the holder's key, RFC 9449 section 10; one audience, RFC 8707). Hands the request over by the back channel where the
 * issuer takes it in no other way (RFC 9126).
 */
export async function authorizationUrl(
  begun: SignInBegun,
  asked: SignInAsked,
  context: { clientId: string; audience: string; thumbprint: string; endpoint: TokenEndpoint },
): Promise<{ readonly kind: 'ok'; readonly url: string } | Transient | Refused> {
  const { clientId, endpoint } = context;
  const endpoints = await endpoint.endpoints();
  if (endpoints.kind !== 'ok') return endpoints;
  const { authorization, pushOnly } = endpoints;
  if (authorization === undefined) return refused('sign_in_unsupported', 'the issuer has no sign-in');
  const parameters = await parametersOf(begun, asked, context);
  if (!pushOnly) return { kind: 'ok', url: withQuery(authorization, { client_id: clientId, ...parameters }) };
  const pushed = await endpoint.push(() => parameters);
  if (pushed.kind !== 'ok') return pushed;
  const query = { client_id: clientId, request_uri: pushed.requestUri };
  return { kind: 'ok', url: withQuery(authorization, query) };
}

async function parametersOf(
  begun: SignInBegun,
  asked: SignInAsked,
  { audience, thumbprint }: { audience: string; thumbprint: string },
): Promise<Record<string, string>> {
  const optional = {
    scope: asked.scope,
    prompt: asked.prompt,
    max_age: asked.maxAge?.toString(),
    acr_values: asked.acrValues,
    login_hint: asked.loginHint,
  };
  return {
    response_type: 'code',
    redirect_uri: begun.redirectUri,
    state: begun.state,
    code_challenge: await codeChallenge(begun.codeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: thumbprint,
    resource: audience,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >),
  };
}

/** An endpoint's URL may have a query of its own (RFC 6749 section 3.1). */
export function withQuery(endpoint: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
