import { signProof, type SigningKey } from '@symbolon/token';
import { abortable } from './abortable.ts';
import { dpopChallengeOf } from './challenges.ts';
import type { ClockOffsets } from './clock-offset.ts';
import { HolderError, refused, transient } from './errors.ts';
import { discard } from './json-answer.ts';
import type { Nonces } from './nonces.ts';
import { presenceAskedBy, type PresenceAsked, type ProvePresence } from './presence.ts';
import { redirectOf } from './redirect.ts';
import { readCall, type Call } from './request-call.ts';
import type { Send } from './send.ts';
import { sameSubject } from './token-subject.ts';
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
  /** How the person is asked to prove presence; without it the answer that asks for that goes to the caller. */
  readonly provePresence?: ProvePresence | undefined;
}

type Remedy = { readonly kind: 'nonce' | 'clock' | 'token' } | AskPerson;
interface AskPerson {
  readonly kind: 'presence';
  readonly asked: PresenceAsked;
}

const mostRedirects = 5;
const somebodyElse = refused(
  'redirect_refused',
  'the request was redirected, and somebody else has signed in here meanwhile: nothing more was sent',
);

/**
 * Makes a `fetch` that adds token and proof (RFC 9449 section 7.1).
 *
 * A refused request is repeated at most once for each of four causes: a nonce that the resource demands, a
 * clock that is wrong here, a token that it no longer takes, a person whose presence it wants proved; never in the
 * name of somebody else. Redirects are followed by hand, since a proof is for one URL, and never to another origin.
 * The platform's own errors pass through unchanged.
 *
 * The function throws HolderError when there is no token or the request cannot be repeated, TypeError for an
 * origin that may not see the token or a request that has credentials already.
 */
export function createFetch(options: FetchOptions): HolderFetch {
  return async (input, init) => {
    let call = readCall(input, init);
    let before: string | undefined;
    for (let redirects = 0; ; redirects++) {
      const { response, token } = await fetchOne(call, { before, options });
      const next = call.redirect === 'follow' ? redirectOf(response, call) : undefined;
      if (next === undefined) return response;
      discard(response);
      if (redirects === mostRedirects)
        throw new HolderError(refused('redirect_refused', 'too many redirects'));
      call = next;
      before = token;
    }
  };
}

interface Answered {
  readonly response: Response;
  /** What the request was sent with at last. */
  readonly token: string;
}

/** Sends a request that may be repeated; `before` is the token of the one that led to it. */
async function fetchOne(
  call: Call,
  { before, options }: { before: string | undefined; options: FetchOptions },
): Promise<Answered> {
  checkOrigin(call, options.origins);
  const remedies = new Set<Remedy['kind']>(['nonce', 'clock', 'token', 'presence']);
  let token = tokenOf(await abortable(options.source.current(), call.signal));
  if (before !== undefined && !sameSubject(token, before)) throw new HolderError(somebodyElse);
  for (;;) {
    const { response, remedy } = await attempt(call, token, options);
    if (remedy === undefined || !remedies.delete(remedy.kind)) return { response, token };
    // A person is not called for a request that could not be repeated afterwards.
    if (remedy.kind === 'presence' && !call.repeatable) return { response, token };
    const rejected = token;
    if (remedy.kind === 'token' || remedy.kind === 'presence') {
      token = await replace(rejected, { remedy, call, options });
      if (token === rejected) return { response, token };
    }
    discard(response);
    if (!call.repeatable) throw new HolderError(notRepeatable(remedy.kind));
  }
}

async function replace(
  rejected: string,
  context: { remedy: Remedy; call: Call; options: FetchOptions },
): Promise<string> {
  const token = await another(rejected, context);
  // What one person asked for is never done in the name of another who came to the device instead.
  return sameSubject(token, rejected) ? token : rejected;
}

async function another(
  rejected: string,
  { remedy, call, options }: { remedy: Remedy; call: Call; options: FetchOptions },
): Promise<string> {
  const { source, provePresence } = options;
  if (remedy.kind !== 'presence') return tokenOf(await abortable(source.replacing(rejected), call.signal));
  const held = tokenOf(await abortable(source.current(), call.signal));
  // Another request may have had the person proved a moment ago.
  if (held !== rejected) return held;
  await abortable(provePresence?.(remedy.asked) ?? Promise.resolve(), call.signal);
  source.reset();
  return tokenOf(await abortable(source.current(), call.signal));
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
  const challenge = response.status === 401 ? dpopChallengeOf(response.headers) : undefined;
  const error = challenge?.get('error');
  if (error === 'invalid_token') return { kind: 'token' };
  const asked = options.provePresence && presenceAskedBy(challenge);
  if (asked !== undefined) return { kind: 'presence', asked };
  if (error === 'use_dpop_nonce') {
    return options.nonces.current(origin) === used.nonce ? undefined : { kind: 'nonce' };
  }
  if (error !== 'invalid_dpop_proof') return undefined;
  options.offsets.learn(origin, { headers: response.headers, sentAt });
  return options.offsets.at(origin) === used.offset ? undefined : { kind: 'clock' };
}

function notRepeatable(remedy: Remedy['kind']): ReturnType<typeof transient> {
  const learned = {
    nonce: 'its nonce',
    clock: 'its time',
    token: 'a new token',
    presence: 'that the person is there',
  }[remedy];
  const description = `the resource asks for the request again (${learned} is known now), but the body is a stream that was used up; call again with a new body`;
  return transient('body_not_repeatable', description, { retryAfter: 0 });
}
