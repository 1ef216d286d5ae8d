import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { WebSessionsOptions } from '@symbolon/holder/web';
import { webSessions } from '@symbolon/holder/web/express';
import { answerTo } from './browser-scene.ts';
import { apps, type StartApp } from './web-apps.ts';
import { origin, signIn, webScene, webStore, type WebScene } from './web-scene.ts';

const alice = 'SSSSSSSSSSSSSSSSSSSSSA';
const bob = 'BBBBBBBBBBBBBBBBBBBBBA';

/** A door that a test opens, and that tells when somebody has come to it. */
function door(): {
  readonly come: () => Promise<void>;
  readonly reached: Promise<void>;
  readonly open: () => void;
} {
  let [open, reach] = [(): void => undefined, (): void => undefined];
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return {
    reached,
    open: () => {
      open();
    },
    come: () => {
      reach();
      return opened;
    },
  };
}

/** An application in which Alice is signed in, with a token that is due. */
async function aliceAtApp(
  t: TestContext,
  { start, given }: { start: StartApp; given: Partial<WebSessionsOptions> },
): Promise<{
  readonly scene: WebScene;
  readonly slow: ReturnType<typeof door>;
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
  readonly me: () => Promise<string>;
  readonly signOut: () => Promise<Response>;
  readonly signInAsBob: () => Promise<Response>;
}> {
  const scene = await webScene(t, given);
  const { web, browser, peer, clock } = scene;
  const slow = door();
  const base = await start({ web, slow: slow.come }, t);
  const call = (path: string, init: RequestInit = {}): Promise<Response> => {
    const { headers } = browser.request('/', init);
    return fetch(base + path, { ...init, headers: [...headers], redirect: 'manual' });
  };
  await signIn(scene);
  const me = async (): Promise<string> => browser.take(await call('/me')).text();
  assert.equal(await me(), alice);
  clock.forward(250_000);
  return {
    ...{ scene, slow, call, me },
    signOut: async () => browser.take(await call('/out', { method: 'POST', headers: { origin } })),
    signInAsBob: async () => {
      peer.state.sid = bob;
      const away = browser.take(await web.signIn());
      const back = new URL(answerTo(away.headers.get('location') ?? undefined, { code: 'code-2' }));
      return browser.take(await call(`/back${back.search}`));
    },
  };
}

const refreshes = ({ peer }: WebScene): number =>
  peer.tokenRequests.filter(({ form }) => form.has('refresh_token')).length;

for (const [name, start] of Object.entries(apps))
  for (const [where, make] of [
    ['a cookie', () => ({})],
    ['a store', () => ({ store: webStore() })],
  ] as const) {
    test(`WEB-18: ${name}, ${where}: a sign-out is not undone by what was refreshed for it`, async (t) => {
      const { scene, me, signOut } = await aliceAtApp(t, { start, given: make() });
      await signOut();
      assert.equal(refreshes(scene), 1);
      assert.equal(scene.browser.cookies.size, 0);
      assert.equal(await me(), 'nobody');
    });

    test(`WEB-18: ${name}, ${where}: who signs in is not taken for who was there before`, async (t) => {
      const { scene, me, signInAsBob } = await aliceAtApp(t, { start, given: make() });
      await signInAsBob();
      assert.equal(refreshes(scene), 1);
      assert.equal(await me(), bob);
    });

    test(`WEB-17: ${name}, ${where}: an answer that ends after a sign-out brings nobody back`, async (t) => {
      const { scene, slow, call, me, signOut } = await aliceAtApp(t, { start, given: make() });
      const late = call('/slow');
      await Promise.race([slow.reached, late]);
      await signOut();
      slow.open();
      assert.equal(await scene.browser.take(await late).text(), alice);
      assert.equal(await me(), 'nobody');
    });

    test(`WEB-17: ${name}, ${where}: an answer that ends after another person’s sign-in does not bring back the one before`, async (t) => {
      const { scene, slow, call, me, signInAsBob } = await aliceAtApp(t, { start, given: make() });
      const late = call('/slow');
      await Promise.race([slow.reached, late]);
      await signInAsBob();
      assert.equal(await me(), bob);
      slow.open();
      assert.equal(await scene.browser.take(await late).text(), alice);
      // With a store the late answer sets no cookie; without one it spoils Bob's, who has to sign in once more.
      assert.equal(await me(), where === 'a store' ? bob : 'nobody');
      assert.equal(await me(), where === 'a store' ? bob : 'nobody');
    });
  }

test('WEB-19: a refresh that was under way when somebody signed out brings no session back', async (t) => {
  const store = webStore();
  const gate = door();
  const scene = await webScene(t, {
    store,
    fetch: async (...given) => {
      const request = new Request(...given);
      const form = await request.clone().text();
      const answer = await fetch(request);
      if (form.includes('grant_type=refresh_token')) await gate.come();
      return answer;
    },
  });
  const { web, browser, clock } = scene;
  await signIn(scene);
  const [[name, pair] = []] = store.kept;
  const me = web.handle((_request, session) => new Response(session?.sessionId ?? 'nobody'));
  clock.forward(250_000);
  const slow = me(browser.request('/slow'));
  await gate.reached;
  const { kind, response } = await web.signOut(
    browser.request('/out', { method: 'POST', headers: { origin } }),
  );
  const request = browser.request('/');
  browser.take(response);
  assert.deepEqual([kind, store.kept.size], ['ended', 0]);
  gate.open();
  const answer = await slow;
  assert.equal(await answer.text(), 'nobody');
  assert.deepEqual(answer.headers.getSetCookie(), []);
  assert.equal(answer.headers.get('cache-control'), 'private, no-store');
  assert.equal(store.kept.size, 0);
  assert.equal(await (await me(request)).text(), 'nobody');
  assert.ok(name !== undefined && pair !== undefined);
});

test('WEB-3: what a handler hands to `writeHead`, in whatever form, makes no answer anybody else’s', async (t) => {
  const scene = await webScene(t);
  await signIn(scene);
  const said = {
    'Cache-Control': 'public, max-age=60',
    Vary: 'Accept',
    'X-Kept': 'yes',
    'Set-Cookie': 'a=b',
  };
  const forms: unknown[] = [said, Object.entries(said).flat(), Object.entries(said)];
  for (const form of forms) {
    const middleware = webSessions(scene.web);
    const server = createServer((request, response) => {
      void middleware(request, response, () => {
        response.writeHead(200, form as string[]).end('page');
      });
    });
    server.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { headers } = scene.browser.request('/');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const answer = await fetch(url, { headers: [...headers] });
    const [control, vary] = [answer.headers.get('cache-control'), answer.headers.get('vary')];
    assert.deepEqual([control, vary], ['private, no-store', 'Accept, Cookie'], JSON.stringify(form));
    assert.deepEqual([answer.headers.get('x-kept'), answer.headers.getSetCookie()], ['yes', ['a=b']]);
    assert.equal((await fetch(url)).headers.get('cache-control'), 'public, max-age=60');
  }
});
