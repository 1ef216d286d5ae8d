import {
  generatePrivateJwk,
  importSigningKey,
  publishedJwk,
  signProof,
  signSessionToken,
  type AlgorithmName,
  type SessionTokenClaims,
  type SigningKey,
} from '@symbolon/token';
import { randomBytes } from 'node:crypto';

/** A clock that stands still until it is told to move; milliseconds. */
export interface FakeClock {
  (): number;
  advance(milliseconds: number): void;
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
  keySet(): { keys: unknown[] };
  /** Signs a token; without a `carrier` it is a bearer token. */
  token(claims?: Partial<SessionTokenClaims>, key?: SigningKey): Promise<string>;
  /** Answers for the metadata and the key set, as `fetch`, and counts. */
  fetch: typeof fetch;
  requests: string[];
}

export async function createTestIssuer(options: { clock: () => number; url?: string }): Promise<TestIssuer> {
  const { clock, url = issuerUrl } = options;
  const requests: string[] = [];
  const issuer: TestIssuer = {
    url,
    clock,
    requests,
    keys: [await newKey()],
    keySet: () => ({ keys: issuer.keys.map((key) => publishedJwk(key, 'session')) }),
    token: (claims = {}, key) => signSessionToken(claimsOf(issuer, claims), key ?? firstOf(issuer.keys)),
    fetch: (input) => {
      const asked = input instanceof Request ? input.url : input.toString();
      requests.push(asked);
      return Promise.resolve(answerTo(issuer, asked));
    },
  };
  return issuer;
}

/** A holder with a key of its own: makes tokens bound to it and a proof for each request. */
export interface TestHolder {
  readonly key: SigningKey;
  token(claims?: Partial<SessionTokenClaims>): Promise<string>;
  proof(request: {
    token: string;
    method?: string;
    url?: string;
    nonce?: string;
    now?: number;
  }): Promise<string>;
  /** The headers of one request, with a fresh proof. */
  headers(request: {
    token: string;
    method?: string;
    url?: string;
    nonce?: string;
  }): Promise<Record<string, string>>;
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
