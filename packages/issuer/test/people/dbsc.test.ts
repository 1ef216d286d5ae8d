import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import {
  challengeOf,
  createTestBrowser,
  openBrowserLab,
  type BrowserLab,
  type TestBrowser,
} from './browser-lab.ts';
import { issuerUrl } from '../support.ts';

const token = '__Host-symbolon';
const refreshCookie = '__Host-symbolon-refresh';
const markCookie = '__Host-symbolon-bound';

function deviceTest(title: string, run: (lab: BrowserLab) => Promise<void>): void {
  test(title, async () => {
    const lab = await openBrowserLab();
    try {
      await run(lab);
    } finally {
      await lab.close();
    }
  });
}

/** A browser whose session is bound, and the session's id. */
async function visitBound(lab: BrowserLab): Promise<TestBrowser & { sid: string }> {
  const browser = await lab.visit();
  const answer = await browser.register();
  equal(answer.status, 200);
  const { session_identifier: sid } = (await answer.json()) as { session_identifier: string };
  return { ...browser, sid };
}

async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { code?: string }).code;
}

async function isSignedIn(lab: BrowserLab, browser: TestBrowser): Promise<boolean> {
  return (await lab.browsers.identify(browser.request('/account'))) !== undefined;
}

deviceTest('DBSC-7: the answer to a sign-in offers a registration, and no other answer does', async (lab) => {
  const said = await lab.browsers.start({ subject: lab.person, amr: ['hwk'], device: null });
  match(
    said.headers['secure-session-registration'] ?? '',
    /^\(ES256\);path="\/dbsc\/register";challenge="[\w.-]+";authorization="[\w.-]+"$/,
  );
  const browser = await visitBound(lab);
  const renewed = await browser.renew(browser.sid);
  equal(renewed.status, 200);
  equal(renewed.headers.get('secure-session-registration'), null);
  const plain = await openBrowserLab('http://localhost:8080');
  const loopback = await plain.browsers.start({ subject: plain.person, amr: ['hwk'], device: null });
  deepEqual(loopback.headers, {});
  await plain.close();
});

deviceTest(
  'DBSC-8: who says what was offered, signed by the new key, binds the session once',
  async (lab) => {
    const [browser, other] = [await lab.visit(), await lab.visit()];
    const strange = {
      'no challenge': { jti: 'reg-chal' },
      'another session’s challenge': { jti: other.offer.get('challenge') },
      'another session’s offer': {
        jti: other.offer.get('challenge'),
        authorization: other.offer.get('authorization'),
      },
      'the authorization as challenge': { jti: browser.offer.get('authorization') },
      'no authorization': { authorization: undefined },
      'another’s authorization': { authorization: other.offer.get('authorization') },
      'a challenge of a later generation': { jti: browser.offer.get('challenge')?.replace(/^0/, '1') },
      'a challenge of another time': { jti: browser.offer.get('challenge')?.replace(/^0\.\d/, '0.9') },
    };
    for (const [what, bend] of Object.entries(strange)) {
      const answer = await browser.register(bend);
      equal(answer.status, 400, what);
      equal(await codeOf(answer), 'device_registration_refused', what);
    }
    const silent = await browser.send('/dbsc/register', { method: 'POST' });
    equal(await codeOf(silent), 'device_registration_refused');
    const answer = await browser.register();
    equal(answer.status, 200);
    equal(await codeOf(await browser.register()), 'device_registration_refused');
  },
);

deviceTest('DBSC-8: a minute after the sign-in it is too late, and after a renewal too', async (lab) => {
  const [browser, late, renewed] = [await lab.visit(), await lab.visit(), await lab.visit()];
  renewed.cookies.delete(token);
  const asks = await lab.browsers.identify(renewed.request('/account'));
  renewed.accept({ cookies: asks?.cookies ?? [] });
  equal(await codeOf(await renewed.register()), 'device_registration_refused');
  lab.clock.advance(59);
  equal((await browser.register()).status, 200);
  lab.clock.advance(1);
  equal(await codeOf(await late.register()), 'device_registration_refused');
  ok(await isSignedIn(lab, late));
});

deviceTest(
  'DBSC-9: a registration needs the cookie of its session, from a page of the issuer',
  async (lab) => {
    const [browser, other] = [await lab.visit(), await lab.visit()];
    const own = new Map(browser.cookies);
    browser.cookies.clear();
    notEqual((await browser.register()).status, 200);
    for (const [name, value] of other.cookies) browser.cookies.set(name, value);
    equal(await codeOf(await browser.register()), 'device_registration_refused');
    for (const [name, value] of own) browser.cookies.set(name, value);
    const headers = {
      'sec-fetch-site': 'cross-site',
      'secure-session-response': browser.sign(
        { jti: browser.offer.get('challenge'), authorization: browser.offer.get('authorization') },
        'registration',
      ),
    };
    const forged = await browser.send('/dbsc/register', { method: 'POST', headers });
    deepEqual([forged.status, await codeOf(forged)], [403, 'request_cross_site']);
    equal((await browser.register()).status, 200);
  },
);

deviceTest('DBSC-10: what renewed the session before is worth nothing any more', async (lab) => {
  const browser = await lab.visit();
  const stolen = new Map(browser.cookies);
  const { session_identifier: sid } = (await (await browser.register()).json()) as {
    session_identifier: string;
  };
  match(browser.set[0] ?? '', /^__Host-symbolon=[\w.-]+; Max-Age=900; /);
  equal(browser.set[1], '__Host-symbolon-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax');
  const thief = createTestBrowser(lab, issuerUrl);
  for (const [name, value] of stolen) thief.cookies.set(name, value);
  thief.cookies.delete(token);
  equal(await isSignedIn(lab, thief), false);
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
  ok(await isSignedIn(lab, thief), 'a copied cookie is good for its minutes');
  lab.clock.advance(900);
  equal(await isSignedIn(lab, thief), false);
  notEqual((await thief.renew(sid)).status, 200);
  equal((await browser.renew(sid)).status, 200);
  ok(await isSignedIn(lab, browser));
  for (const hours of [24, 6 * 24 - 1]) {
    lab.clock.advance(hours * 3600);
    equal((await browser.renew(sid)).status, 200);
  }
});

deviceTest(
  'DBSC-20: the feed says the end for longer than the token of a bound session lives',
  async (lab) => {
    const { sid } = await visitBound(lab);
    const now = await lab.storage.now();
    await lab.issuer.sessions.end({ sid });
    const { entries } = await lab.storage.readFeed({ after: 0, limit: 9 });
    const [entry] = entries.filter(({ value }) => value === sid);
    ok((entry?.until ?? 0) - now >= (900 + 5) * 1_000_000);
  },
);

deviceTest(
  'DBSC-11: the answer says which cookie is bound, as it is, and where it is renewed',
  async (lab) => {
    const browser = await lab.visit();
    const answer = await browser.register();
    equal(answer.headers.get('content-type'), 'application/json');
    const {
      session_identifier: sid,
      refresh_url: url,
      scope,
      credentials,
    } = (await answer.json()) as {
      session_identifier: string;
      refresh_url: string;
      scope: { origin: string; include_site: boolean };
      credentials: { name: string; attributes: string }[];
    };
    deepEqual([sid.length, url, scope.origin, scope.include_site], [22, '/dbsc/refresh', issuerUrl, false]);
    const [{ name, attributes } = { name: '', attributes: '' }] = credentials;
    const set = browser.set[0] ?? '';
    ok(set.startsWith(`${name}=`) && set.endsWith(`; ${attributes}`));
  },
);

deviceTest('DBSC-22: a bound session is named by a cookie that opens nothing', async (lab) => {
  const [browser, other] = [await visitBound(lab), await visitBound(lab)];
  match(
    browser.set[2] ?? '',
    /^__Host-symbolon-bound=[\w.-]+; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
  );
  browser.cookies.delete(token);
  equal(await isSignedIn(lab, browser), false);
  equal(lab.browsers.boundIn(browser.request('/account')), browser.sid);
  const mark = browser.cookies.get(markCookie) ?? '';
  for (const forged of [browser.sid, mark.replace(browser.sid, other.sid), `${mark}A`, mark.slice(1)]) {
    const thief = createTestBrowser(lab, issuerUrl);
    thief.cookies.set(markCookie, forged);
    equal(lab.browsers.boundIn(thief.request('/account')), undefined, forged);
    equal((await thief.send('/sign-out', { method: 'POST' })).status, 200);
  }
  for (const { sid } of [browser, other]) ok(await lab.storage.findBrowserSession(sid));
  ok(await isSignedIn(lab, other));
  other.cookies.delete(token);
  for (const [{ sid, cookies, send }, path] of [
    [browser, '/sign-out'],
    [other, '/logout/confirm'],
  ] as const) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    equal((await send(path, { method: 'POST', headers })).status, 200);
    deepEqual([...cookies], []);
    equal((await lab.storage.findSession(sid))?.endReason, 'signed_out');
  }
});

deviceTest('DBSC-12: who asks without a statement gets a challenge with the session’s id', async (lab) => {
  const { sid, send } = await visitBound(lab);
  for (const id of [sid, `"${sid}"`]) {
    const headers = { 'sec-secure-session-id': id };
    const answer = await send('/dbsc/refresh', { method: 'POST', headers });
    equal(answer.status, 403);
    match(answer.headers.get('secure-session-challenge') ?? '', new RegExp(`^"[\\w.-]+";id="${sid}"$`));
    deepEqual(answer.headers.getSetCookie(), []);
  }
  for (const headers of [
    {},
    { 'sec-secure-session-id': 'a b' },
    { 'sec-secure-session-id': `${sid}, ${sid}` },
  ]) {
    const answer = await send('/dbsc/refresh', { method: 'POST', headers });
    deepEqual([answer.status, await codeOf(answer)], [400, 'request_malformed']);
  }
});

deviceTest(
  'DBSC-13: an answer to the challenge of this session counts once, within a minute',
  async (lab) => {
    const [browser, other] = [await visitBound(lab), await visitBound(lab)];
    const challenge = async ({ sid, send }: typeof browser): Promise<string> => {
      const headers = { 'sec-secure-session-id': sid };
      return challengeOf(await send('/dbsc/refresh', { method: 'POST', headers })) ?? '';
    };
    const answer = (jti: string): Promise<Response> =>
      browser.send('/dbsc/refresh', {
        method: 'POST',
        headers: {
          'sec-secure-session-id': browser.sid,
          'secure-session-response': browser.sign({ jti }),
        },
      });
    const [first, foreign] = [await challenge(browser), await challenge(other)];
    const offered = browser.offer.get('challenge') ?? '';
    for (const stale of [foreign, offered, 'chal-2', first.replace(/^1/, '2')]) {
      const again = await answer(stale);
      equal(again.status, 403);
      ok(challengeOf(again));
    }
    equal((await answer(first)).status, 200);
    ok(browser.set[0]?.startsWith(`${token}=`));
    const replayed = await answer(first);
    equal(replayed.status, 403);
    deepEqual(replayed.headers.getSetCookie(), []);
    const next = challengeOf(replayed) ?? '';
    lab.clock.advance(60);
    const late = await answer(next);
    equal(late.status, 403);
    equal((await answer(challengeOf(late) ?? '')).status, 200);
    const many = await challenge(browser);
    const answers = await Promise.all(Array.from({ length: 10 }, () => answer(many)));
    deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 403)]);
  },
);

deviceTest('DBSC-14: another device’s signature is refused, whatever it says', async (lab) => {
  const browser = await visitBound(lab);
  const thief = createTestBrowser(lab, issuerUrl);
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
  const headers = { 'sec-secure-session-id': browser.sid };
  const jti = challengeOf(await thief.send('/dbsc/refresh', { method: 'POST', headers }));
  for (const [statement, code] of [
    [thief.sign({ jti }), 'device_signature_invalid'],
    [thief.sign({ jti }, 'registration'), 'device_header_invalid'],
    [browser.sign({ jti }, 'registration'), 'device_header_invalid'],
    [browser.sign({ jti, aud: `${issuerUrl}/dbsc/register` }), 'device_audience_unexpected'],
    ['a.b', 'device_malformed'],
  ] as const) {
    const sent = { ...headers, 'secure-session-response': statement };
    const answer = await thief.send('/dbsc/refresh', { method: 'POST', headers: sent });
    deepEqual([answer.status, await codeOf(answer), answer.headers.getSetCookie()], [400, code, []]);
  }
  const own = {
    ...headers,
    'secure-session-response': browser.sign({ jti, aud: `${issuerUrl}/dbsc/refresh` }),
  };
  equal((await browser.send('/dbsc/refresh', { method: 'POST', headers: own })).status, 200);
});

deviceTest('DBSC-15: a session that is over, not bound or unknown is answered alike', async (lab) => {
  const [over, browser, loose] = [await visitBound(lab), await visitBound(lab), await lab.visit()];
  const asks = await lab.browsers.identify(loose.request('/account'));
  await lab.issuer.sessions.end({ sid: over.sid });
  const ask = async (sid: string): Promise<Response> =>
    browser.send('/dbsc/refresh', { method: 'POST', headers: { 'sec-secure-session-id': sid } });
  for (const sid of [over.sid, asks?.person.sid ?? '', 'AAAAAAAAAAAAAAAAAAAAAA']) {
    const answer = await ask(sid);
    deepEqual([answer.status, answer.headers.getSetCookie()], [200, []]);
    deepEqual(await answer.json(), { session_identifier: sid, continue: false });
  }
  equal((await ask(browser.sid)).status, 403);
});

deviceTest('DBSC-16: a browser that says it skipped the renewal is let in no further', async (lab) => {
  const browser = await visitBound(lab);
  lab.clock.advance(900);
  for (const reason of ['quota_exceeded', 'server_error', 'unreachable']) {
    const headers = { 'secure-session-skipped': `${reason};session_identifier="${browser.sid}"` };
    const skipped = browser.request('/account', { headers });
    equal(await lab.browsers.identify(skipped), undefined);
  }
  equal((await browser.renew(browser.sid)).status, 200);
  ok(await isSignedIn(lab, browser));
  equal(browser.cookies.has(refreshCookie), false);
});

deviceTest('PAGE-10: the account page says which browser is bound to its device', async (lab) => {
  const [bound, plain] = [await visitBound(lab), await lab.visit()];
  for (const browser of [bound, plain]) {
    const text = await (await browser.send('/account')).text();
    const rows = [...text.matchAll(/<li class="(here)?">[^]*?<\/li>/g)].filter(([row]) =>
      /bound to this device|cookie only/.test(row),
    );
    const said = rows.map(([row, here]) => [here === 'here', row.includes('bound to this device')]);
    const isBound = browser === bound;
    deepEqual(
      said.sort(),
      [
        [true, isBound],
        [false, !isBound],
      ].sort(),
    );
  }
});
