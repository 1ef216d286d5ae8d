import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createAuthenticator } from './authenticator.ts';
import {
  askedOf,
  codeOf,
  demandOk,
  enrol,
  openBrowser,
  openFirst,
  openPeopleLab,
  provePresence,
  signIn,
  type PeopleLab,
  type TestBrowser,
} from './people-lab.ts';
import { issuerUrl, refusalOf } from '../support.ts';

const subjectOf = async (lab: PeopleLab, name = 'operator'): Promise<string> =>
  (await lab.issuer.accounts?.find({ name }))?.subject ?? '';

const passkeysOf = async (lab: PeopleLab): Promise<string[]> =>
  (await lab.storage.listPasskeys(await subjectOf(lab))).map(({ id }) => id);

/** Makes a passkey on a device of its own and adds it to the account that is signed in. */
async function addPasskey(
  browser: TestBrowser,
  device = createAuthenticator({ origin: issuerUrl }),
): Promise<Response> {
  const asked = await askedOf(await browser.post('/account/passkeys/options', {}));
  return browser.post('/account/passkeys', { name: 'Laptop', response: device.make(asked) });
}

const remove = (browser: TestBrowser, id = ''): Promise<Response> =>
  browser.submit(`/account/passkeys/${id}/remove`, {});

async function makeCodes(browser: TestBrowser): Promise<string[]> {
  const answer = await browser.submit('/account/recovery-codes', {});
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'private, no-store');
  return (await answer.text()).match(/[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}/g) ?? [];
}

const recover = (browser: TestBrowser, code = '', address?: string): Promise<Response> =>
  browser.submit(
    '/sign-in/recovery',
    { account: 'operator', code },
    address === undefined ? {} : { address },
  );

void suite('what opens an account', () => {
  void test('ACCOUNT-13: adding, removing and recovery codes demand presence within five minutes', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    await demandOk(await addPasskey(browser));
    const [oldest] = await passkeysOf(lab);
    const asked = await askedOf(await browser.post('/account/passkeys/options', {}));
    const response = createAuthenticator({ origin: issuerUrl }).make(asked);
    lab.clock.advance(299);
    await browser.get('/account');
    lab.clock.advance(2);
    const absent = [400, 'presence_required'];
    assert.deepEqual(await refusalOf(await browser.post('/account/passkeys/options', {})), absent);
    assert.deepEqual(
      await refusalOf(await browser.post('/account/passkeys', { name: 'x', response })),
      absent,
    );
    assert.match((await remove(browser, oldest)).headers.get('location') ?? '', /^\/presence\?/);
    assert.match(
      (await browser.submit('/account/recovery-codes', {})).headers.get('location') ?? '',
      /^\/presence\?/,
    );
    assert.equal((await passkeysOf(lab)).length, 2);
    const renamed = await browser.submit(`/account/passkeys/${oldest ?? ''}/name`, { name: 'Work phone' });
    assert.equal(renamed.status, 303);
    assert.equal((await lab.storage.findPasskey(oldest ?? ''))?.name, 'Work phone');
    await demandOk(await provePresence(browser));
    await demandOk(await addPasskey(browser));
    assert.equal((await remove(browser, oldest)).status, 303);
    assert.equal((await passkeysOf(lab)).length, 2);
    assert.equal((await makeCodes(browser)).length, 10);
    await lab.issuer.close();
  });

  void test('ACCOUNT-14: the last passkey is removed only while recovery codes are left', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const [only] = await passkeysOf(lab);
    const kept = await remove(browser, only);
    assert.equal(kept.status, 400);
    assert.match(await kept.text(), /passkey_last/);
    assert.deepEqual(await passkeysOf(lab), [only]);
    await makeCodes(browser);
    assert.equal((await remove(browser, only)).status, 303);
    assert.deepEqual(await passkeysOf(lab), []);
    assert.deepEqual(await refusalOf(await signIn(browser)), [400, 'passkey_refused']);
    await lab.issuer.close();
  });

  void test('ACCOUNT-15: a passkey belongs to one account, and only that changes it', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const invited = await lab.issuer.accounts?.invite({ name: 'Eve' });
    assert.ok(invited?.kind === 'invited');
    const eve = openBrowser(lab);
    await demandOk(await enrol(eve, invited.link));
    await demandOk(await signIn(eve));
    const [ours = ''] = await passkeysOf(lab);
    await demandOk(await addPasskey(browser));
    for (const answer of [
      await remove(eve, ours),
      await eve.submit(`/account/passkeys/${ours}/name`, { name: 'Mine' }),
    ]) {
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), /passkey_unknown/);
    }
    assert.equal((await lab.storage.findPasskey(ours))?.name, 'My phone');
    const asked = await askedOf(await eve.post('/account/passkeys/options', {}));
    const response = createAuthenticator({ origin: issuerUrl }).make(asked, { id: ours });
    const taken = await eve.post('/account/passkeys', { name: 'Mine', response });
    assert.deepEqual(await refusalOf(taken), [400, 'passkey_known']);
    assert.throws(
      () => browser.device.make({ ...asked, excludeCredentials: [{ id: ours }] }),
      /InvalidStateError/,
      'a device is told which passkeys there are',
    );
    await lab.issuer.close();
  });

  void test('ACCOUNT-18: ten codes, of 100 random bits each, and new ones void the old', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const [old, codes] = [await makeCodes(browser), await makeCodes(browser)];
    assert.equal(new Set([...old, ...codes]).size, 20);
    for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}$/);
    const letters = new Set([...old, ...codes].join('').replaceAll('-', ''));
    assert.ok(letters.size > 28, 'nearly all of 32 letters appear among 400');
    const guest = openBrowser(lab);
    for (const code of old) assert.equal((await recover(guest, code)).status, 400);
    const [plain = '', spaced = '', lower = ''] = codes;
    for (const typed of [
      plain.replaceAll('-', ''),
      ` ${spaced.replaceAll('-', ' ')} `,
      lower.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l'),
    ])
      assert.equal((await recover(guest, typed)).status, 303, typed);
    await lab.issuer.close();
  });

  void test('ACCOUNT-19: a recovery code leads once to one new passkey, and to nothing else', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const [code = '', other = ''] = await makeCodes(browser);
    const guest = openBrowser(lab);
    assert.equal((await guest.submit('/sign-in/recovery', { account: 'Eve', code })).status, 400);
    const answers = await Promise.all([recover(guest, code), recover(guest, code), recover(guest, code)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 400, 400]);
    const to = answers.find(({ status }) => status === 303)?.headers.get('location') ?? '';
    assert.match(to, /^\/enrol#[\w-]{43}$/);
    assert.equal(guest.cookies.size, 0, 'nobody is signed in by a code');
    const link = `${issuerUrl}${to}`;
    const enrolled = await enrol(guest, link);
    assert.deepEqual(await enrolled.json(), { location: '/sign-in?return_to=%2Faccount%2Fend-others' });
    assert.deepEqual(await refusalOf(await guest.post('/enrol/options', { code: codeOf(link) })), [
      400,
      'link_refused',
    ]);
    await demandOk(await signIn(guest));
    assert.equal(
      (await passkeysOf(lab)).length,
      2,
      'and what the account had stays, until its person says otherwise',
    );
    const kinds = (await lab.storage.listEvents({ subject: await subjectOf(lab), limit: 50 })).map(
      ({ kind }) => kind,
    );
    assert.equal(kinds.filter((kind) => kind === 'account_recovered').length, 1);
    assert.equal((await lab.storage.listAudit({ kind: 'account_recovered', limit: 5 })).length, 1);
    const late = (await recover(openBrowser(lab), other)).headers.get('location') ?? '';
    lab.clock.advance(15 * 60);
    assert.deepEqual(await refusalOf(await guest.post('/enrol/options', { code: late.slice(7) })), [
      400,
      'link_refused',
    ]);
    await lab.issuer.close();
  });

  void test('ACCOUNT-7: a challenge to add a passkey, given in one session, answers in no other', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const elsewhere = openBrowser(lab, { device: browser.device });
    await demandOk(await signIn(elsewhere));
    const asked = await askedOf(await browser.post('/account/passkeys/options', {}));
    const made = { name: 'Laptop', response: createAuthenticator({ origin: issuerUrl }).make(asked) };
    assert.deepEqual(await refusalOf(await elsewhere.post('/account/passkeys', made)), [
      400,
      'challenge_refused',
    ]);
    assert.equal((await passkeysOf(lab)).length, 1);
    await demandOk(await browser.post('/account/passkeys', made));
    assert.equal((await passkeysOf(lab)).length, 2);
    await lab.issuer.close();
  });

  void test('ACCOUNT-20: an address that tries many codes waits, and nobody else does', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const [code = ''] = await makeCodes(browser);
    const guest = openBrowser(lab);
    const wrong = 'AAAA-AAAA-AAAA-AAAA-AAAA';
    for (let tries = 0; tries < 10; tries++)
      assert.equal((await recover(guest, wrong, '192.0.2.1')).status, 400);
    const late = await recover(guest, wrong, '192.0.2.1');
    assert.deepEqual([late.status, late.headers.get('retry-after')], [429, '60']);
    assert.equal((await recover(guest, code, '192.0.2.1')).status, 429, 'not even with the right one');
    assert.equal((await recover(guest, wrong, '192.0.2.2')).status, 400);
    assert.equal((await recover(guest, code, '192.0.2.3')).status, 303, 'the person comes in from elsewhere');
    lab.clock.advance(60);
    assert.equal((await recover(guest, wrong, '192.0.2.1')).status, 400);
    for (let tries = 0; tries < 9; tries++) await recover(guest, wrong, '192.0.2.1');
    assert.equal((await recover(guest, wrong, '192.0.2.1')).status, 429);
    for (let n = 0; n < 20; n++)
      assert.equal((await recover(guest, wrong)).status, 400, 'unknown addresses are not one');
    await lab.issuer.close();
  });

  void test('ACCOUNT-24: whoever changed what opens the account is offered to end every other session', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const elsewhere = openBrowser(lab, { device: browser.device });
    await demandOk(await signIn(elsewhere));
    const { location } = (await (await addPasskey(browser)).json()) as { location: string };
    const [, toEnd = ''] =
      /href="([^"]+)">End everything else/.exec(await (await browser.get(location)).text()) ?? [];
    assert.equal(toEnd, '/account/end-others');
    const [oldest = ''] = await passkeysOf(lab);
    const removed = (await remove(browser, oldest)).headers.get('location') ?? '';
    assert.match(
      await (await browser.get(removed)).text(),
      /href="\/account\/end-others">End everything else/,
    );
    assert.equal((await browser.submit(toEnd, {})).status, 303);
    assert.equal((await elsewhere.get('/account')).headers.get('location'), '/sign-in?return_to=%2Faccount');
    assert.equal((await browser.get('/account')).status, 200);
    await lab.issuer.close();
  });
});
