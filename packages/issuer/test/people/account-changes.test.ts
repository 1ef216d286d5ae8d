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
    ['OPERATOR', /This name is taken: by an account/],
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

void test('ACCOUNT-54: a person cannot take the name of somebody who is invited, nor can an operator give it away', async () => {
  const lab = await openPageLab();
  const bob = await lab.issuer.accounts?.invite({ name: 'bob@example.com', role: 'operator' });
  assert.ok(bob?.kind === 'invited');
  const path = `/console/accounts/${lab.adaSubject}/name`;
  for (const answer of [
    await lab.ada.submit('/account/name', { name: 'Bob@Example.com' }),
    await lab.operator.submit(path, { name: 'bob@example.com' }),
  ]) {
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /This name is taken: by an account, or by somebody who is invited/);
  }
  const inProcess = { subject: lab.adaSubject, name: 'bob@example.com' };
  assert.deepEqual(await lab.issuer.accounts?.rename(inProcess), { kind: 'taken' });
  const account = await lab.storage.findAccount({ subject: lab.adaSubject });
  assert.equal(account?.name, 'ada@example.com');
  await demandOk(await enrol(openBrowser(lab), bob.link));
  assert.equal((await lab.storage.findAccount({ name: 'bob@example.com' }))?.role, 'operator');
  assert.match(
    await submitAndFollow(lab.ada, '/account/name', { name: 'bob2@example.com' }),
    /has its new name/,
    'the positive control',
  );
  await lab.issuer.close();
});

void test('ACCOUNT-55: whoever has but a cookie cannot push an alarm out of the account page', async () => {
  const lab = await openPageLab();
  const stolen = openBrowser(lab, { device: lab.ada.device });
  lab.clock.advance(1);
  await demandOk(await signIn(stolen));
  const sid = (await lab.storage.listSessions({ subject: lab.adaSubject, limit: 1 }))[0]?.sid ?? '';
  const signWith = { session: 'EdDSA', refresh: 'EdDSA' };
  for (const gen of [0, 1, 0]) await lab.storage.renewByCookie({ sid, gen, signWith });
  const [passkey] = await lab.storage.listPasskeys(lab.adaSubject);
  lab.clock.advance(1);
  for (let n = 0; n < 12; n++) {
    const renamed = await lab.ada.submit(`/account/passkeys/${passkey?.id ?? ''}/name`, {
      name: `Key ${n % 5}`,
    });
    assert.equal(renamed.status, 303);
    const { sid: linked } = await linkApp(lab, lab.adaSubject);
    await lab.ada.submit(`/account/sessions/${linked}/end`, {});
    lab.clock.advance(1);
  }
  assert.equal((await lab.storage.listPasskeys(lab.adaSubject))[0]?.name, 'Key 1');
  const kinds = (await lab.storage.listEvents({ subject: lab.adaSubject, limit: 100 })).map(
    ({ kind }) => kind,
  );
  assert.equal(kinds.filter((kind) => kind === 'passkey_renamed').length, 1);
  assert.equal(kinds.slice(0, 8).includes('session_stolen'), false, 'a dozen others came later');
  const page = await (await lab.ada.get('/account')).text();
  assert.match(page, /somebody else had a copy of its secret/);
  assert.match(page, /Passkey added/);
  assert.equal(/<ul class="events">(.*?)<\/ul>/s.exec(page)?.[1]?.match(/<li>/g)?.length, 8);
  await lab.issuer.close();
});
