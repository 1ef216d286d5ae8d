import { createGuard, type Guard, type GuardOptions, type Session } from '@symbolon/guard';
import {
  AuthError,
  generatePrivateJwk,
  importSigningKey,
  publishedJwk,
  signProof,
  signSessionToken,
  type AlgorithmName,
  type AuthErrorCode,
  type SessionTokenClaims,
  type SigningKey,
} from '@symbolon/token';
import { equal } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { createTestFeed, type TestFeed } from './test-feed.ts';

/** A clock that stands still until it is told to move; milliseconds. */
export interface FakeClock {
  (): number;
  readonly advance: (milliseconds: number) => void;
}

export function fakeClock(start: number = Date.UTC(2026, 10, 23, 12)): FakeClock {
  let now = start;
  return Object.assign(() => now, {
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
  });
}

export const issuerUrl = 'https://issuer.example';
export const audience = 'https://api.example';

/** 128 random bits, as ids are. */
export const randomId = (): string => randomBytes(16).toString('base64url');

export async function newKey(alg: AlgorithmName = 'EdDSA'): Promise<SigningKey> {
  return importSigningKey(await generatePrivateJwk(alg));
}

/** An issuer that really signs: it publishes `keys` and signs with the first. */
export interface TestIssuer {
  readonly url: string;
  readonly clock: () => number;
  /** The published keys; change it to rotate. */
  keys: readonly SigningKey[];
  readonly keySet: () => { keys: unknown[] };
  /** Signs a token; without a `carrier` it is a bearer token. */
  readonly token: (claims?: Partial<SessionTokenClaims>, key?: SigningKey) => Promise<string>;
  readonly feed: TestFeed;
  /** Answers for the metadata, the key set and the feed, as `fetch`, and counts. */
  fetch: typeof fetch;
  /** The same for a guard that has an identity: it gets the stream and may acknowledge. */
  readonly identity: typeof fetch;
  requests: string[];
}

export async function createTestIssuer(options: { clock: () => number; url?: string }): Promise<TestIssuer> {
  const { clock, url = issuerUrl } = options;
  const requests: string[] = [];
  const kids = (): readonly string[] => issuer.keys.map((key) => key.kid);
  const issuer: TestIssuer = {
    url,
    clock,
    requests,
    feed: createTestFeed({ url, clock, kids, key: await newKey() }),
    keys: [await newKey()],
    keySet: () => ({ keys: issuer.keys.map((key) => publishedJwk(key, 'session')) }),
    token: (claims = {}, key) => signSessionToken(claimsOf(issuer, claims), key ?? firstOf(issuer.keys)),
    fetch: async (input, init = {}) => {
      const asked = input instanceof Request ? input.url : input.toString();
      requests.push(asked);
      const feed = `${url}/revocations`;
      if (!asked.startsWith(feed)) return answerTo(issuer, asked);
      const headers = new Headers(init.headers);
      const needsIdentity = headers.get('accept') === 'text/event-stream' || init.method === 'POST';
      if (needsIdentity && !headers.has('authorization')) return new Response('', { status: 401 });
      return issuer.feed.fetch(asked.slice(feed.length), init);
    },
    identity: (input, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', 'DPoP of-the-guard');
      return issuer.fetch(input, { ...init, headers });
    },
  };
  return issuer;
}

/** A holder with a key of its own: makes tokens bound to it and a proof for each request. */
export interface TestHolder {
  readonly key: SigningKey;
  readonly token: (claims?: Partial<SessionTokenClaims>) => Promise<string>;
  readonly proof: (request: {
    token: string;
    method?: string;
    url?: string;
    nonce?: string;
    now?: number;
  }) => Promise<string>;
  /** The headers of one request, with a fresh proof. */
  readonly headers: (request: {
    token: string;
    method?: string;
    url?: string;
    nonce?: string;
  }) => Promise<Record<string, string>>;
}

export async function createTestHolder(
  issuer: TestIssuer,
  options: { alg?: AlgorithmName } = {},
): Promise<TestHolder> {
  const key = await newKey(options.alg);
  const holder: TestHolder = {
    key,
    token: (claims) => issuer.token({ cnf: { jkt: key.kid }, ...claims }),
    proof: ({ token, method = 'GET', url = `${audience}/orders`, now = issuer.clock() / 1000, ...nonce }) =>
      signProof({ method, url, now, token, ...nonce }, key),
    headers: async (request) => ({
      authorization: `DPoP ${request.token}`,
      dpop: await holder.proof(request),
    }),
  };
  return holder;
}

/** A request as a guard sees it. */
export function view(
  headers: Record<string, string>,
  request: { method?: string; url?: string } = {},
): { method: string; url: string; headers: Headers } {
  return { method: 'GET', url: '/orders', ...request, headers: new Headers(headers) };
}

function claimsOf(issuer: TestIssuer, claims: Partial<SessionTokenClaims>): SessionTokenClaims {
  const now = Math.floor(issuer.clock() / 1000);
  const carrier = claims.cnf === undefined && claims.crr === undefined ? { crr: 'bearer' as const } : {};
  return {
    iss: issuer.url,
    sub: 'machine-1',
    aud: audience,
    client_id: 'client-1',
    iat: now,
    exp: now + 300,
    jti: randomId(),
    sid: randomId(),
    sst: now * 1_000_000,
    sh: randomId(),
    ...carrier,
    ...claims,
  };
}

function answerTo(issuer: TestIssuer, asked: string): Response {
  if (asked.endsWith('/.well-known/oauth-authorization-server'))
    return Response.json({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
  return asked === `${issuer.url}/jwks`
    ? Response.json(issuer.keySet())
    : new Response('not found', { status: 404 });
}

function firstOf<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new TypeError('expected at least one');
  return first;
}

/** One issuer, one holder and a guard that has the key set and has run for ten seconds. */
export interface Scene {
  readonly clock: FakeClock;
  readonly issuer: TestIssuer;
  readonly holder: TestHolder;
  readonly guard: Guard;
  /** Another process of the same server. */
  readonly another: (options?: Partial<GuardOptions>) => Promise<Guard>;
  /** Sends one honest request of the holder with a fresh proof: the positive control. */
  readonly honest: (token?: string, request?: { method?: string; path?: string }) => Promise<Session>;
}

const opened: Guard[] = [];
after(() => {
  for (const guard of opened) guard.close();
});

export async function createScene(options: Partial<GuardOptions> = {}): Promise<Scene> {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const holder = await createTestHolder(issuer);
  const another = async (more: Partial<GuardOptions> = {}): Promise<Guard> => {
    const made = createGuard({
      issuer: issuer.url,
      audience,
      clock,
      staleFeed: 'accept',
      fetch: issuer.fetch,
      ...options,
      ...more,
    });
    opened.push(made);
    await made.ready();
    return made;
  };
  const guard = await another();
  clock.advance(10_000);
  const honest = async (
    token?: string,
    request: { method?: string; path?: string } = {},
  ): Promise<Session> => {
    const { method = 'GET', path = '/orders' } = request;
    const sent = { token: token ?? (await holder.token()), method, url: audience + path };
    return guard.authenticate(view(await holder.headers(sent), { method, url: path }));
  };
  return { clock, issuer, holder, guard, another, honest };
}

/** The refusal that a promise ends in; anything else it ends in fails the test. */
export async function refusalOf(promise: Promise<unknown>): Promise<AuthError> {
  const outcome = await promise.then(
    () => new Error('expected a refusal, but the request was accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof AuthError) return outcome;
  throw outcome;
}

/** Fails unless the promise ends in a refusal with exactly this code. */
export async function refuses(promise: Promise<unknown>, code: AuthErrorCode): Promise<AuthError> {
  const refusal = await refusalOf(promise);
  equal(refusal.code, code);
  return refusal;
}

/** Waits until something is so, at most 30 s; looks every few milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await isSo());) {
    if (performance.now() - start > 30_000) throw new Error('it did not become so within 30 s');
    await settled();
  }
}

/** Waits until what runs in the background of a fake fetch has ended. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
