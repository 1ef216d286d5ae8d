import { demandSameOrigin, readCookie, type Guard, type Session } from '@symbolon/guard';
import { AuthError } from '@symbolon/token';
import { accountAudience } from '../sessions/audiences.ts';
import { asNobody } from './as-nobody.ts';
import type { CookieMint } from './cookie-mint.ts';
import { createCookieRenewal } from './cookie-renewal.ts';
import type { DeviceMarks } from './device-marks.ts';
import type { DeviceBindings } from './device-binding.ts';
import type { BrowserCookies } from '../http/cookies.ts';
import { registrationHeader } from '../http/dbsc/headers.ts';
import { ownClientId } from '../clients/own-client.ts';
import { newId } from '../random.ts';
import type { RefreshTokens } from '../sessions/refresh-tokens.ts';
import type { ActingSession } from '../storage/port/actor.ts';
import type { BrowserSession } from '../storage/port/browser-storage.ts';
import type { Storage } from '../storage/port/storage.ts';
import { signWith } from '../sessions/tokens.ts';

/** Who is signed in at the issuer's own pages. */
export interface Person {
  readonly subject: string;
  readonly sid: string;
  /** When the person proved to be there, in seconds, as this token says: it never moves by a renewal. */
  readonly authTime: number;
  readonly amr: readonly string[];
  readonly role: 'person' | 'operator';
  readonly name: string;
  /** Whether the browser has bound its session to the device (DBSC). */
  readonly bound: boolean;
}

/** A person deciding about what is his own, for as long as he is signed in. */
export function asPerson({ sid }: Pick<Person, 'sid'>): ActingSession {
  return { sid, as: 'person', name: 'person' };
}

/** What the answer to a sign-in has to say: `withCookies` of `http/cookies.ts` puts cookies and headers there. */
export interface SignedIn {
  readonly sid: string;
  readonly cookies: readonly string[];
  /** Offers the browser to bind the session to its device, this once. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The sessions of people at the issuer's own pages, which cookies carry. */
export interface BrowserSessions {
  /**
   * Starts a session for a person who has just proved a passkey; cookies and headers go into the answer.
   *
   * `replaces` are the sessions of whoever was signed in before in this browser, and end: what is left of them there must
   * not come back over the new one.
   *
   * @throws AuthError `session_refused` if the account is disabled.
   */
  readonly start: (signIn: {
    subject: string;
    amr: readonly string[];
    device: string | null;
    replaces?: readonly (string | undefined)[];
  }) => Promise<SignedIn>;
  /**
   * Who asks, and the cookies to set where the token was renewed; undefined: nobody is signed in.
   *
   * Every endpoint that reads a cookie, or gives one, asks here first, whoever it expects.
   *
   * @throws AuthError `request_cross_site` for a request that may change something and is not by a page of ours.
   */
  readonly identify: (
    request: Request,
  ) => Promise<{ readonly person: Person; readonly cookies: readonly string[] } | undefined>;
  /**
   * The session that this browser has bound to its device, also while it cannot renew it and `identify` knows nobody.
   *
   * It says who was here, and not who is: it is good for an end, and for nothing else.
   */
  readonly boundIn: (request: Request) => string | undefined;
  /** The cookies that were renewed when this request was identified, for an answer that sets none. */
  readonly renewedFor: (request: Request) => readonly string[];
  /**
   * The person proved a passkey again: `auth_time` moves, in the token that is made now and, where the session is bound
   * to its device, in every later one.
   *
   * @throws AuthError `session_ended`.
   */
  readonly present: (sid: string, amr: readonly string[]) => Promise<readonly string[]>;
  /** Ends a session for good; the cookies in the answer take those of the browser away. */
  readonly end: (sid: string) => Promise<readonly string[]>;
  /** The same for the session that this browser has bound, where `identify` knows nobody; there may be none. */
  readonly endBound: (request: Request) => Promise<readonly string[]>;
}

const micros = 1_000_000;
const hour = 3600 * micros;
/** A browser that cannot bind its session: NIST SP 800-63B-4 section 2.2.3 asks for an hour of rest at most. */
const bearerLife = { idle: hour, absolute: 8 * hour };

/** Opens the sessions of the issuer's own pages over a store. */
export function openBrowserSessions(options: {
  issuer: string;
  storage: Storage;
  refreshTokens: RefreshTokens;
  cookies: BrowserCookies;
  cookieMint: CookieMint;
  marks: DeviceMarks;
  devices: DeviceBindings;
  /** The guard of the issuer's own pages, which reads the cookie. */
  guard: Guard;
}): BrowserSessions {
  const { storage, cookies, cookieMint, marks, guard } = options;
  const { origin, pathname } = new URL(options.issuer);
  const registerAt = `${pathname.replace(/\/$/, '')}/dbsc/register`;
  const keys = signWith('EdDSA');

  const renewal = createCookieRenewal({ ...options, refreshName: cookies.refreshName });
  const renewed = new WeakMap<Request, readonly string[]>();

  const end = (sid: string): Promise<unknown> => storage.endSignIn({ sid, by: 'person', ends: 'sign_in' });

  const boundIn = ({ headers }: Request): string | undefined =>
    marks.read(readCookie(headers, cookies.markName) ?? '');

  const renew = async (request: Request): ReturnType<BrowserSessions['identify']> => {
    const made = await renewal.renew(request);
    if (made === undefined) return undefined;
    renewed.set(request, made.cookies);
    const { sid, authenticatedAt, amr } = made.issue.session;
    const found = await storage.findBrowserSession(sid);
    if (found === null) return undefined;
    await renewal.noteArrival(request, found);
    const said = { authTime: Math.floor((authenticatedAt ?? 0) / micros), amr: amr ?? [] };
    return { person: personOf(found, said), cookies: made.cookies };
  };

  return {
    start: async ({ subject, amr, device, replaces }) => {
      for (const sid of new Set(replaces)) if (sid !== undefined) await end(sid);
      const started = await storage.startBrowserSession({
        ...{ sid: newId(), clientId: ownClientId, audience: accountAudience(options.issuer) },
        ...{ subject, amr, device, signWith: keys },
        ...{ idleLife: bearerLife.idle, absoluteLife: bearerLife.absolute },
      });
      if (started.kind === 'refused') throw new AuthError('session_refused');
      const headers = cookies.bindable ? registrationHeader(registerAt, options.devices.offer(started)) : {};
      return { sid: started.session.sid, cookies: await cookieMint(started), headers };
    },
    identify: async (request) => {
      demandSameOrigin(request, origin);
      const session = await guard.authenticate(request).catch(asNobody);
      if (session === undefined) return renew(request);
      const found = await storage.findBrowserSession(session.sessionId);
      if (found === null) return undefined;
      await renewal.noteArrival(request, found);
      return { person: personOf(found, session), cookies: [] };
    },
    boundIn,
    renewedFor: (request) => renewed.get(request) ?? [],
    present: async (sid, amr) => {
      const proved = await storage.provePresence({ sid, amr, signWith: keys });
      if (proved.kind === 'refused') throw new AuthError('session_ended');
      const session = { ...proved.session, authenticatedAt: proved.now, amr };
      return cookieMint({ ...proved, session });
    },
    end: async (sid) => {
      await end(sid);
      return cookies.clear();
    },
    endBound: async (request) => {
      const sid = boundIn(request);
      if (sid !== undefined) await end(sid);
      return cookies.clear();
    },
  };
}

/** How and when the person proved to be there is the token's word: a copy of an older one gains nothing by a new proof. */
function personOf(
  { session, name, role }: BrowserSession,
  { authTime = 0, amr = [] }: Pick<Session, 'authTime' | 'amr'>,
): Person {
  const { subject, sid, deviceKey } = session;
  return { subject, sid, authTime, amr, role, name, bound: deviceKey !== null };
}
