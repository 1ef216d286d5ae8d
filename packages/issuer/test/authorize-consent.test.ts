import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
  handleOn,
  openLinkLab,
  signIn,
} from './authorize-lab.ts';
import { locationOf, submit } from './authorize-lab.ts';
import { enrol, demandOk, openBrowser, openPeopleLab, signIn as signInBy } from './people-lab.ts';

void test('AUTHORIZE-22: where an application signs people in itself, a yes on a page of ours counts nothing', async () => {
  const own = await openLinkLab({ people: { signIn: { url: 'https://login.example/start' } } });
  const browser = await signIn(own);
  const to = locationOf(await arrive(own, (await ask(await addApplication(own))).parameters, browser));
  const request = to.searchParams.get('request') ?? '';
  for (const [path, decision] of [
    ['/authorize/consent', 'allow'],
    ['/authorize/consent', 'refuse'],
    ['/authorize/person', 'switch'],
    ['/authorize/person', 'back'],
  ] as const) {
    const form = { request, session: browser.sid, decision };
    const answer = locationOf(await submit(own, path, { form, browser }));
    assert.equal(answer.href, `https://login.example/start?request=${request}`, `${path} ${decision}`);
  }
  assert.ok((await own.storage.findBrowserSession(browser.sid)) !== null, 'nor is anybody signed out');
  const person = { subject: 'ada', authTime: Math.floor(own.clock.now() / 1000) };
  const done = new URL((await own.issuer.authorizations.complete(request, person)) ?? '');
  assert.ok(done.searchParams.has('code'), 'the application’s own word does');
  await own.issuer.close();
});

void test('AUTHORIZE-10: whoever was not there recently enough proves it first, whatever form he sends', async () => {
  const lab = await openLinkLab();
  const [browser, app] = [await signIn(lab), await addApplication(lab)];
  const allow = async (request: string) => {
    const form = { request, session: browser.sid, decision: 'allow' };
    return locationOf(await submit(lab, '/authorize/consent', { form, browser }));
  };
  lab.clock.advance(60);
  for (const [said, isEnough] of [
    [{ max_age: '60' }, true],
    [{ max_age: '59' }, false],
    [{ prompt: 'login' }, false],
  ] as const) {
    const arrived = await arrive(lab, (await ask(app, { ...said, scope: 'write' })).parameters, browser);
    const request = isEnough
      ? await handleOn(arrived)
      : (locationOf(arrived).searchParams.get('return_to') ?? '').replace('/authorize?request=', '');
    assert.match(request, /^[A-Za-z0-9_-]{43}$/);
    const to = await allow(request);
    assert.deepEqual(
      [to.pathname, to.searchParams.has('code')],
      [isEnough ? '/callback' : '/presence', isEnough],
    );
  }
  await lab.issuer.close();
});

void test('AUTHORIZE-10: whoever answers with a cookie that is over gets a new one, also with a no', async () => {
  const lab = await openPeopleLab();
  const first = await lab.issuer.accounts?.inviteFirst();
  const browser = openBrowser(lab);
  await demandOk(await enrol(browser, first?.link ?? ''));
  await demandOk(await signInBy(browser));
  const app = await addApplication(lab);
  for (const decision of ['refuse', 'allow']) {
    const kept = await browser.get(authorizePath((await ask(app)).parameters));
    const shown = await browser.get(
      new URL(kept.headers.get('location') ?? '').pathname + locationOf(kept).search,
    );
    const text = await shown.clone().text();
    const session = /name="session" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const form = { request: await handleOn(shown), session, decision };
    lab.clock.advance(301);
    const before = browser.cookies.get('__Host-symbolon');
    const answer = await browser.submit('/authorize/consent', form);
    assert.equal(locationOf(answer).searchParams.has(decision === 'allow' ? 'code' : 'error'), true);
    const names = answer.headers.getSetCookie().map((cookie) => cookie.split('=')[0]);
    assert.ok(names.includes('__Host-symbolon'), `${decision}: ${names.join()}`);
    assert.notEqual(browser.cookies.get('__Host-symbolon'), before);
    assert.equal((await browser.get('/account')).status, 200, 'and goes on with it');
  }
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});
