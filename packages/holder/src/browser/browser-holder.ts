import type { SigningKey } from '@symbolon/token';
import { HolderError } from '../errors.ts';
import { createFetch, type HolderFetch } from '../fetch.ts';
import { surroundingsOf, type HolderOptions } from '../options.ts';
import { askOnce, type ProvePresence } from '../presence.ts';
import { createRefresh } from '../refresh.ts';
import { createTokenEndpoint, type TokenEndpoint } from '../token-endpoint.ts';
import { createTokenSource, type TokenResult } from '../token-source.ts';
import { readAnswer, withoutAnswer } from '../sign-in/authorization-answer.ts';
import { authorizationUrl, withQuery, type SignInAsked } from '../sign-in/authorization-request.ts';
import { cabinetPairStore } from './cabinet-pair-store.ts';
import { openCabinet, type Cabinet } from './cabinet.ts';
import { openNews, type News } from './news.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { thisPage, type Page } from './page.ts';
import { provePresenceInWindow } from './presence-window.ts';
import { signInUnknown } from '../sign-in/sign-in-unknown.ts';
import { startFromAnswer } from '../sign-in/session-start.ts';
import type { SignInResult } from '../sign-in/sign-in-result.ts';
import type { SignInBegun } from '../sign-in/begun.ts';
import { openSignIns } from './sign-ins.ts';
import { forgetKey, storedKey } from './stored-key.ts';

/** How the holder of a page is told who it is. */
export interface BrowserHolderOptions extends HolderOptions {
  /** The page of this application to which the issuer sends people back: exactly as registered. */
  readonly redirectUri: string;
  /** Space-separated scope to ask for; by default all that the client has. */
  readonly scope?: string;
  /**
   * What to do when a resource asks for the person's presence: `window` opens one, lets the person prove a passkey and
   * repeats the request; without it the answer, a 401, goes to the caller, who may call `signIn({ maxAge })`.
   */
  readonly presence?: 'window';
  /** The name of the IndexedDB database; two holders of one origin need two. Default: made of issuer, client, audience. */
  readonly database?: string;
  /** Where key and tokens are kept instead of IndexedDB. */
  readonly cabinet?: Cabinet;
  /** Default: the page that this runs in. */
  readonly page?: Page;
}

/** What became of a session that was signed out: `forgotten` here, though the issuer could not be told. */
export interface SignedOut {
  readonly kind: 'ended' | 'forgotten';
  /**
   * Only with `atIssuer`. `unreachable`: the issuer could not be asked where to sign out, so this page is still here, and
   * the person is still signed in there: say so, for whoever uses this browser next may be somebody else.
   */
  readonly atIssuer?: 'left' | 'unreachable';
}

/** The holder of a page: the key never leaves the browser, and all tabs of the origin share one session. */
export interface BrowserHolder {
  /** Sends the person to the issuer. @throws HolderError if the issuer cannot be asked. */
  signIn(how?: SignInAsked & { readonly returnTo?: string }): Promise<void>;
  /** On the page of `redirectUri`: takes the answer out of the address and starts the session. */
  finishSignIn(): Promise<SignInResult>;
  /** Ends the session at the issuer and forgets key and tokens; `atIssuer` signs out there too, and comes back to `returnTo`. */
  signOut(how?: { readonly atIssuer?: true; readonly returnTo?: string }): Promise<SignedOut>;
  /** Fetches with token and proof. @throws HolderError if there is no token to send. */
  readonly fetch: HolderFetch;
  /** Whether a session is held here; the issuer is not asked. */
  signedIn(): Promise<boolean>;
  /** The token to use now, for software that cannot use `fetch`; it is no good without proofs. */
  token(): Promise<TokenResult>;
  /** Tells when another tab signs in or out, until the function that it gives is called. */
  onChange(listener: (what: 'signed_in' | 'signed_out') => void): () => void;
}

/**
 * Makes the holder of a page (authorization code with PKCE and DPoP, RFC 7636, RFC 9449; refresh by generation).
 *
 * Nothing is fetched and nothing is kept before the first call. A tab that was frozen, a browser without network and
 * a refresh that failed sign nobody out: only the issuer's word does.
 *
 * @throws TypeError for options that can never work.
 */
export function createBrowserHolder(options: BrowserHolderOptions): BrowserHolder {
  const surroundings = surroundingsOf(options);
  const { issuer, clientId, audience, redirectUri, scope } = options;
  if (!URL.canParse(redirectUri)) throw new TypeError('unexpected redirectUri, expected a whole URL');
  const name = options.database ?? `symbolon ${issuer} ${clientId} ${audience}`;
  const cabinet = options.cabinet ?? openCabinet(name);
  const page = options.page ?? thisPage();
  const store = cabinetPairStore(cabinet);
  const signIns = openSignIns(cabinet, surroundings.clocks.wall);
  const news = openNews(name);

  /** The key, and all that speaks in its name; made anew after a sign-out took the key away. */
  const open = (key: SigningKey): Opened => {
    const endpoint = createTokenEndpoint({
      issuer,
      clientId,
      clientKey: undefined,
      holderKey: key,
      ...surroundings,
    });
    const refresh = createRefresh({ endpoint, store, clocks: surroundings.clocks });
    const source = createTokenSource((known) => oneAtATime(name, () => refresh(known)), surroundings.clocks);
    return { key, endpoint, source, fetch: createFetch({ source, key, provePresence, ...surroundings }) };
  };
  let opening: Promise<Opened> | undefined;
  const opened = (): Promise<Opened> => {
    opening ??= storedKey(cabinet).then(open);
    opening.catch(forget);
    return opening;
  };
  /** Another tab has changed what is kept: what this one remembers is stale. */
  const forget = (): void => {
    opening = undefined;
  };
  news.listen(forget);

  const begin = async (
    asked: SignInAsked,
    how: Pick<SignInBegun, 'returnTo' | 'inPopup'>,
  ): Promise<{ readonly url: string; readonly state: string }> => {
    const { key, endpoint } = await opened();
    const begun = await signIns.begin({ redirectUri, ...how });
    const wanted = scope === undefined ? asked : { scope, ...asked };
    const context = { clientId, audience, thumbprint: key.kid, endpoint };
    const request = await authorizationUrl(begun, wanted, context);
    if (request.kind !== 'ok') throw new HolderError(request);
    return { url: request.url, state: begun.state };
  };

  const proveInWindow: ProvePresence = (asked) =>
    provePresenceInWindow({
      ...{ page, news },
      begin: () => begin({ ...asked, prompt: 'login' }, { returnTo: undefined, inPopup: true }),
    });
  // Once for this holder: what another tab says while the window is open must not open a second one.
  const provePresence = options.presence === 'window' ? askOnce(proveInWindow) : undefined;

  return {
    fetch: async (input, init) => (await opened()).fetch(input, init),
    token: async () => (await opened()).source.current(),
    signedIn: async () => (await store.load()) !== undefined,
    signIn: async ({ returnTo, ...asked } = {}) => {
      page.leaveFor((await begin(asked, { returnTo, inPopup: false })).url);
    },
    finishSignIn: async () => {
      const address = new URL(page.address());
      const answer = readAnswer(address);
      if (answer.kind === 'none') return answer;
      const begun = await signIns.find(answer.state);
      if (begun === undefined) {
        // Nobody here can use it, and it may be somebody's code.
        page.rename(withoutAnswer(address));
        return signInUnknown;
      }
      const { endpoint, source } = await opened();
      const result = await startFromAnswer(answer, { begun, issuer, endpoint, store });
      // What may pass is tried again by loading the page again: the answer is still in its address.
      if (result.kind === 'transient') return result;
      source.reset();
      await signIns.settle(answer.state);
      page.rename(withoutAnswer(address));
      news.tell(newsOf(result, answer.state));
      if (begun.inPopup) page.close();
      return result;
    },
    signOut: async ({ atIssuer, returnTo } = {}) => {
      const { endpoint } = await opened();
      const pair = await store.load();
      const done = pair === undefined ? undefined : await endpoint.revoke(pair.refreshToken);
      await store.replace(undefined);
      await forgetKey(cabinet);
      forget();
      news.tell({ kind: 'signed_out' });
      const kind = done === undefined || done.kind === 'ok' ? 'ended' : 'forgotten';
      if (atIssuer !== true) return { kind };
      return { kind, atIssuer: await leaveForIssuer({ endpoint, clientId, returnTo, page }) };
    },
    onChange: (listener) =>
      news.listen(({ kind }) => {
        if (kind !== 'sign_in_failed') listener(kind);
      }),
  };
}

interface Opened {
  readonly key: SigningKey;
  readonly endpoint: TokenEndpoint;
  readonly source: ReturnType<typeof createTokenSource>;
  readonly fetch: HolderFetch;
}

function newsOf(result: SignInResult, state: string): News {
  if (result.kind === 'signed_in') return { kind: 'signed_in', state };
  return { kind: 'sign_in_failed', state, code: result.kind === 'none' ? 'none' : result.code };
}

async function leaveForIssuer(way: {
  endpoint: TokenEndpoint;
  clientId: string;
  returnTo: string | undefined;
  page: Page;
}): Promise<'left' | 'unreachable'> {
  const endpoints = await way.endpoint.endpoints();
  if (endpoints.kind !== 'ok' || endpoints.endSession === undefined) return 'unreachable';
  const back = way.returnTo === undefined ? {} : { post_logout_redirect_uri: way.returnTo };
  way.page.leaveFor(withQuery(endpoints.endSession, { client_id: way.clientId, ...back }));
  return 'left';
}
