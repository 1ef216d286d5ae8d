import { signProof, type SigningKey } from '@symbolon/token';
import { abortable } from './abortable.ts';
import { dpopErrorOf } from './challenges.ts';
import type { ClockOffsets } from './clock-offset.ts';
import { HolderError, refused, transient } from './errors.ts';
import { discard } from './json-answer.ts';
import type { Nonces } from './nonces.ts';
import { redirectOf } from './redirect.ts';
import { readCall, type Call } from './request-call.ts';
import type { Send } from './send.ts';
import type { Clocks } from './stopwatch.ts';
import type { TokenResult, TokenSource } from './token-source.ts';

/** Like the platform's `fetch`, with the session token and a proof on every request. */
export type HolderFetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/** What `fetch` is made of. */
export interface FetchOptions {
  readonly source: TokenSource;
  /** The key that the tokens are bound to. */
  readonly key: SigningKey;
  readonly send: Send;
  readonly clocks: Clocks;
  readonly offsets: ClockOffsets;
  readonly nonces: Nonces;
  readonly origins: ReadonlySet<string>;
}

type Remedy = 'nonce' | 'clock' | 'token';

const mostRedirects = 5;

/**
 * Makes a `fetch` that adds token and proof (RFC 9449 section 7.1).
 *
 * A refused request is repeated at most once for each of three causes: a nonce that the resource demands, a
 * clock that is wrong here, a token that it no longer takes. Redirects are followed by hand, since a proof is
 * for one URL, and never to another origin. The platform's own errors pass through unchanged.
 *
 * The function throws HolderError when there is no token or the request cannot be repeated, TypeError for an
 * origin that may not see the token or a request that has credentials already.
 */
export function createFetch(options: FetchOptions): HolderFetch {
  return async (input, init) => {
    let call = readCall(input, init);
    for (let redirects = 0; ; redirects++) {
      const response = await fetchOne(call, options);
      const next = call.redirect === 'follow' ? redirectOf(response, call) : undefined;
      if (next === undefined) return response;
      await discard(response);
      if (redirects === mostRedirects)
        throw new HolderError(refused('redirect_refused', 'too many redirects'));
      call = next;
    }
  };
}

async function fetchOne(call: Call, options: FetchOptions): Promise<Response> {
  checkOrigin(call, options.origins);
  const remedies = new Set<Remedy>(['nonce', 'clock', 'token']);
  let token = tokenOf(await abortable(options.source.current(), call.signal));
  for (;;) {
    const { response, remedy } = await attempt(call, token, options);
    if (remedy === undefined || !remedies.delete(remedy)) return response;
    const rejected = token;
    if (remedy === 'token') token = tokenOf(await abortable(options.source.replacing(rejected), call.signal));
    if (remedy === 'token' && token === rejected) return response;
    await discard(response);
    if (!call.repeatable) throw new HolderError(notRepeatable(remedy));
  }
}

async function attempt(
  call: Call,
  token: string,
  options: FetchOptions,
): Promise<{ response: Response; remedy: Remedy | undefined }> {
  const { nonces, offsets, clocks, send } = options;
  const used = { nonce: nonces.current(call.origin), offset: offsets.at(call.origin) };
  const request = await withCredentials(call, token, options);
  const sentAt = clocks.wall();
  const response = await send(request);
  nonces.learn(call.origin, response.headers);
  return { response, remedy: remedyOf(response, { origin: call.origin, sentAt, used, options }) };
}

function checkOrigin({ origin }: Call, origins: ReadonlySet<string>): void {
  if (origins.has(origin)) return;
  const expected = [...origins].join(', ');
  throw new TypeError(
    `unexpected origin ${origin}, expected ${expected}: a token is shown to no other unless allowedOrigins names it`,
  );
}

function tokenOf(result: TokenResult): string {
  if (result.kind !== 'ok') throw new HolderError(result);
  return result.token;
}

async function withCredentials(call: Call, token: string, options: FetchOptions): Promise<Request> {
  const { offsets, nonces, key } = options;
  const request = call.next();
  const nonce = nonces.current(call.origin);
  const { method, url } = request;
  const now = offsets.secondsAt(call.origin);
  const proof = await signProof({ method, url, now, token, ...(nonce === undefined ? {} : { nonce }) }, key);
  request.headers.set('authorization', `DPoP ${token}`);
  request.headers.set('dpop', proof);
  return request;
}

/** What would make the same request pass; another request may have learnt it a moment ago. */
function remedyOf(
  response: Response,
  context: {
    origin: string;
    sentAt: number;
    used: { nonce: string | undefined; offset: number };
    options: FetchOptions;
  },
): Remedy | undefined {
  const { origin, sentAt, used, options } = context;
  const error = response.status === 401 ? dpopErrorOf(response.headers) : undefined;
  if (error === 'invalid_token') return 'token';
  if (error === 'use_dpop_nonce') return options.nonces.current(origin) === used.nonce ? undefined : 'nonce';
  if (error !== 'invalid_dpop_proof') return undefined;
  options.offsets.learn(origin, { headers: response.headers, sentAt });
  return options.offsets.at(origin) === used.offset ? undefined : 'clock';
}

function notRepeatable(remedy: Remedy): ReturnType<typeof transient> {
  const learned = { nonce: 'its nonce', clock: 'its time', token: 'a new token' }[remedy];
  const description = `the resource asks for the request again (${learned} is known now), but the body is a stream that was used up; call again with a new body`;
  return transient('body_not_repeatable', description, { retryAfter: 0 });
}
