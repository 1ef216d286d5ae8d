import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBrowserLab } from '../people/browser-lab.ts';
import { linkApp, openPageLab, type PageLab } from '../people/page-lab.ts';
import { demandOk, openBrowser, provePresence, type TestBrowser } from '../people/people-lab.ts';
import { issuerUrl, refresh, refusalOf, tokensOf } from '../support.ts';
import { addApplication, ask, authorizePath, consent, locationOf, redeem, submit } from './lab.ts';
import { arrive, handleOn, type Asked, type Browser } from './lab.ts';

const minutes = 60;
const token = '__Host-symbolon';
const redirect_uri = 'https://app.example/cb';
const outliving = ['read', 'openid offline_access', 'openid offline_access read', 'profile'];

const claimsOf = (browser: { cookies: Map<string, string> }): { sid: string; auth_time: number } =>
  JSON.parse(
    Buffer.from(browser.cookies.get(token)?.split('.')[1] ?? '', 'base64url').toString(),
  ) as ReturnType<typeof claimsOf>;

/** Somebody else with all cookies of this browser. */
function copyOf(lab: PageLab, browser: TestBrowser): TestBrowser {
  const thief = openBrowser(lab);
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
  return thief;
}

const pathOf = (answer: Response): string => locationOf(answer).href.slice(issuerUrl.length);

/** Goes as far as nobody has to prove anything, and says yes: the last answer. */
async function link(browser: TestBrowser, asked: Asked): Promise<Response> {
  const kept = await browser.get(authorizePath(asked.parameters));
  const shown = await browser.get(pathOf(kept));
  if (shown.status !== 200) return shown;
  const session = /name="session" value="([^"]+)"/.exec(await shown.clone().text())?.[1] ?? '';
  const form = { request: await handleOn(shown), session, decision: 'allow' };
  return browser.submit('/authorize/consent', form);
}

const codeIn = (answer: Response): string | null => locationOf(answer).searchParams.get('code');

/** What a thief has in his own hands. */
async function loot(lab: PageLab, thief: TestBrowser, scope: string) {
  const asked = await ask('app', { redirect_uri, scope });
  const code = codeIn(await link(thief, asked)) ?? '';
  const tokens = await tokensOf(await redeem(lab, asked, { code }));
  const renew = (): Promise<Response> =>
    refresh(lab, { clientId: 'app', refreshToken: tokens.refresh_token ?? '', holder: asked.holder });
  return { renew };
}

void test('AUTHORIZE-75: what outlives the sign-in takes a passkey that was proved within five minutes', async () => {
  const lab = await openPageLab();
  const { ada } = lab;
  lab.clock.advance(20 * minutes);
  await ada.get('/account');
  const thief = copyOf(lab, ada);
  const open = async (by: TestBrowser, over: Record<string, string>, clientId = 'app'): Promise<URL> =>
    locationOf(await link(by, await ask(clientId, { redirect_uri, ...over })));
  for (const scope of outliving) {
    assert.equal((await open(thief, { scope })).pathname, '/presence', scope);
    const silent = await open(thief, { scope, prompt: 'none' });
    assert.equal(silent.searchParams.get('error'), 'login_required', scope);
    const said = await open(thief, { scope, max_age: '86400' });
    assert.equal(said.pathname, '/presence', 'an application asks for more, never for less');
  }
  assert.ok((await open(thief, { scope: 'openid' })).searchParams.has('code'), 'that ends with the sign-in');
  const asked = await ask('app', { redirect_uri });
  const way = await link(thief, asked);
  const request = (locationOf(way).searchParams.get('return_to') ?? '').split('=')[1] ?? '';
  const form = { request, session: claimsOf(thief).sid, decision: 'allow' };
  const forced = await thief.submit('/authorize/consent', form);
  assert.equal(locationOf(forced).pathname, '/presence', 'whatever form he sends');

  await linkApp(lab, lab.adaSubject);
  const own = await addApplication(lab, { consent: 'given', redirectUris: [redirect_uri] });
  const events = async (): Promise<number> =>
    (await lab.storage.listEvents({ subject: lab.adaSubject, limit: 100 })).length;
  const told = await events();
  for (const client of ['app', own])
    assert.equal((await open(thief, { scope: 'read' }, client)).pathname, '/presence', 'without being asked');
  assert.equal(await events(), told);

  await demandOk(await provePresence(ada));
  for (const client of ['app', own])
    assert.ok((await open(ada, { scope: 'read' }, client)).searchParams.has('code'));
  assert.ok((await open(ada, { scope: 'openid offline_access' })).searchParams.has('code'));
  assert.equal(
    (await open(thief, { scope: 'read' })).pathname,
    '/presence',
    'of the copy that was not proved',
  );
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

void test('AUTHORIZE-75: it is asked again when the person decides, however long the page was open', async () => {
  const lab = await openBrowserLab();
  const app = await addApplication(lab);
  const ada = await lab.visit();
  await ada.register();
  const { sid } = claimsOf(ada);
  const browser = (): Browser => ({
    ...{ subject: lab.person, sid, cookie: `${token}=${ada.cookies.get(token) ?? ''}` },
  });
  const allow = async (request: string): Promise<URL> => {
    const form = { request, session: sid, decision: 'allow' };
    return locationOf(await submit(lab, '/authorize/consent', { form, browser: browser() }));
  };
  const shown = async (): Promise<string> =>
    handleOn(await arrive(lab, (await ask(app, { scope: 'write' })).parameters, browser()));
  const [soon, late] = [await shown(), await shown()];
  lab.clock.advance(300);
  assert.ok((await allow(soon)).searchParams.has('code'));
  lab.clock.advance(1);
  const to = await allow(late);
  assert.equal(to.pathname, '/presence');
  assert.equal(to.searchParams.get('return_to'), `/authorize?request=${late}`, 'and the request waits');
  ada.accept({ cookies: await lab.browsers.present(sid, ['hwk', 'user']) });
  assert.ok((await allow(late)).searchParams.has('code'));
  await lab.close();
});

void test('BROWSER-10: whoever copied a cookie and was found out keeps nothing of what he opened with it', async () => {
  const lab = await openPageLab();
  const { ada } = lab;
  const thief = copyOf(lab, ada);
  const taken = [];
  for (const scope of ['openid', 'openid offline_access read', 'read'])
    taken.push(await loot(lab, thief, scope));
  for (const { renew } of taken) assert.equal((await renew()).status, 200);
  lab.clock.advance(6 * minutes);
  await thief.get('/account');
  lab.clock.advance(6 * minutes);
  await thief.get('/account');
  assert.equal((await ada.get('/account')).status, 303, 'the honest browser comes with what it has');
  for (const { renew } of taken) assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused']);
  assert.deepEqual(await lab.storage.listApplications({ subject: lab.adaSubject, limit: 9 }), []);
  const events = await lab.storage.listEvents({ subject: lab.adaSubject, limit: 100 });
  const told = events.filter(({ kind }) => ['session_stolen', 'ended_with_browser'].includes(kind));
  assert.deepEqual(told.map(({ kind }) => kind).sort(), ['ended_with_browser', 'session_stolen']);
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

void test('DBSC-21: a copied cookie of a bound session opens nothing that lasts, and what it opens ends with the browser', async () => {
  for (const way of ['signs out', 'ends it in the list'] as const) {
    const lab = await openBrowserLab();
    const ada = await lab.visit();
    assert.equal((await ada.register()).status, 200);
    const { sid } = claimsOf(ada);
    for (let n = 0; n < 4; n++) {
      lab.clock.advance(14 * minutes);
      assert.equal((await ada.renew(sid)).status, 200);
    }
    const thief: Browser = {
      ...{ subject: lab.person, sid, cookie: `${token}=${ada.cookies.get(token) ?? ''}` },
    };
    const app = await addApplication(lab);
    const lasting = await ask(app, { scope: 'read' });
    assert.equal((await consent(lab, lasting, thief)).pathname, '/presence');
    const asked = await ask(app, { scope: 'openid read' });
    const code = (await consent(lab, asked, thief)).searchParams.get('code') ?? '';
    let pair = await tokensOf(await redeem(lab, asked, { code }));
    const renew = async (): Promise<Response> => {
      const answer = await refresh(lab, {
        ...{ clientId: app, refreshToken: pair.refresh_token ?? '', holder: asked.holder },
      });
      if (answer.status === 200) pair = await tokensOf(answer.clone());
      return answer;
    };
    assert.equal((await renew()).status, 200, 'the positive control');
    if (way === 'signs out') await ada.send('/sign-out', { method: 'POST' });
    else {
      const other = await lab.visit();
      await other.send(`/account/sessions/${sid}/end`, { method: 'POST' });
    }
    assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused'], way);
    await lab.close();
  }
});

void test('CODE-14: what a copied cookie opened is over when the sign-in would be, also where nobody signs out', async () => {
  const lab = await openPageLab();
  lab.clock.advance(20 * minutes);
  await lab.ada.get('/account');
  const { renew } = await loot(lab, copyOf(lab, lab.ada), 'openid read');
  lab.clock.advance(2 * 60 * minutes);
  assert.equal((await renew()).status, 200, 'an hour without use is for the browser alone');
  lab.clock.advance(6 * 60 * minutes - 20 * minutes);
  assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_expired']);
  await lab.issuer.close();
});
