import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { memoryKey } from '@symbolon/holder';
import {
  createWebSessions,
  isNewer,
  type WebSessions,
  type WebSessionsOptions,
  type WebStore,
} from '@symbolon/holder/web';
import { answerTo } from './browser-scene.ts';
import { handClock, startPeer, type HandClock, type Peer } from './support.ts';

/** An application with web sessions, its issuer and resource, and a browser's cookies. */
export interface WebScene {
  readonly peer: Peer;
  readonly web: WebSessions;
  readonly clock: HandClock;
  readonly options: WebSessionsOptions;
  readonly browser: Browser;
}

/** The cookies of one browser. */
export interface Browser {
  readonly cookies: Map<string, string>;
  /** The last `Set-Cookie` of each name, whole. */
  readonly set: Map<string, string>;
  readonly request: (path: string, init?: RequestInit) => Request;
  /** Keeps what an answer sets. */
  readonly take: (response: Response) => Response;
}

export const origin = 'https://app.example';

export const sealingKey = (id: string): WebSessionsOptions['sealingKeys'][number] => ({
  id,
  secret: randomBytes(32),
});

export async function webScene(t: TestContext, given: Partial<WebSessionsOptions> = {}): Promise<WebScene> {
  const clock = handClock();
  const key = await memoryKey();
  const peer = await startPeer({ clock, client: key });
  t.after(() => peer.close());
  const { issuer, audience } = peer;
  const options = {
    ...{ issuer, audience, clientId: 'app', key, clock, redirectUri: `${origin}/back` },
    sealingKeys: [sealingKey('a')],
    ...given,
  };
  return { peer, clock, options, web: createWebSessions(options), browser: openBrowser() };
}

export function openBrowser(at: string = origin): Browser {
  const cookies = new Map<string, string>();
  const set = new Map<string, string>();
  return {
    cookies,
    set,
    request: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (cookies.size > 0)
        headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
      return new Request(new URL(path, at), { ...init, headers });
    },
    take: (response) => {
      for (const text of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
        set.set(name, text);
        if (/Max-Age=0(;|$)/.test(text)) cookies.delete(name);
        else cookies.set(name, value);
      }
      return response;
    },
  };
}

/** Signs the person of a browser in by the honest way. */
export async function signIn(
  { web, browser }: Pick<WebScene, 'web' | 'browser'>,
  returnTo = '/',
): Promise<Response> {
  const away = browser.take(await web.signIn({ returnTo }));
  const back = answerTo(away.headers.get('location') ?? undefined, { code: 'code-1' });
  const { result, response } = await web.finishSignIn(
    browser.request(new URL(back).search.replace(/^/, '/back')),
  );
  assert.equal(result.kind, 'signed_in');
  return browser.take(response);
}

/** A store in memory that remembers the names it was given. */
export function webStore(): WebStore & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, Parameters<WebStore['create']>[1]>();
  return {
    kept,
    load: (name) => Promise.resolve(kept.get(name)),
    create: (name, pair) => {
      assert.ok(!kept.has(name), 'two sign-ins have one name');
      kept.set(name, pair);
      return Promise.resolve();
    },
    update: (name, pair) => {
      if (isNewer(pair, kept.get(name))) kept.set(name, pair);
      return Promise.resolve();
    },
    remove: (name) => {
      kept.delete(name);
      return Promise.resolve();
    },
  };
}
