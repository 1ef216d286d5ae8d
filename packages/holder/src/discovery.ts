import { transient, refused, type Refused, type Transient } from './errors.ts';
import { parseRetryAfter } from './http-date.ts';
import { readJsonObject, type JsonObject } from './json-answer.ts';
import { isSecure, requireUrl } from './origins.ts';
import type { Send } from './send.ts';

/** Where the issuer takes requests (RFC 8414 section 2). */
export interface Endpoints {
  readonly kind: 'ok';
  readonly token: string;
  readonly revocation: string | undefined;
  readonly authorization: string | undefined;
  readonly pushedRequest: string | undefined;
  /** Whether the issuer takes authorization requests by the back channel only (RFC 9126 section 5). */
  readonly pushOnly: boolean;
  readonly endSession: string | undefined;
}

/** Finds the issuer's endpoints: one request, whoever asks meanwhile; the result is kept until `forget`. */
export interface Discovery {
  endpoints(): Promise<Endpoints | Transient | Refused>;
  /** Looks again next time: what was found does not answer as an endpoint does. */
  forget(): void;
}

const timeout = 10_000;

/** Makes the discovery of one issuer; nothing is fetched yet. */
export function createDiscovery(options: { issuer: string; send: Send; wall: () => number }): Discovery {
  const url = metadataUrl(options.issuer);
  let found: Promise<Endpoints | Transient | Refused> | undefined;
  const look = async (): Promise<Endpoints | Transient | Refused> => {
    const result = await load(url, options);
    if (result.kind !== 'ok') found = undefined;
    return result;
  };
  return {
    endpoints: () => (found ??= look()),
    forget: () => {
      found = undefined;
    },
  };
}

/** The metadata's place: between host and path of the issuer (RFC 8414 section 3.1). */
function metadataUrl(issuer: string): string {
  const { origin, pathname } = requireUrl(issuer, 'issuer');
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`;
}

async function load(
  url: string,
  options: { issuer: string; send: Send; wall: () => number },
): Promise<Endpoints | Transient | Refused> {
  try {
    const signal = AbortSignal.timeout(timeout);
    const request = new Request(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } });
    const response = await options.send(request);
    const body = await readJsonObject(response);
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'), options.wall());
    if (response.status !== 200 || body === undefined) return unreadable(response.status, retryAfter);
    return readEndpoints(body, options.issuer);
  } catch (cause) {
    return transient('issuer_unreachable', `no answer from ${url}`, { cause });
  }
}

function readEndpoints(body: JsonObject, issuer: string): Endpoints | Transient | Refused {
  if (typeof body['issuer'] === 'string' && body['issuer'] !== issuer) {
    return refused(
      'issuer_unexpected',
      `unexpected issuer ${body['issuer'].slice(0, 200)} in the metadata, expected ${issuer}`,
    );
  }
  const token = body['token_endpoint'];
  if (body['issuer'] !== issuer || !isEndpoint(token)) return unreadable(200, undefined);
  const endpoint = (name: string): string | undefined => {
    const value = body[`${name}_endpoint`];
    return isEndpoint(value) ? value : undefined;
  };
  return {
    kind: 'ok',
    token,
    revocation: endpoint('revocation'),
    authorization: endpoint('authorization'),
    pushedRequest: endpoint('pushed_authorization_request'),
    pushOnly: body['require_pushed_authorization_requests'] === true,
    endSession: endpoint('end_session'),
  };
}

function isEndpoint(value: unknown): value is string {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url !== null && url.username === '' && url.password === '' && url.hash === '' && isSecure(url);
}

function unreadable(status: number, retryAfter: number | undefined): Transient {
  const description = `unexpected answer of the issuer's metadata (status ${status}), expected JSON by RFC 8414`;
  return transient('issuer_answer_malformed', description, { retryAfter });
}
