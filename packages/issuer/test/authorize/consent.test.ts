import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addApplication, arrive, ask, authorizePath, handleOn, openLinkLab, signIn } from './lab.ts';
import { codeFor, consent, get, locationOf, redeem, submit } from './lab.ts';
import { enrol, demandOk, openBrowser, openPeopleLab, signIn as signInBy } from '../people/people-lab.ts';

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
  const unknown = { request: 'x'.repeat(43), session: browser.sid, decision: 'allow' };
  for (const path of ['/authorize/consent', '/authorize/person']) {
    const told = await submit(own, path, { form: unknown, browser });
    assert.equal(told.status, 400);
    assert.match(
      await told.text(),
      /This link cannot be followed[^]*<code>request_uri_unknown</,
      'on a page',
    );
  }
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
    const asked = await ask(app, { scope: 'openid read' });
    const kept = await browser.get(authorizePath(asked.parameters));
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

void test('AUTHORIZE-72: what nobody has used for as long as its sessions last is asked again, and the page says so', async () => {
  const lab = await openLinkLab();
  const day = 24 * 3600;
  const kinds = [
    { bearer: false, life: 30 * day, says: /asks you again once it was not used for\s+30 days/ },
    { bearer: true, life: 300, says: /five minutes at a time; unused for longer it has to ask again/ },
  ];
  for (const { bearer, life, says } of kinds) {
    const app = await addApplication(lab, { bearer });
    const { subject, ...first } = await signIn(lab);
    const shown = await arrive(lab, (await ask(app)).parameters, { subject, ...first });
    assert.match(await shown.text(), says);
    await consent(lab, await ask(app), { subject, ...first });
    const isAsked = async () =>
      (await arrive(lab, (await ask(app)).parameters, await signIn(lab, { subject }))).status === 200;
    lab.clock.advance(life);
    assert.equal(await isAsked(), false, 'given within that time');
    const used = await ask(app);
    const code = await codeFor(lab, used, await signIn(lab, { subject }));
    assert.equal((await redeem(lab, used, { code })).status, 200);
    lab.clock.advance(life);
    assert.equal(await isAsked(), false, 'used within that time');
    lab.clock.advance(1);
    assert.equal(await isAsked(), true);
    const silent = await ask(app, { prompt: 'none' });
    const refused = locationOf(await arrive(lab, silent.parameters, await signIn(lab, { subject })));
    assert.equal(refused.searchParams.get('error'), 'consent_required');
  }
  await lab.issuer.close();
});

void test('AUTHORIZE-74: whoever will not prove to be there now is back with the application, which is told', async () => {
  const lab = await openLinkLab();
  const ada = await signIn(lab);
  const app = await addApplication(lab);
  lab.clock.advance(61);
  const asked = await ask(app, { max_age: '60' });
  const to = locationOf(await arrive(lab, asked.parameters, ada));
  assert.equal(to.pathname, '/presence');
  const shown = await get(lab, to.href, ada);
  assert.match(
    shown.headers.get('content-security-policy') ?? '',
    /form-action 'self' https:\/\/app\.example;/,
  );
  const text = await shown.text();
  const [, form = ''] = /<form[^>]* action="\/authorize\/person">(.*?)<\/form>/s.exec(text) ?? [];
  assert.match(form, /Not now: back to the application/);
  const fields = Object.fromEntries(
    [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const answer = locationOf(await submit(lab, '/authorize/person', { form: fields, browser: ada }));
  assert.equal(answer.origin, 'https://app.example');
  assert.equal(answer.searchParams.get('error'), 'login_required');
  const own = await (await get(lab, '/presence?return_to=/account', ada)).text();
  assert.match(own, /Not now: back to your account/);
  await lab.issuer.close();
});

void test('AUTHORIZE-73: whoever is asked can sign out and let another account be used', async () => {
  const lab = await openLinkLab();
  const [ada, grace] = [await signIn(lab), await signIn(lab)];
  const app = await addApplication(lab);
  await consent(lab, await ask(app), ada);
  const shown = await arrive(lab, (await ask(app, { prompt: 'select_account' })).parameters, ada);
  const text = await shown.clone().text();
  const request = await handleOn(shown);
  const button = /formaction="\/authorize\/person"\s+name="decision"\s+value="switch"\s*>\s*Not you\?/;
  assert.match(text, button);
  const left = await submit(lab, '/authorize/person', {
    form: { request, session: ada.sid, decision: 'switch' },
    browser: ada,
  });
  assert.equal(locationOf(left).pathname, '/sign-in');
  assert.equal(await lab.storage.findBrowserSession(ada.sid), null, 'she is signed out');
  const back = locationOf(left).searchParams.get('return_to') ?? '';
  const again = await get(lab, back, grace);
  assert.equal(await handleOn(again), request, 'the request has waited');
  const yes = { request, session: grace.sid, decision: 'allow' };
  const answer = locationOf(await submit(lab, '/authorize/consent', { form: yes, browser: grace }));
  assert.ok(answer.searchParams.has('code'));
  const metadata: unknown = await (await get(lab, '/.well-known/openid-configuration')).json();
  assert.ok(
    (metadata as { prompt_values_supported: string[] }).prompt_values_supported.includes('select_account'),
  );
  await lab.issuer.close();
});
