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
import type { KeptSession, SessionKeeper } from './keeper.ts';
import { mayAct } from './same-origin.ts';
import { clearing, setting } from './session-cookies.ts';
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

/** The cookies of the session, and what is behind them. */
export interface SessionCookies {
  readonly jar: CookieJar;
  readonly keeper: SessionKeeper;
}

/** Reads the sessions of requests. */
export interface Opening {
  readonly open: (request: WebRequest) => Promise<OpenedRequest>;
  /** The session that a request's cookies lead to; `sent` says whether there were any. */
  readonly read: (request: WebRequest) => Promise<{ sent: boolean; kept: KeptSession | undefined }>;
}

/** Makes what opens requests: cookies, then origin, then a fresh token. */
export function createOpening(options: {
  cookies: SessionCookies;
  origin: string;
  endpoint: TokenEndpoint;
  key: SigningKey;
  surroundings: Surroundings;
}): Opening {
  const { origin, endpoint, key, surroundings } = options;
  const { jar, keeper } = options.cookies;
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

  const read: Opening['read'] = async (request) => {
    const header = request.headers.get('cookie');
    const readCookie = (name: string): string | undefined => jar.read(header, name);
    return { sent: readCookie(keeper.names[0]) !== undefined, kept: await keeper.open(readCookie) };
  };

  const open = async (request: WebRequest): Promise<OpenedRequest> => {
    const { sent, kept } = await read(request);
    if (!sent) return { session: undefined, headers: () => Promise.resolve([]) };
    if (!mayAct(request, origin)) throw new HolderError(crossSite);
    const pair = await kept?.store.load();
    if (kept === undefined || pair === undefined) return nobody;
    const { store } = kept;
    const refresh = createRefresh({ endpoint, store, clocks });
    if (phaseOf(obtainedFrom(pair, clocks)) !== 'fresh') {
      const refreshed = await refreshOnce(pair.token, () => refresh(pair.token));
      // Another request's refresh has saved to its own copy of the cookie.
      if (refreshed.kind === 'ok') await saveTo(store, refreshed);
      // Signed out meanwhile. The cookie may be somebody else's by now, so it is not this answer that takes it away.
      if ((await store.load()) === undefined)
        return { session: undefined, headers: () => Promise.resolve(personal) };
      if (refreshed.kind === 'refused' && refreshed.error === 'invalid_grant') {
        await kept.forget();
        return nobody;
      }
    }
    const source = createTokenSource(refresh, clocks);
    const session = { sessionId: pair.sessionId, fetch: createFetch({ source, key, ...surroundings }) };
    const headers = async () => {
      const now = await store.load();
      if (now === undefined || now.token === pair.token) return personal;
      return [...personal, ...setting(jar, await kept.refreshed(now))];
    };
    return { session, headers };
  };
  const nobody: OpenedRequest = {
    session: undefined,
    headers: () => Promise.resolve([...personal, ...clearing(jar, keeper)]),
  };

  return { open, read };
}

async function saveTo(store: Pick<PairStore, 'save'>, { issued, sentAt }: Obtained): Promise<void> {
  const pair = toPair(issued, sentAt);
  if (pair !== undefined) await store.save(pair);
}
