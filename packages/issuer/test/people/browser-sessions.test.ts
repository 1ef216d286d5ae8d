import { AuthError } from '@symbolon/token';
import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { createCookies, withCookies } from '../../src/http/cookies.ts';
import { issuerUrl, newKey, openLab, refresh } from '../support.ts';
import { createTestBrowser, openBrowserLab, type BrowserLab, type TestBrowser } from './browser-lab.ts';

const token = '__Host-symbolon';
const refreshCookie = '__Host-symbolon-refresh';

/** A test with a lab of its own. */
function browserTest(title: string, run: (lab: BrowserLab) => Promise<void>): void {
  test(title, async () => {
    const lab = await openBrowserLab();
    try {
      await run(lab);
    } finally {
      await lab.close();
    }
  });
}

/** Asks as a page of the issuer, and keeps what the answer sets. */
async function ask(
  lab: BrowserLab,
  browser: TestBrowser,
  init: Parameters<TestBrowser['request']>[1] = {},
): Promise<string | undefined> {
  const asks = await lab.browsers.identify(browser.request('/account', init));
  browser.accept({ cookies: asks?.cookies ?? [] });
  return asks?.person.sid;
}

const claimsOf = (browser: TestBrowser): Record<string, unknown> =>
  JSON.parse(Buffer.from(browser.cookies.get(token)?.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

const refusedWith = (code: string) => (error: unknown) => error instanceof AuthError && error.code === code;

browserTest(
  'BROWSER-1: a sign-in is a session of the issuer’s own client, for its pages alone',
  async (lab) => {
    const browser = await lab.visit();
    const { aud, client_id: client, crr, cnf, amr, sub } = claimsOf(browser);
    deepEqual(
      [aud, client, crr, cnf, amr, sub],
      [`${issuerUrl}/account`, 'symbolon', 'cookie', undefined, ['hwk'], lab.person],
    );
    ok(await ask(lab, browser));
    for (const audience of [`${issuerUrl}/account`]) {
      await rejects(
        lab.issuer.clients.add({ id: 'thief', kind: 'public', audiences: [{ audience }] }),
        /unknown audience/,
      );
      await rejects(openLab({ people: {}, audiences: [{ audience }] }), /two audiences have the same name/);
    }
    await rejects(lab.issuer.clients.remove('symbolon'), /the issuer's own client/);
    ok(await ask(lab, browser));
    const loot = new Headers({ authorization: `Bearer ${browser.cookies.get(token) ?? ''}` });
    for (const path of ['/sessions', '/userinfo']) {
      const answer = await lab.issuer.fetch(new Request(issuerUrl + path, { headers: loot }));
      equal(answer.status, 401, path);
    }
  },
);

test('BROWSER-1: a client that is called as the issuer’s own stops the start', async () => {
  const lab = await openLab();
  await lab.issuer.clients.add({ id: 'symbolon', kind: 'public' });
  await rejects(
    openLab({ people: {}, storage: lab.storage, clock: lab.clock.now }),
    /the store's client symbolon is not the issuer's own one/,
  );
});

browserTest('BROWSER-2: the cookies are the issuer’s own, and no script reads them', async (lab) => {
  const browser = await lab.visit();
  const [first = '', second = ''] = browser.set;
  match(first, /^__Host-symbolon=[\w.-]+; Max-Age=300; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  match(second, /^__Host-symbolon-refresh=[\w.-]+; Max-Age=28800; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
});

test('BROWSER-2: over http on loopback some browsers would keep no Secure cookie', async () => {
  const lab = await openBrowserLab('http://localhost:8080');
  const browser = await lab.visit();
  match(browser.set[0] ?? '', /^symbolon=[\w.-]+; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/);
  match(browser.set[1] ?? '', /^symbolon-refresh=[\w.-]+; Max-Age=28800; Path=\/; HttpOnly; SameSite=Lax$/);
  ok(await ask(lab, browser));
  await lab.close();
});

browserTest('BROWSER-3: an answer with a cookie is kept by nobody', async (lab) => {
  const browser = await lab.visit();
  const answer = await browser.register();
  equal(answer.status, 200);
  equal(answer.headers.get('cache-control'), 'private, no-store');
  match(answer.headers.get('vary') ?? '', /\bCookie\b/);
  const kept = new Response('', { headers: { 'cache-control': 'public, max-age=60', vary: 'Accept' } });
  const said = withCookies(kept, { cookies: ['a=1', 'b=2'] }).headers;
  deepEqual(
    [said.get('cache-control'), said.get('vary'), said.getSetCookie()],
    ['private, no-store', 'Accept, Cookie', ['a=1', 'b=2']],
  );
});

test('BROWSER-3: a cookie of more than 4 kB is not made', () => {
  const cookies = createCookies(issuerUrl);
  equal(cookies.token('a'.repeat(3900), 300).length < 4096, true);
  throws(() => cookies.token('a'.repeat(4050), 300), /over 4 kB/);
});

browserTest('BROWSER-4: who was ended is nobody at once, with a token that is still good', async (lab) => {
  const browser = await lab.visit();
  const sid = await ask(lab, browser);
  ok(sid);
  await lab.issuer.sessions.end({ sid });
  equal(await ask(lab, browser), undefined);
  const next = await lab.visit();
  ok(await ask(lab, next));
  await lab.storage.disableSubject({ subject: lab.person, by: 'test' });
  equal(await ask(lab, next), undefined);
});

browserTest('BROWSER-5: what changes something is asked by a page of the issuer', async (lab) => {
  const browser = await lab.visit();
  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
  ];
  for (const headers of foreign) {
    const asks = ask(lab, browser, { method: 'POST', headers });
    await rejects(asks, refusedWith('request_cross_site'));
    const answer = await browser.send('/dbsc/register', { method: 'POST', headers });
    equal(answer.status, 403);
  }
  const bare = new Request(issuerUrl, { method: 'POST' });
  await rejects(lab.browsers.identify(bare), refusedWith('request_cross_site'));
  ok(await ask(lab, browser, { method: 'POST' }));
  ok(await ask(lab, browser, { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }));
});

browserTest(
  'BROWSER-30: the fifty-first sign-in signs the browser out that was idle for longest',
  async (lab) => {
    const [first, second] = [await lab.visit(), await lab.visit()];
    lab.clock.advance(1);
    for (let n = 2; n < 50; n++) await lab.visit();
    lab.clock.advance(400);
    ok(await ask(lab, first), 'fifty stand, and this one is used again');
    await lab.visit();
    equal(await ask(lab, second), undefined);
    ok(await ask(lab, first));
  },
);

browserTest('BROWSER-6: a sign-in ends the session that was in this browser before', async (lab) => {
  const before = await lab.visit();
  const other = await lab.visit();
  const replaces = await ask(lab, before);
  await lab.browsers.start({ subject: lab.person, amr: ['hwk'], device: null, replaces: [replaces] });
  equal(await ask(lab, before), undefined);
  ok(await ask(lab, other));
});

browserTest('BROWSER-7: signing out ends the session and takes the cookies away', async (lab) => {
  const browser = await lab.visit();
  const copy = new Map(browser.cookies);
  const sid = await ask(lab, browser);
  browser.accept({ cookies: await lab.browsers.end(sid ?? '') });
  equal(browser.cookies.size, 0);
  for (const [name, value] of copy) browser.cookies.set(name, value);
  equal(await ask(lab, browser), undefined);
  equal((await lab.storage.findSession(sid ?? ''))?.endReason, 'signed_out');
});

browserTest(
  'BROWSER-8, BROWSER-14: the refresh cookie renews the token, and no time of presence',
  async (lab) => {
    const browser = await lab.visit();
    const first = claimsOf(browser);
    for (let turn = 0; turn < 3; turn++) {
      lab.clock.advance(turn === 0 ? 299 : 300);
      const sid = await ask(lab, browser);
      equal(sid, first['sid']);
    }
    const last = claimsOf(browser);
    equal(last['auth_time'], first['auth_time']);
    deepEqual([last['sst'], last['amr']], [first['sst'], first['amr']]);
    equal(Number(last['iat']) - Number(first['iat']), 899);
    browser.cookies.delete(token);
    const asks = await lab.browsers.identify(browser.request('/account'));
    deepEqual([asks?.person.authTime, asks?.cookies.length], [first['auth_time'], 2]);
    browser.cookies.clear();
    equal(await ask(lab, browser), undefined);
  },
);

browserTest(
  'BROWSER-10: a refresh cookie that was copied ends the session when both have used it',
  async (lab) => {
    const browser = await lab.visit();
    const stolen = new Map(browser.cookies);
    lab.clock.advance(300);
    ok(await ask(lab, browser));
    lab.clock.advance(11);
    ok(await ask(lab, browser));
    const own = new Map(browser.cookies);
    browser.cookies.clear();
    for (const [name, value] of stolen) browser.cookies.set(name, value);
    equal(await ask(lab, browser), undefined);
    for (const [name, value] of own) browser.cookies.set(name, value);
    equal(await ask(lab, browser), undefined, 'the session is over for its owner too');
    ok(await ask(lab, await lab.visit()));
  },
);

browserTest('BROWSER-9: who lost an answer goes on with the cookie he has, however late', async (lab) => {
  const browser = await lab.visit();
  for (const minutes of [6, 12, 30]) {
    lab.clock.advance(minutes * 60);
    const lost = await lab.browsers.identify(browser.request('/account'));
    equal(lost?.cookies.length, 2);
    lab.clock.advance(minutes * 30);
    ok(await ask(lab, browser));
  }
});

browserTest(
  'BROWSER-40, BROWSER-42: a cookie has come with any request, and in two hands it is found out',
  async (lab) => {
    const browser = await lab.visit();
    const stolen = createTestBrowser(lab, issuerUrl);
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value);
    lab.clock.advance(300);
    ok(await ask(lab, browser));
    lab.clock.advance(11);
    ok(await ask(lab, stolen), 'the answer with the next one may have been lost');
    const thief = createTestBrowser(lab, issuerUrl);
    thief.cookies.set(refreshCookie, browser.cookies.get(refreshCookie) ?? '');
    ok(await ask(lab, browser));
    stolen.cookies.delete(token);
    ok(await ask(lab, stolen), 'it holds the next one now as well');
    lab.clock.advance(11);
    ok(await ask(lab, stolen));
    equal(await ask(lab, thief), undefined);
    equal(await ask(lab, stolen), undefined, 'the session is over');
  },
);

browserTest('BROWSER-41: whom another site leads here is given a token, and nothing moves', async (lab) => {
  const browser = await lab.visit();
  const [first, refreshing] = [claimsOf(browser), browser.cookies.get(refreshCookie) ?? ''];
  const sid = String(first['sid']);
  const before = await lab.storage.findSession(sid);
  for (const site of ['cross-site', 'same-site']) {
    lab.clock.advance(301);
    const headers = { 'sec-fetch-site': site };
    equal(await ask(lab, browser, { headers }), sid);
    deepEqual(
      browser.set.map((line) => line.replace(/=[^;]+/, '')),
      ['__Host-symbolon; Max-Age=300; Path=/; Secure; HttpOnly; SameSite=Lax'],
    );
    deepEqual(await lab.storage.findSession(sid), before);
    equal(claimsOf(browser)['auth_time'], first['auth_time']);
  }
  const copied = createTestBrowser(lab, issuerUrl);
  copied.cookies.set(refreshCookie, refreshing);
  lab.clock.advance(301);
  equal(await ask(lab, browser, { headers: { 'sec-fetch-site': 'none' } }), sid);
  equal(browser.set.length, 2, 'who comes alone is given both');
  equal(await ask(lab, browser), sid);
  equal((await lab.storage.findSession(sid))?.generation, 1);
  lab.clock.advance(11);
  equal(await ask(lab, copied, { headers: { 'sec-fetch-site': 'cross-site' } }), undefined);
  equal((await lab.storage.findSession(sid))?.endReason, 'reuse');
});

browserTest('BROWSER-13: a refresh cookie is no refresh token, and the other way round', async (lab) => {
  const browser = await lab.visit();
  const app = await lab.issuer.clients.add({
    kind: 'public',
    audiences: [{ audience: 'https://api.example' }],
  });
  const holder = await newKey();
  const refreshToken = browser.cookies.get(refreshCookie) ?? '';
  for (const clientId of [app.id, 'symbolon']) {
    const answer = await refresh(lab, { clientId, refreshToken, holder });
    ok([400, 401].includes(answer.status));
  }
  const pair = await lab.issuer.sessions.start({ clientId: app.id, subject: 'ada', jkt: holder.kid });
  const own = browser.cookies.get(refreshCookie) ?? '';
  browser.cookies.clear();
  browser.cookies.set(refreshCookie, pair.refresh_token ?? '');
  equal(await ask(lab, browser), undefined);
  browser.cookies.set(token, pair.access_token);
  equal(await ask(lab, browser), undefined);
  browser.cookies.clear();
  browser.cookies.set(refreshCookie, own);
  ok(await ask(lab, browser));
  const answer = await refresh(lab, { clientId: app.id, refreshToken: pair.refresh_token ?? '', holder });
  equal(answer.status, 200);
});

browserTest('BROWSER-15, BROWSER-16: a proof of presence counts in its own token', async (lab) => {
  const browser = await lab.visit();
  const copied = new Map(browser.cookies);
  const { sid, auth_time: signedInAt } = claimsOf(browser);
  lab.clock.advance(200);
  browser.accept({ cookies: await lab.browsers.present(String(sid), ['hwk', 'user']) });
  const presence = async (): Promise<number> => {
    const asks = await lab.browsers.identify(browser.request('/account'));
    browser.accept({ cookies: asks?.cookies ?? [] });
    return (asks?.person.authTime ?? 0) - Number(signedInAt);
  };
  equal(await presence(), 200);
  const own = new Map(browser.cookies);
  for (const [name, value] of copied) browser.cookies.set(name, value);
  equal(await presence(), 0, 'a copy of the older token gains nothing');
  browser.cookies.delete(token);
  equal(await presence(), 0, 'nor does what renews it');
  for (const [name, value] of own) browser.cookies.set(name, value);
  lab.clock.advance(300);
  browser.cookies.delete(refreshCookie);
  equal(await presence(), -Number(signedInAt), 'nobody is signed in without what renews it');
});

browserTest('BROWSER-15: a bound session keeps its proof of presence through renewals', async (lab) => {
  const browser = await lab.visit();
  equal((await browser.register()).status, 200);
  const { sid, auth_time: signedInAt } = claimsOf(browser);
  const copied = browser.cookies.get(token) ?? '';
  lab.clock.advance(200);
  browser.accept({ cookies: await lab.browsers.present(String(sid), ['hwk', 'user']) });
  lab.clock.advance(300);
  equal((await browser.renew(String(sid))).status, 200);
  equal(Number(claimsOf(browser)['auth_time']) - Number(signedInAt), 200);
  browser.cookies.set(token, copied);
  const asks = await lab.browsers.identify(browser.request('/account'));
  equal(asks?.person.authTime, signedInAt);
});
