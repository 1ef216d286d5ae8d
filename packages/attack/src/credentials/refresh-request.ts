import { randomBytes } from 'node:crypto';
import { forgeProof, type Credential } from './credential.ts';
import type { HeaderList, RequestParts } from '../http/exchange.ts';

/** How refresh tokens are redeemed at a token endpoint of any make (RFC 6749 section 6). */
export interface RefreshRequestOptions {
  readonly endpoint: string;
  readonly clientId: string;
  /** Sent by HTTP Basic. */
  readonly secret?: string;
  /** More members of the form, made anew for each request: a client assertion, a resource. */
  readonly form?: () => Promise<Readonly<Record<string, string>>>;
  readonly clock?: () => number;
}

/**
 * Makes the request that redeems a credential's refresh token; `nonce` is what the issuer asked for last to have in the
 * proof (RFC 9449 section 8).
 */
export type MakeRefreshRequest = (
  credential: Credential,
  refreshToken: string,
  told?: { readonly nonce: string | undefined },
) => Promise<RequestParts>;

/** How a refresh differs from an honest one; `nonce` is what a proof has to hold. */
export type RefreshChange = (request: RequestParts, nonce: string | undefined) => RequestParts;

/** Makes the requests that redeem refresh tokens; a bound credential brings its proof. */
export function refreshRequests(options: RefreshRequestOptions): MakeRefreshRequest {
  const { endpoint: url, clientId, form = () => Promise.resolve({}) } = options;
  return async ({ carrier }, refreshToken, told) => {
    const members = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
    const iat = Math.floor((options.clock ?? Date.now)() / 1000);
    const jti = randomBytes(16).toString('base64url');
    const of = { method: 'POST', url, token: undefined, nonce: told?.nonce, iat, jti };
    const proof: HeaderList = carrier.kind === 'dpop' ? [['DPoP', forgeProof(carrier.key, of)]] : [];
    return {
      url,
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...basicOf(options), ...proof],
      body: new URLSearchParams({ ...members, ...(await form()) }).toString(),
    };
  };
}

function basicOf({ clientId, secret }: RefreshRequestOptions): HeaderList {
  if (secret === undefined) return [];
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return [['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`]];
}
