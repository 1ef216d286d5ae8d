import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addApplication, ask, consent, redeem, signIn } from '../authorize/lab.ts';
import { linkApp, openPageLab, submitAndFollow, type PageLab } from './page-lab.ts';
import { demandOk, enrol, openBrowser, signIn as signInBy } from './people-lab.ts';

async function countsOf(lab: PageLab, figure: string): Promise<Record<string, number>> {
  const text = await lab.issuer.metrics();
  const lines = text.matchAll(new RegExp(`^symbolon_${figure}_total\\{\\w+="(\\w+)"\\} (\\d+)$`, 'gm'));
  return Object.fromEntries([...lines].map(([, key = '', many]) => [key, Number(many)]));
}

void test('ISSUER-105: what a page refuses is counted by its code, once, and says it in its head', async () => {
  const lab = await openPageLab();
  assert.deepEqual(await countsOf(lab, 'refusals'), {});
  const refusalIn = (answer: Response): string | null => answer.headers.get('x-symbolon-refusal');
  const html = { accept: 'text/html' };
  const foreign = { ...html, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const app = await addApplication(lab);
  const silent = new URLSearchParams((await ask(app, { prompt: 'none' })).parameters);
  const begun = await openBrowser(lab).get(`/authorize?${silent.toString()}`);
  const { pathname, search } = new URL(begun.headers.get('location') ?? '');
  const answers: readonly (readonly [string, Response])[] = [
    ['request_uri_unknown', await lab.ada.get('/authorize?request=nothing')],
    ['redirect_uri_unknown', await lab.ada.get('/authorize?client_id=app&redirect_uri=https://evil.example')],
    ['request_cross_site', await lab.ada.submit('/account/end-others', {}, { headers: foreign })],
    ['passkey_unknown', await lab.ada.get('/account/passkeys/nothing/remove')],
    ['recovery_refused', await lab.ada.submit('/sign-in/recovery', { account: 'ada', code: 'nothing' })],
    ['login_required', await openBrowser(lab).get(pathname + search)],
  ];
  for (const [code, answer] of answers) assert.equal(refusalIn(answer), code);
  for (let many = 0; many < 20; many++)
    await lab.ada.submit('/sign-in/recovery', { account: 'ada', code: 'nothing' }, { address: '192.0.2.1' });
  assert.equal((await lab.ada.get('/userinfo')).status, 401);
  assert.equal(refusalIn(await lab.ada.get('/account')), null, 'a page that refuses nothing says nothing');
  assert.deepEqual(await countsOf(lab, 'refusals'), {
    ...Object.fromEntries(answers.map(([code]) => [code, 1])),
    recovery_refused: 11,
    attempts_exceeded: 10,
    token_missing: 1,
  });
  await lab.issuer.close();
});

void test('ISSUER-106: what people end is counted', async () => {
  const lab = await openPageLab();
  const { accounts } = lab.issuer;
  const linked = await linkApp(lab, lab.adaSubject);
  await submitAndFollow(lab.ada, `/account/applications/${linked.grantId}/end`);
  await submitAndFollow(lab.ada, '/account/end-others');
  const thief = openBrowser(lab);
  for (const [name, value] of lab.ada.cookies) thief.cookies.set(name, value);
  lab.clock.advance(400);
  assert.equal((await lab.ada.get('/account')).status, 200);
  lab.clock.advance(400);
  assert.equal((await lab.ada.get('/account')).status, 200);
  assert.equal((await thief.get('/account')).status, 303, 'a refresh cookie in two hands');
  const code = { browser: await signIn(lab), asked: await ask(await addApplication(lab)) };
  const back = await consent(lab, code.asked, code.browser);
  const secret = back.searchParams.get('code') ?? '';
  assert.equal((await redeem(lab, code.asked, { code: secret })).status, 200);
  lab.clock.advance(61);
  assert.equal((await redeem(lab, code.asked, { code: secret })).status, 400);
  await lab.operator.submit('/sign-out', {});
  const link = await accounts?.recover({ subject: lab.adaSubject });
  assert.ok(link?.kind === 'offered');
  const again = openBrowser(lab);
  await demandOk(await enrol(again, link.link));
  await demandOk(await signInBy(again));
  await accounts?.disable({ subject: lab.adaSubject });
  assert.deepEqual(await countsOf(lab, 'ends'), {
    grant: 1,
    others: 1,
    reuse: 2,
    sign_in: 1,
    subject: 2,
  });
  await lab.issuer.close();
});
