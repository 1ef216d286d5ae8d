import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForPasskey, leadsTo, linkApp, openPageLab, submitAndFollow } from './page-lab.ts';
import { demandOk, enrol, openBrowser, provePresence, signIn } from './people-lab.ts';

void test('ACCOUNT-52: a person changes the own name with presence, and types the new one with a recovery code', async () => {
  const lab = await openPageLab();
  await demandOk(await provePresence(lab.ada));
  const shown = await (await lab.ada.submit('/account/recovery-codes', {})).text();
  const [code = '', next = ''] = shown.match(/[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}/g) ?? [];
  const nameOf = async () => (await lab.storage.findAccount({ subject: lab.adaSubject }))?.name;
  lab.clock.advance(301);
  for (const answer of [
    await lab.ada.get('/account/name'),
    await lab.ada.submit('/account/name', { name: 'Grace' }),
  ])
    assert.ok(await asksForPasskey(answer));
  assert.equal(await nameOf(), 'ada@example.com');
  await demandOk(await provePresence(lab.ada));
  assert.match(await (await lab.ada.get('/account/name')).text(), /value="ada@example.com"/);
  for (const [name, said] of [
    ['OPERATOR', /an account of this name already/],
    ['\u202e', /all of which can be seen/],
  ] as const) {
    const refused = await lab.ada.submit('/account/name', { name });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), said);
  }
  assert.equal(await nameOf(), 'ada@example.com');
  const page = await submitAndFollow(lab.ada, '/account/name', { name: 'Grace' });
  assert.match(page, /has its new name/);
  assert.match(page, /Account renamed/);
  assert.equal(await nameOf(), 'Grace');
  const other = openBrowser(lab);
  const recover = (account: string, text: string) =>
    other.submit('/sign-in/recovery', { account, code: text });
  assert.equal((await recover('ada@example.com', code)).status, 400);
  assert.match(leadsTo(await recover('grace', next)), /^\/enrol#/);
  await lab.issuer.close();
});

void test('ACCOUNT-53: an operator renames and removes an account with presence, and never the own one', async () => {
  const lab = await openPageLab();
  const path = `/console/accounts/${lab.adaSubject}`;
  const { sid } = await linkApp(lab, lab.adaSubject);
  lab.clock.advance(301);
  for (const [what, form] of [
    ['name', { name: 'Grace' }],
    ['remove', {}],
  ] as const) {
    assert.match(leadsTo(await lab.operator.get(`${path}/${what}`)), /^\/presence/);
    assert.ok(await asksForPasskey(await lab.operator.submit(`${path}/${what}`, form)));
    assert.equal((await lab.ada.submit(`${path}/${what}`, form)).status, 403);
  }
  assert.equal((await lab.storage.findAccount({ subject: lab.adaSubject }))?.name, 'ada@example.com');
  assert.match(await submitAndFollow(lab.operator, `${path}/name`, { name: 'Grace' }), /has its new name/);
  assert.match(await (await lab.operator.get(`${path}/remove`)).text(), /Grace/);
  assert.equal((await lab.storage.sessionAlive({ sid })).kind, 'alive');
  assert.match(await submitAndFollow(lab.operator, `${path}/remove`), /The account is removed/);
  assert.equal((await lab.storage.sessionAlive({ sid })).kind, 'not_alive');
  assert.equal((await lab.ada.get('/account')).status, 303);
  assert.equal((await signIn(lab.ada)).status, 400);
  const own = (await lab.storage.findAccount({ name: 'operator' }))?.subject ?? '';
  for (const what of ['name', 'remove'])
    assert.equal((await lab.operator.submit(`/console/accounts/${own}/${what}`, { name: 'x' })).status, 400);
  assert.deepEqual(await lab.issuer.accounts?.remove({ subject: own }), { kind: 'last_operator' });
  assert.equal((await lab.operator.get('/console')).status, 200);
  const { rows: lines } = await lab.storage.searchAudit({ limit: 20 });
  const done = lines.filter(({ kind }) => ['account_renamed', 'account_removed'].includes(kind));
  assert.deepEqual(
    done.map(({ kind, fields }) => [kind, fields]),
    ['account_removed', 'account_renamed'].map((kind) => [
      kind,
      { by: `operator:${own}`, subject: lab.adaSubject },
    ]),
  );
  const again = await lab.issuer.accounts?.invite({ name: 'Grace' });
  assert.ok(again?.kind === 'invited');
  const grace = openBrowser(lab);
  await demandOk(await enrol(grace, again.link));
  assert.notEqual((await lab.storage.findAccount({ name: 'Grace' }))?.subject, lab.adaSubject);
  await lab.issuer.close();
});
