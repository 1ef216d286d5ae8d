import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { createAuthenticator } from './authenticator.ts';
import { openPageLab, type PageLab } from './page-lab.ts';
import { askedOf, demandOk, openBrowser, signIn, type TestBrowser } from './people-lab.ts';
import { issuerUrl, refusalOf } from '../support.ts';

suite('requests of browsers', () => {
  let lab: PageLab;
  beforeEach(async () => {
    lab = await openPageLab();
  });
  afterEach(async () => {
    await lab.issuer.close();
    deepEqual(lab.faults, []);
  });

  /** Begins to send, and sends the body when told to. */
  function sendSlowly(
    browser: TestBrowser,
    { path, type, text }: { path: string; type: string; text: string },
  ): { finish: () => Promise<Response> } {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const headers = {
      cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...{ 'sec-fetch-site': 'same-origin', 'content-type': type },
    };
    const half = { duplex: 'half' };
    const init: RequestInit = { ...half, method: 'POST', body: readable, headers };
    const answer = lab.issuer.fetch(new Request(issuerUrl + path, init));
    return {
      finish: async () => {
        const writer = writable.getWriter();
        await Promise.all([writer.write(new TextEncoder().encode(text)).then(() => writer.close()), answer]);
        return answer;
      },
    };
  }

  test('BROWSER-19: whoever sends slowly is who he is when all of it has come', async () => {
    const other = openBrowser(lab, { device: lab.ada.device });
    await demandOk(await signIn(other));
    const add = async (): Promise<{ finish: () => Promise<Response> }> => {
      const asked = await askedOf(await lab.ada.post('/account/passkeys/options', {}));
      const text = JSON.stringify({
        name: 'another',
        response: createAuthenticator({ origin: issuerUrl }).make(asked),
      });
      return sendSlowly(lab.ada, { path: '/account/passkeys', type: 'application/json', text });
    };
    equal((await (await add()).finish()).status, 200);
    const late = await add();
    // The endpoint has come as far as it does without the body.
    await lab.issuer.fetch(new Request(`${issuerUrl}/account`));
    equal((await other.submit('/account/end-others', {})).status, 303);
    deepEqual(await refusalOf(await late.finish()), [400, 'session_ended']);
    equal((await lab.storage.listPasskeys(lab.adaSubject)).length, 2);
  });

  test('BROWSER-19: an operator who was disabled while he sent invites nobody', async () => {
    await lab.issuer.accounts?.setRole({ subject: lab.adaSubject, role: 'operator' });
    const invite = (name: string): { finish: () => Promise<Response> } =>
      sendSlowly(lab.ada, {
        ...{ path: '/console/accounts/invite', type: 'application/x-www-form-urlencoded' },
        text: `name=${name}&role=operator`,
      });
    match(await (await invite('first').finish()).text(), /enrol#/);
    const late = invite('second');
    await lab.issuer.fetch(new Request(`${issuerUrl}/account`));
    await lab.issuer.accounts?.disable({ subject: lab.adaSubject });
    const answer = await late.finish();
    equal(answer.status, 303);
    doesNotMatch(await answer.text(), /enrol#/);
    deepEqual(await lab.issuer.accounts?.invitations(), []);
  });

  test('BROWSER-19: of a request 64 kB are read, also where nobody needs them', async () => {
    const sized = (bytes: number): Readonly<Record<string, string>> => ({ a: 'x'.repeat(bytes - 2) });
    deepEqual(await refusalOf(await lab.ada.submit('/sign-out', sized(65_537))), [400, 'request_malformed']);
    equal((await lab.ada.get('/account')).status, 200);
    equal((await lab.ada.submit('/sign-out', sized(65_536))).status, 200);
    equal((await lab.ada.get('/account')).status, 303);
  });

  test('BROWSER-6: a passkey proved in a browser ends the session that was in it, and no other', async () => {
    const [before, elsewhere] = [openBrowser(lab), openBrowser(lab, { device: lab.ada.device })];
    await demandOk(await signIn(elsewhere));
    for (const [name, value] of lab.ada.cookies) before.cookies.set(name, value);
    equal((await before.get('/account')).status, 200);
    await demandOk(await signIn(lab.ada));
    equal((await before.get('/account')).status, 303);
    equal((await elsewhere.get('/account')).status, 200);
    equal((await lab.ada.get('/account')).status, 200);
  });

  test('BROWSER-20: a refusal gives the browser the cookies that were renewed for it', async () => {
    const refusals: readonly (() => Promise<Response>)[] = [
      () => lab.operator.get('/console/accounts/nobody/end'),
      () => lab.operator.submit('/account/passkeys/unknown/name', { name: 'zz' }),
      () => lab.operator.post('/account/passkeys', {}),
      () => lab.operator.post('/presence/verify', {}),
      () => lab.operator.post('/enrol/options', {}),
      () => lab.operator.post('/sign-in/verify', {}),
      () => lab.operator.submit('/sign-in/recovery', { account: 'x', code: 'y' }),
      () => lab.operator.submit('/authorize/consent', { request: 'unknown', decision: 'allow' }),
      () => lab.operator.submit('/logout/confirm', { session: 'x', client_id: 'unknown' }),
      () => lab.operator.post('/dbsc/register', {}),
      () => lab.operator.get('/authorize?request=unknown'),
    ];
    for (const refusal of refusals) {
      lab.clock.advance(301);
      const answer = await refusal();
      equal(answer.status >= 400, true);
      lab.clock.advance(11);
      equal((await lab.operator.get('/account')).status, 200, String(refusal));
    }
  });

  test('BROWSER-21: signing out makes the browser forget what it bound, whoever it takes itself for', async () => {
    const forgets = async (browser: TestBrowser): Promise<string | null> =>
      (await browser.submit('/sign-out', {})).headers.get('clear-site-data');
    equal(await forgets(lab.ada), '"storage"');
    equal(await forgets(lab.ada), '"storage"');
    equal((await lab.operator.get('/account')).headers.has('clear-site-data'), false);
  });
});
