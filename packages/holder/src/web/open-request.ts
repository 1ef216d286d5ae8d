import type { SigningKey } from '@symbolon/token';
import { HolderError, type Refused, type Transient } from '../errors.ts';
import { createFetch, type HolderFetch } from '../fetch.ts';
import type { Surroundings } from '../options.ts';
import type { PairStore } from '../pair-store.ts';
import { createRefresh, obtainedFrom, toPair } from '../refresh.ts';
import type { Obtained, TokenEndpoint } from '../token-endpoint.ts';
import { createTokenSource, phaseOf } from '../token-source.ts';
import { crossSite, personal } from './answers.ts';
import type { CookieJar } from './cookies.ts';
import type { SessionKeeper } from './keeper.ts';
import { mayAct } from './same-origin.ts';
import type { WebRequest } from './web-request.ts';

/** The session of one request. */
export interface WebSession {
  readonly sessionId: string;
  /** Fetches as this person. @throws HolderError if there is no token to send: `transient` is no reason to sign out. */
  readonly fetch: HolderFetch;
}

/** A request whose cookie was read, and whose token is fresh. */
export interface OpenedRequest {
  /** Undefined: nobody is signed in. */
  readonly session: WebSession | undefined;
  /** What the answer's headers must be; known before the page is rendered, and again after it. */
  readonly headers: () => Promise<readonly (readonly [name: string, value: string])[]>;
}

/** How long a browser keeps the cookie, in seconds: as long as browsers keep any. The issuer says when it is over. */
export const cookieLife = 400 * 86_400;

/** The cookie of the session, and what is behind it. */
export interface SessionCookie {
  readonly jar: CookieJar;
  readonly name: string;
  readonly keeper: SessionKeeper;
}

/** Reads the sessions of requests. */
export interface Opening {
  readonly open: (request: WebRequest) => Promise<OpenedRequest>;
  readonly readCookie: (
    request: WebRequest,
  ) => Promise<{ value: string | undefined; store: PairStore | undefined }>;
}

/** Makes what opens requests: cookie, then origin, then a fresh token. */
export function createOpening(options: {
  cookies: SessionCookie;
  origin: string;
  endpoint: TokenEndpoint;
  key: SigningKey;
  surroundings: Surroundings;
}): Opening {
  const { origin, endpoint, key, surroundings } = options;
  const { jar, name, keeper } = options.cookies;
  const { clocks } = surroundings;
  const flights = new Map<string, Promise<Obtained | Transient | Refused>>();

  /** Requests of one page come together: one of them refreshes for all that this process has in hand. */
  const refreshOnce = (token: string, refresh: () => Promise<Obtained | Transient | Refused>) => {
    const flight = flights.get(token) ?? refresh();
    flights.set(token, flight);
    const forget = (): void => void flights.delete(token);
    flight.then(forget, forget);
    return flight;
  };

  const readCookie = async (
    request: WebRequest,
  ): Promise<{ value: string | undefined; store: PairStore | undefined }> => {
    const value = jar.read(request.headers.get('cookie'), name);
    return { value, store: value === undefined ? undefined : await keeper.open(value) };
  };

  const open = async (request: WebRequest): Promise<OpenedRequest> => {
    const { value, store } = await readCookie(request);
    const pair = await store?.load();
    if (value === undefined) return { session: undefined, headers: () => Promise.resolve([]) };
    if (!mayAct(request, origin)) throw new HolderError(crossSite);
    if (store === undefined || pair === undefined) return nobody;
    const refresh = createRefresh({ endpoint, store, clocks });
    if (phaseOf(obtainedFrom(pair, clocks)) !== 'fresh') {
      const refreshed = await refreshOnce(pair.token, () => refresh(pair.token));
      if (refreshed.kind === 'refused' && refreshed.error === 'invalid_grant') {
        await keeper.forget(value);
        return nobody;
      }
      // Another request's refresh has saved to its own copy of the cookie.
      if (refreshed.kind === 'ok') await saveTo(store, refreshed);
    }
    const source = createTokenSource(refresh, clocks);
    const session = { sessionId: pair.sessionId, fetch: createFetch({ source, key, ...surroundings }) };
    const headers = async () => {
      const now = await store.load();
      if (now === undefined || now.token === pair.token) return personal;
      return [
        ...personal,
        ['set-cookie', jar.write(name, await keeper.keep(now, value), cookieLife)] as const,
      ];
    };
    return { session, headers };
  };
  const nobody: OpenedRequest = {
    session: undefined,
    headers: () => Promise.resolve([...personal, ['set-cookie', jar.write(name, '', 0)]]),
  };

  return { open, readCookie };
}

async function saveTo(store: PairStore, { issued, sentAt }: Obtained): Promise<void> {
  const pair = toPair(issued, sentAt);
  if (pair !== undefined) await store.save(pair);
}
