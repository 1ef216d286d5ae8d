import type { HolderOptions } from '../options.ts';
import { HolderError } from '../errors.ts';
import type { MachineKey } from '../keys.ts';
import { surroundingsOf } from '../options.ts';
import { memoryPairStore } from '../pair-store.ts';
import { readAnswer } from '../sign-in/authorization-answer.ts';
import { authorizationUrl, withQuery, type SignInAsked } from '../sign-in/authorization-request.ts';
import { beginSignIn, personsPatience, stillStands, type SignInBegun } from '../sign-in/begun.ts';
import { startFromAnswer } from '../sign-in/session-start.ts';
import type { SignInResult } from '../sign-in/sign-in-result.ts';
import { createTokenEndpoint } from '../token-endpoint.ts';
import { signInUnknown } from '../sign-in/sign-in-unknown.ts';
import { answerTo, crossSite, localPath, redirectTo, withHeaders } from './answers.ts';
import { cookieJar } from './cookies.ts';
import { cookieKeeper, serverKeeper, type WebStore } from './keeper.ts';
import { createOpening, type OpenedRequest, type WebSession } from './open-request.ts';
import { mayAct, safeMethods } from './same-origin.ts';
import { createSeal, type SealingKey } from './seal.ts';
import { clearing, setting } from './session-cookies.ts';
import type { WebRequest } from './web-request.ts';

/** How the servers of an application that renders its pages are told who they are. */
export interface WebSessionsOptions extends HolderOptions {
  /** The address of this application to which the issuer sends people back: exactly as registered. */
  readonly redirectUri: string;
  /** The key that all sessions of this application are bound to; it stays at its servers. */
  readonly key: MachineKey;
  /** The client's registered key, where the client authenticates (RFC 7523). */
  readonly clientKey?: MachineKey;
  readonly scope?: string;
  /** Seal what cookies hold; the first seals, each opens. */
  readonly sealingKeys: readonly SealingKey[];
  /** Where the tokens are kept at the servers. Default: in the cookie, sealed. */
  readonly store?: WebStore;
  /** The name of the session's cookie, without its prefix. Default `session`. */
  readonly cookie?: string;
}

/**
 * What became of a sign-out. `forgotten`: the issuer could not be told, and whoever had copied the cookie may go on until the
 * session ends there. `refused`: the request came from elsewhere, or by a method that changes nothing.
 */
export interface WebSignedOut {
  readonly kind: 'ended' | 'forgotten' | 'refused';
  readonly response: Response;
  /**
   * Only with `atIssuer`. `unreachable`: the issuer could not be asked where to sign out, so `response` leads to `returnTo`,
   * and the person is still signed in there: better answer with a page that says so.
   */
  readonly atIssuer?: 'left' | 'unreachable';
}

/** Sessions of people at an application that renders its pages: no token ever reaches a script of the page. */
export interface WebSessions {
  /** Sends the person to the issuer. `returnTo` is a path of this application. */
  signIn(how?: SignInAsked & { readonly returnTo?: string }): Promise<Response>;
  /** At `redirectUri`: starts the session, and answers with its cookie and the way back, or with what went wrong. */
  finishSignIn(request: WebRequest): Promise<{ readonly result: SignInResult; readonly response: Response }>;
  /**
   * Ends the session at the issuer, takes the cookie away, and answers with the way to `returnTo` (`/`), with `atIssuer`
   * by the issuer's own sign-out.
   *
   * @throws TypeError for a `returnTo` that is no path of this application: then nothing was ended.
   */
  signOut(
    request: WebRequest,
    how?: { readonly atIssuer?: true; readonly returnTo?: string },
  ): Promise<WebSignedOut>;
  /**
   * Reads the session of a request, and refreshes its token if that is due: do it before anything is rendered.
   *
   * @throws HolderError `cross_site_request` for a request that changes something and came from elsewhere.
   */
  open(request: WebRequest): Promise<OpenedRequest>;
  /** Puts `open` before a Fetch handler (Next.js route handlers, Hono, Deno, Bun) and its headers into the answer. */
  handle(
    handler: (request: Request, session: WebSession | undefined) => Response | Promise<Response>,
  ): (request: Request) => Promise<Response>;
}

const signInsAtOnce = 8;

/**
 * Makes the sessions of an application that renders its pages.
 *
 * The cookie is `__Host-`, `HttpOnly`, `SameSite=Lax`, under 4 kB. Two requests that refresh at once, and an answer whose
 * cookie is lost, sign nobody out: the issuer answers the generation before the current one alike.
 *
 * @throws TypeError for options that can never work.
 */
export function createWebSessions(options: WebSessionsOptions): WebSessions {
  const surroundings = surroundingsOf(options);
  const { issuer, clientId, audience, redirectUri, key, clientKey, scope, cookie = 'session' } = options;
  const { clocks } = surroundings;
  if (!URL.canParse(redirectUri)) throw new TypeError('unexpected redirectUri, expected a whole URL');
  const { origin } = new URL(redirectUri);
  const jar = cookieJar(origin);
  // Several applications may share keys or a store: what was made for one is nothing to another.
  const context = [issuer, clientId, audience, cookie];
  const seal = createSeal(options.sealingKeys, context);
  const { store: atServers } = options;
  const keeper =
    atServers === undefined
      ? cookieKeeper(cookie, seal)
      : serverKeeper(cookie, { store: atServers, context });
  const endpoint = createTokenEndpoint({ issuer, clientId, clientKey, holderKey: key, ...surroundings });
  const { open, read } = createOpening({ cookies: { jar, keeper }, origin, endpoint, key, surroundings });

  /** A few places for sign-ins under way, so that a page that begins many fills nobody's Cookie header. */
  const cookieOf = (state: string): string => `sign-in-${state.charCodeAt(0) % signInsAtOnce}`;

  return {
    open,
    handle: (handler) => async (request) => {
      try {
        const opened = await open(request);
        return withHeaders(await handler(request, opened.session), await opened.headers());
      } catch (error) {
        if (error instanceof HolderError && error.code === crossSite.code) return answerTo(crossSite);
        throw error;
      }
    },
    signIn: async ({ returnTo, ...asked } = {}) => {
      const way = returnTo === undefined ? undefined : localPath(returnTo, origin);
      const begun = beginSignIn({ redirectUri, returnTo: way, inPopup: false }, clocks.wall());
      const wanted = scope === undefined ? asked : { scope, ...asked };
      const context = { clientId, audience, thumbprint: key.kid, endpoint };
      const request = await authorizationUrl(begun, wanted, context);
      if (request.kind !== 'ok') return answerTo(request);
      const sealed = await seal.close('sign-in', begun);
      const kept = jar.write(cookieOf(begun.state), sealed, personsPatience / 1000);
      return redirectTo(request.url, [['set-cookie', kept]]);
    },
    finishSignIn: async (request) => {
      const answer = readAnswer(new URL(request.url, origin));
      if (answer.kind === 'none') return { result: answer, response: redirectTo('/', []) };
      const name = cookieOf(answer.state);
      const sealed = jar.read(request.headers.get('cookie'), name);
      const begun =
        sealed === undefined ? undefined : ((await seal.open('sign-in', sealed)) as SignInBegun | undefined);
      if (begun?.state !== answer.state || !stillStands(begun, clocks.wall())) {
        return { result: signInUnknown, response: answerTo(signInUnknown) };
      }
      const { kept: before } = await read(request);
      const store = memoryPairStore();
      await store.replace(await before?.store.load());
      const result = await startFromAnswer(answer, { begun, issuer, endpoint, store });
      if (result.kind === 'transient') return { result, response: answerTo(result) };
      const forgotten = ['set-cookie', jar.write(name, '', 0)] as const;
      const pair = await store.load();
      if (result.kind === 'refused') {
        return { result, response: withHeaders(answerTo(result), [forgotten]) };
      }
      if (pair === undefined) throw new Error('a session was started and its pair is not kept');
      // A new value always: nobody who planted the one before may share what was started now.
      await before?.forget();
      const cookies = setting(jar, await keeper.start(pair));
      return { result, response: redirectTo(begun.returnTo ?? '/', [...cookies, forgotten]) };
    },
    signOut: async (request, { atIssuer, returnTo = '/' } = {}) => {
      // First: where this throws, nothing has ended yet.
      const back = localPath(returnTo, origin);
      const { kept } = await read(request);
      if (safeMethods.has(request.method) || !mayAct(request, origin))
        return { kind: 'refused', response: answerTo(crossSite) };
      const pair = await kept?.store.load();
      const done = pair === undefined ? undefined : await endpoint.revoke(pair.refreshToken);
      await kept?.forget();
      const kind = done === undefined || done.kind === 'ok' ? 'ended' : 'forgotten';
      const clear = clearing(jar, keeper);
      if (atIssuer !== true) return { kind, response: redirectTo(back, clear) };
      const url = await signOutUrl(back);
      const response = redirectTo(url ?? back, clear);
      return { kind, response, atIssuer: url === undefined ? 'unreachable' : 'left' };
    },
  };

  async function signOutUrl(back: string): Promise<string | undefined> {
    const endpoints = await endpoint.endpoints();
    if (endpoints.kind !== 'ok' || endpoints.endSession === undefined) return undefined;
    return withQuery(endpoints.endSession, {
      client_id: clientId,
      post_logout_redirect_uri: new URL(back, origin).href,
    });
  }
}
