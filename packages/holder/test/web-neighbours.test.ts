import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWebSessions, type WebSessionsOptions } from '@symbolon/holder/web';
import { answerTo } from './browser-scene.ts';
import { openBrowser, sealingKey, signIn, webScene, webStore } from './web-scene.ts';

/** Puts the cookies of one application in the places of another's. */
function renamed(cookies: ReadonlyMap<string, string>, name: string): ReturnType<typeof openBrowser> {
  const browser = openBrowser();
  for (const [was, value] of cookies)
    browser.cookies.set(was.replace('__Host-session', `__Host-${name}`), value);
  return browser;
}

const neighbours: Record<string, Partial<WebSessionsOptions>> = {
  'another issuer': { issuer: 'https://other.example' },
  'another client': { clientId: 'staff-console' },
  'another audience': { audience: 'https://staff.example/api' },
  'another cookie': { cookie: 'staff' },
};

for (const [where, given] of [
  ['a cookie', () => ({})],
  ['a store', () => ({ store: webStore() })],
] as const) {
  test(`WEB-16: sessions in ${where} open nothing of an application with the same keys`, async (t) => {
    const shared = { sealingKeys: [sealingKey('a')], ...given() };
    const { web, options, browser, peer } = await webScene(t, shared);
    await signIn({ web, browser });
    const whose = async (other: Partial<WebSessionsOptions>): Promise<string> => {
      const there = createWebSessions({ ...options, ...other });
      const request = renamed(browser.cookies, other.cookie ?? 'session').request('/');
      return (await there.open(request)).session?.sessionId ?? 'nobody';
    };
    assert.equal(await whose({}), peer.state.sid);
    for (const [what, other] of Object.entries(neighbours)) assert.equal(await whose(other), 'nobody', what);
    const { sessionId } = (await web.open(browser.request('/'))).session ?? {};
    assert.equal(sessionId, peer.state.sid);
  });
}

test('WEB-16: a refresh token is shown to no issuer but its own', async (t) => {
  const sealingKeys = [sealingKey('a')];
  const customers = await webScene(t, { sealingKeys });
  const staff = await webScene(t, { sealingKeys, cookie: 'staff', clientId: 'staff-console' });
  await signIn(customers);
  const browser = renamed(customers.browser.cookies, 'staff');
  for (const { clock } of [customers, staff]) clock.forward(250_000);
  assert.equal((await staff.web.open(browser.request('/'))).session, undefined);
  await staff.web.signOut(
    browser.request('/sign-out', { method: 'POST', headers: { origin: 'https://app.example' } }),
  );
  assert.deepEqual([staff.peer.tokenRequests, staff.peer.revoked], [[], []]);
  assert.ok((await customers.web.open(customers.browser.request('/'))).session !== undefined);
  assert.equal(customers.peer.tokenRequests.at(-1)?.form.get('grant_type'), 'refresh_token');
});

test('WEB-16: a sign-in that was begun at one application is finished at no other', async (t) => {
  const { web, options, browser, peer } = await webScene(t);
  const away = browser.take(await web.signIn());
  const { search } = new URL(answerTo(away.headers.get('location') ?? undefined, { code: 'code-1' }));
  const finish = async (other: Partial<WebSessionsOptions>): Promise<string> => {
    const { result } = await createWebSessions({ ...options, ...other }).finishSignIn(
      browser.request(`/back${search}`),
    );
    return 'code' in result ? result.code : result.kind;
  };
  for (const [what, other] of Object.entries(neighbours))
    assert.equal(await finish(other), 'sign_in_unknown', what);
  assert.equal(peer.tokenRequests.length, 0);
  assert.equal(await finish({}), 'signed_in');
});
