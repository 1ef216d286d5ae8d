import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Accounts, Invitation } from '../../src/index.ts';
import { createAuthenticator } from './authenticator.ts';
import {
  askedOf,
  codeOf,
  demandOk,
  enrol,
  openBrowser,
  openFirst,
  openPeopleLab,
  signIn,
  type PeopleLab,
  type TestBrowser,
} from './people-lab.ts';
import { issuerUrl, refusalOf } from '../support.ts';

const accountsOf = ({ issuer }: PeopleLab): Accounts => {
  assert.ok(issuer.accounts);
  return issuer.accounts;
};

async function linkOf(lab: PeopleLab, over: Partial<Invitation> = {}): Promise<string> {
  const invited = await accountsOf(lab).invite({ name: 'Grace', ...over });
  assert.ok(invited.kind === 'invited');
  return invited.link;
}

async function firstLinkOf(lab: PeopleLab): Promise<string> {
  const first = await accountsOf(lab).inviteFirst();
  assert.ok(first);
  return first.link;
}

/** Whether the browser's cookies are somebody's. */
const isSignedIn = async (browser: TestBrowser): Promise<boolean> =>
  (await browser.get('/sign-in')).status === 303;

void suite('accounts, through the front door', () => {
  void test('ACCOUNT-1: the first link leads to a passkey, that to a session, and sign-out ends it', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const link = await firstLinkOf(lab);
    assert.match(link, /^https:\/\/issuer\.example\/enrol#[A-Za-z0-9_-]{43}$/);
    const enrolled = await enrol(browser, link);
    assert.deepEqual(await enrolled.json(), { location: '/sign-in?return_to=%2Faccount%2Frecovery-codes' });
    assert.equal(browser.cookies.size, 0, 'nobody is signed in by a link');
    assert.equal(await isSignedIn(browser), false);
    const signedIn = await signIn(browser);
    assert.deepEqual(await signedIn.json(), { location: '/account' });
    assert.ok(browser.cookies.has('__Host-symbolon'));
    assert.equal(await isSignedIn(browser), true);
    const [account] = await accountsOf(lab).list();
    assert.equal(account?.role, 'operator');
    const before = new Map(browser.cookies);
    assert.equal((await browser.submit('/sign-out', {})).status, 200);
    assert.equal(browser.cookies.size, 0);
    for (const [name, value] of before) browser.cookies.set(name, value);
    assert.equal(await isSignedIn(browser), false, 'the cookies of before open nothing');
    await lab.issuer.close();
  });

  void test('ACCOUNT-1: the first link works for 15 minutes, and a later start makes another', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const link = await firstLinkOf(lab);
    lab.clock.advance(15 * 60);
    assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code: codeOf(link) })), [
      400,
      'link_refused',
    ]);
    await demandOk(await enrol(browser, await firstLinkOf(lab)));
    await lab.issuer.close();
  });

  void test('ACCOUNT-2: once an account exists no first link is good, nor is one made', async () => {
    const lab = await openPeopleLab();
    const [one, two] = [await firstLinkOf(lab), await firstLinkOf(lab)];
    const browser = openBrowser(lab);
    const code = codeOf(two);
    const asked = await askedOf(await browser.post('/enrol/options', { code }));
    await demandOk(await enrol(openBrowser(lab), one));
    const response = browser.device.make(asked);
    const late = await browser.post('/enrol/verify', { code, name: 'Phone', response });
    assert.deepEqual(await refusalOf(late), [400, 'link_refused']);
    assert.equal(await accountsOf(lab).inviteFirst(), undefined);
    assert.equal((await accountsOf(lab).list()).length, 1);
    await lab.issuer.close();
  });

  void test('ACCOUNT-3: an invitation makes an account of its name and role, within 7 days, once', async () => {
    const lab = await openPeopleLab();
    await openFirst(lab);
    const accounts = accountsOf(lab);
    const browser = openBrowser(lab);
    const twin = await linkOf(lab, { name: 'ada lovelace' });
    const link = await linkOf(lab, { name: '  Ada   Lovelace ', role: 'operator', life: 7 * 24 * 3600 });
    lab.clock.advance(7 * 24 * 3600 - 1);
    await demandOk(await enrol(browser, link));
    await demandOk(await signIn(browser));
    const found = await accounts.find({ name: 'Ada Lovelace' });
    assert.deepEqual([found?.role, found?.enabled], ['operator', true]);
    assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code: codeOf(link) })), [
      400,
      'link_refused',
    ]);
    assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code: codeOf(twin) })), [
      400,
      'link_refused',
    ]);
    assert.deepEqual(await accounts.invite({ name: 'Ada Lovelace' }), { kind: 'taken' });
    const latest = await linkOf(lab, { name: 'Lin' });
    lab.clock.advance(24 * 3600);
    assert.equal(
      (await browser.post('/enrol/options', { code: codeOf(latest) })).status,
      400,
      'a day is over',
    );
    for (const unsound of [
      { name: '' },
      { name: 'a\u202eb' },
      { name: 'a\nb\u0000' },
      { name: 'x'.repeat(121) },
      { name: 'x', life: 7 * 24 * 3600 + 1 },
      { name: 'x', life: 1 },
    ])
      await assert.rejects(accounts.invite(unsound), TypeError);
    await lab.issuer.close();
  });

  void test('ACCOUNT-3: a name that was taken since the invitation makes no second account', async () => {
    const lab = await openPeopleLab();
    const [one, two] = [await firstLinkOf(lab), await linkOf(lab, { name: 'Operator' })];
    await demandOk(await enrol(openBrowser(lab), one));
    assert.deepEqual(await refusalOf(await enrol(openBrowser(lab), two)), [400, 'account_name_taken']);
    await lab.issuer.close();
  });

  void test('ACCOUNT-4: of two uses of one link at once, one makes the account', async () => {
    const lab = await openPeopleLab();
    const link = await linkOf(lab);
    const browsers = [openBrowser(lab), openBrowser(lab), openBrowser(lab)];
    const answers = await Promise.all(browsers.map((browser) => enrol(browser, link)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400]);
    const signedIn = await Promise.all(browsers.map((browser) => signIn(browser)));
    assert.deepEqual(
      signedIn.map(({ status }) => status),
      answers.map(({ status }) => status),
    );
    assert.equal((await accountsOf(lab).list()).length, 1);
    await lab.issuer.close();
  });

  void test('ACCOUNT-5: whatever is wrong with a link, it is refused alike; a refused passkey leaves it', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const link = await linkOf(lab);
    const spoilt = await enrol(browser, link, { flags: 0x41 });
    assert.deepEqual(await refusalOf(spoilt), [400, 'passkey_refused']);
    await demandOk(await enrol(browser, link));
    const bodies = await Promise.all(
      [codeOf(link), 'A'.repeat(43)].map(async (code) =>
        (await browser.post('/enrol/options', { code })).text(),
      ),
    );
    assert.equal(new Set(bodies).size, 1);
    assert.match(bodies[0] ?? '', /"link_refused"/);
    for (const code of ['', 'short', 'A'.repeat(44), 7, null])
      assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code })), [
        400,
        'request_malformed',
      ]);
    await lab.issuer.close();
  });

  void test('ACCOUNT-10: a disabled account is out at once, and enabling it revives no session', async () => {
    const lab = await openPeopleLab();
    await openFirst(lab);
    const browser = openBrowser(lab);
    await demandOk(await enrol(browser, await linkOf(lab, { role: 'operator' })));
    await demandOk(await signIn(browser));
    const accounts = accountsOf(lab);
    const subject = (await accounts.find({ name: 'Grace' }))?.subject ?? '';
    assert.equal((await accounts.disable({ subject })).kind, 'cut');
    assert.equal((await accounts.find({ subject }))?.enabled, false);
    assert.equal(await isSignedIn(browser), false);
    assert.deepEqual(await refusalOf(await signIn(browser)), [400, 'passkey_refused']);
    lab.clock.advance(1);
    await accounts.enable({ subject });
    assert.equal(await isSignedIn(browser), false);
    await demandOk(await signIn(browser));
    assert.equal((await accounts.endSessions({ subject })).kind, 'cut');
    assert.equal(await isSignedIn(browser), false);
    lab.clock.advance(1);
    await demandOk(await signIn(browser));
    for (const end of [accounts.disable, accounts.enable, accounts.endSessions])
      assert.deepEqual(await end({ subject: 'nobody' }), { kind: 'unknown' });
    await lab.issuer.close();
  });

  void test('ACCOUNT-23: a role counts from the next request', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const accounts = accountsOf(lab);
    const subject = (await accounts.list())[0]?.subject ?? '';
    await demandOk(await enrol(openBrowser(lab), await linkOf(lab, { name: 'Zoe', role: 'operator' })));
    assert.equal((await browser.get('/console')).status, 200);
    assert.deepEqual(await accounts.setRole({ subject, role: 'person' }), { kind: 'changed' });
    assert.equal((await browser.get('/console')).status, 403);
    await accounts.setRole({ subject, role: 'operator' });
    assert.equal((await browser.get('/console')).status, 200);
    await lab.issuer.close();
  });

  void test('ACCOUNT-21: each step is told, with no credential, and in the audit log with no name', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const link = await linkOf(lab, { name: 'Ada Lovelace' });
    await enrol(browser, link);
    await signIn(browser);
    const accounts = accountsOf(lab);
    const subject = (await accounts.list())[0]?.subject ?? '';
    await accounts.setRole({ subject, role: 'operator' });
    await accounts.setRole({ subject, role: 'person' }); // the last operator
    const heir = openBrowser(lab);
    await enrol(heir, await linkOf(lab, { name: 'Heir', role: 'operator' }));
    await accounts.disable({ subject });
    await accounts.enable({ subject });
    const audit = await lab.storage.listAudit({ limit: 100 });
    const kinds = audit.map(({ kind }) => kind).filter((kind) => !/^(?:key|client)_/.test(kind));
    assert.deepEqual(kinds, [
      ...['invitation_made', 'account_added', 'passkey_added', 'session_started'],
      ...['role_changed', 'invitation_made', 'account_added', 'passkey_added'],
      ...['subject_disabled', 'subject_enabled'],
    ]);
    const events = await lab.storage.listEvents({ subject, limit: 100 });
    assert.deepEqual(events.map(({ kind }) => kind).sort(), [
      ...['account_added', 'account_disabled', 'account_enabled', 'passkey_added'],
      ...['role_changed', 'signed_in'],
    ]);
    const [held] = browser.device.held;
    const told = JSON.stringify(audit);
    for (const secret of ['Lovelace', 'My phone', codeOf(link), held?.id ?? ''])
      assert.ok(!told.includes(secret), `the audit log says ${secret}`);
    assert.ok(!JSON.stringify(events).includes(codeOf(link)));
    await lab.issuer.close();
  });

  void test('ACCOUNT-27: an operator’s link makes a passkey, ends every session, and removes nothing', async () => {
    const lab = await openPeopleLab();
    await openFirst(lab);
    const accounts = accountsOf(lab);
    const thief = openBrowser(lab);
    await demandOk(await enrol(thief, await linkOf(lab)));
    await demandOk(await signIn(thief));
    await thief.submit('/account/recovery-codes', {});
    const subject = (await accounts.find({ name: 'Grace' }))?.subject ?? '';
    const offered = await accounts.recover({ subject });
    assert.ok(offered.kind === 'offered');
    assert.equal(offered.expiresAt - (await lab.storage.now()), 24 * 3600e6, 'a day, unless said otherwise');
    assert.match(offered.link, /^https:\/\/issuer\.example\/enrol\?for=recovery#[A-Za-z0-9_-]{43}$/);
    assert.equal(await isSignedIn(thief), true, 'a link by itself ends nothing');
    const browser = openBrowser(lab);
    const shown = await (await browser.get('/enrol?for=recovery')).text();
    assert.match(shown, /every session of the account ends[^]*Nothing else is removed/);
    assert.doesNotMatch(await (await browser.get('/enrol')).text(), /session/);
    const enrolled = await enrol(browser, offered.link);
    assert.deepEqual(await enrolled.json(), { location: '/sign-in?return_to=%2Faccount%2Frecovery-codes' });
    assert.equal(await isSignedIn(thief), false);
    assert.equal((await lab.storage.listPasskeys(subject)).length, 2);
    assert.equal(await lab.storage.countRecoveryCodes(subject), 10);
    await demandOk(await signIn(browser));
    assert.equal(await isSignedIn(browser), true, 'what begins afterwards stands');
    assert.match(await (await browser.get('/account')).text(), /recovered by an operator’s link/);
    assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code: codeOf(offered.link) })), [
      400,
      'link_refused',
    ]);
    const told = await lab.storage.listAudit({ limit: 100 });
    for (const kind of ['recovery_link_made', 'recovery_link_used'])
      assert.equal(told.filter((line) => line.kind === kind).length, 1, kind);
    assert.ok(!JSON.stringify(told).includes(codeOf(offered.link)));
    const late = await accounts.recover({ subject, life: 60 });
    assert.ok(late.kind === 'offered');
    lab.clock.advance(61);
    assert.equal((await browser.post('/enrol/options', { code: codeOf(late.link) })).status, 400);
    await assert.rejects(accounts.recover({ subject, life: 24 * 3600 + 1 }), TypeError);
    assert.deepEqual(await accounts.recover({ subject: 'nobody' }), { kind: 'unknown' });
    await accounts.disable({ subject });
    assert.deepEqual(await accounts.recover({ subject }), { kind: 'disabled' });
    await lab.issuer.close();
  });

  void test('ACCOUNT-27: only an operator who is there makes such a link on a page', async () => {
    const lab = await openPeopleLab();
    const operator = await openFirst(lab);
    const person = openBrowser(lab);
    await demandOk(await enrol(person, await linkOf(lab)));
    await demandOk(await signIn(person));
    const accounts = accountsOf(lab);
    const subject = (await accounts.find({ name: 'Grace' }))?.subject ?? '';
    const path = `/console/accounts/${subject}/recover`;
    assert.equal((await person.submit(path, {})).status, 403);
    assert.match(await (await operator.get('/console/accounts')).text(), new RegExp(`href="${path}"`));
    assert.match(await (await operator.get(path)).text(), /every passkey and recovery code is lost/);
    const made = await operator.submit(path, {});
    assert.equal(made.status, 200);
    const [link = ''] = /https:[^<]+\/enrol\?for=recovery#[\w-]{43}/.exec(await made.text()) ?? [];
    await demandOk(await openBrowser(lab).post('/enrol/options', { code: codeOf(link) }));
    const self = (await accounts.find({ name: 'operator' }))?.subject ?? '';
    assert.equal((await operator.submit(`/console/accounts/${self}/recover`, {})).status, 400);
    await accounts.disable({ subject });
    const disabled = await operator.submit(path, {});
    assert.deepEqual(disabled.status, 400);
    lab.clock.advance(301);
    for (const absent of [await operator.get(path), await operator.submit(path, {})])
      assert.match(absent.headers.get('location') ?? '', /^\/presence/);
    assert.equal((await lab.storage.listAudit({ kind: 'recovery_link_made', limit: 9 })).length, 1);
    await lab.issuer.close();
  });

  void test('ACCOUNT-28, ACCOUNT-30: the last operator stays one, and who is none any more invites nobody', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const accounts = accountsOf(lab);
    const subject = (await accounts.find({ name: 'operator' }))?.subject ?? '';
    assert.deepEqual(await accounts.disable({ subject }), { kind: 'last_operator' });
    assert.deepEqual(await accounts.setRole({ subject, role: 'person' }), { kind: 'last_operator' });
    assert.equal((await browser.get('/console')).status, 200);
    const form = { name: 'Eve', role: 'operator' };
    const page = await (await browser.submit('/console/accounts/invite', form)).text();
    const [link = ''] = /https:[^<]+\/enrol#[\w-]{43}/.exec(page) ?? [];
    const code = codeOf(link);
    await demandOk(await browser.post('/enrol/options', { code }));
    await demandOk(await enrol(openBrowser(lab), await linkOf(lab, { role: 'operator' })));
    const other = (await accounts.find({ name: 'Grace' }))?.subject ?? '';
    const recovery = await (await browser.submit(`/console/accounts/${other}/recover`, {})).text();
    const [recoveryLink = ''] = /https:[^<]+\/enrol\?for=recovery#[\w-]{43}/.exec(recovery) ?? [];
    const recoveryCode = codeOf(recoveryLink);
    await demandOk(await browser.post('/enrol/options', { code: recoveryCode }));
    assert.deepEqual(await accounts.setRole({ subject, role: 'person' }), { kind: 'changed' });
    for (const void_ of [code, recoveryCode])
      assert.deepEqual(await refusalOf(await browser.post('/enrol/options', { code: void_ })), [
        400,
        'link_refused',
      ]);
    await lab.issuer.close();
  });

  void test('ACCOUNT-29: an invitation is listed without its code, and withdrawn', async () => {
    const lab = await openPeopleLab();
    await openFirst(lab);
    const accounts = accountsOf(lab);
    const link = await linkOf(lab);
    const listed = await accounts.invitations();
    assert.deepEqual(
      listed.map(({ name, role }) => [name, role]),
      [['Grace', 'person']],
    );
    assert.ok(!JSON.stringify(listed).includes(codeOf(link)));
    assert.deepEqual(await accounts.withdraw({ name: 'grace' }), { kind: 'withdrawn' });
    assert.deepEqual(await accounts.withdraw({ name: 'grace' }), { kind: 'unknown' });
    const refused = await openBrowser(lab).post('/enrol/options', { code: codeOf(link) });
    assert.deepEqual(await refusalOf(refused), [400, 'link_refused']);
    assert.deepEqual(await accounts.invitations(), []);
    await lab.issuer.close();
  });

  void test('ACCOUNT-22: nothing in the store opens anything', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const link = await linkOf(lab);
    const codes = (await (await browser.submit('/account/recovery-codes', {})).text()).match(
      /[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}/g,
    );
    assert.equal(codes?.length, 10);
    const name = (await accountsOf(lab).list())[0]?.name ?? '';
    const tables = [
      'one_time_codes',
      'passkeys',
      'accounts',
      'subjects',
      'security_events',
      'audit',
      'sessions',
    ];
    const kept = await Promise.all(
      tables.map(async (table) => lab.engine.read({ sql: `SELECT * FROM ${table}`, values: [] })),
    );
    const texts = kept
      .flat()
      .flatMap((row) => Object.values(row).filter((value) => typeof value === 'string'));
    assert.ok(texts.length > 100);
    const all = texts.join('\n');
    const [code = ''] = codes;
    for (const secret of [codeOf(link), ...codes]) assert.ok(!all.includes(secret));
    const thief = openBrowser(lab, { device: createAuthenticator({ origin: issuerUrl }) });
    for (const text of texts) {
      const enrolled = await thief.post('/enrol/options', { code: text });
      assert.notEqual(enrolled.status, 200);
      const recovered = await thief.submit('/sign-in/recovery', { account: name, code: text });
      assert.equal(recovered.status, 400);
    }
    assert.equal(
      (await thief.submit('/sign-in/recovery', { account: name, code })).status,
      303,
      'as the code itself does',
    );
    assert.equal((await thief.post('/enrol/options', { code: codeOf(link) })).status, 200);
    await lab.issuer.close();
  });
});
