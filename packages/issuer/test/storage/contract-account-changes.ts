import assert from 'node:assert/strict';
import { allowed, redemptionOf, sessionOf } from './code-lab.ts';
import { enrolled, newAccount, newOffer } from './contract-accounts.ts';
import { hour, id, type StoreTest } from './lab.ts';

const by = 'test';
const renameOf = (subject: string, name: string) => ({ subject, name, by, event: id() });
const removalOf = (subject: string) => ({ subject, by, event: id() });

export function accountChangeContract(storeTest: StoreTest): void {
  storeTest('ACCOUNT-50: of two accounts that want one name at once, one gets it', async ({ a, b }) => {
    const [ada, bob] = [await enrolled(a, { name: 'Ada' }), await enrolled(a, { name: 'Bob' })];
    const both = await Promise.all([
      a.renameAccount(renameOf(ada.subject, 'Grace')),
      b.renameAccount(renameOf(bob.subject, 'GRACE')),
    ]);
    assert.deepEqual(both.map(({ kind }) => kind).sort(), ['renamed', 'taken']);
    const winner = both[0].kind === 'renamed' ? ada : bob;
    assert.equal((await b.findAccount({ name: 'grace' }))?.subject, winner.subject);
    assert.equal(await a.findAccount({ name: winner.name }), null, 'the old name is nobody’s');
    const other = winner === ada ? bob : ada;
    assert.equal((await a.findAccount({ name: other.name }))?.subject, other.subject);
    const events = await b.listEvents({ subject: winner.subject, limit: 10 });
    const told = events.filter(({ kind }) => kind === 'account_renamed').map(({ fields }) => fields);
    assert.deepEqual(told, [{ name: winner === ada ? 'Grace' : 'GRACE' }]);
    const lines = await b.listAudit({ kind: 'account_renamed', limit: 10 });
    assert.deepEqual(
      lines.map(({ fields }) => fields),
      [{ subject: winner.subject, by }],
      'without a name',
    );
  });

  storeTest(
    'ACCOUNT-50: another spelling of the own name is a new one, the same is none',
    async ({ a, b }) => {
      const { subject } = await enrolled(a, { name: 'ada' });
      assert.deepEqual(await b.renameAccount(renameOf(subject, 'Ada')), { kind: 'renamed' });
      assert.equal((await a.findAccount({ subject }))?.name, 'Ada');
      assert.deepEqual(await b.renameAccount(renameOf(subject, 'Ada')), { kind: 'unchanged' });
      assert.deepEqual(await b.renameAccount(renameOf(id(), 'Eve')), { kind: 'unknown' });
      assert.equal((await a.listAudit({ kind: 'account_renamed', limit: 10 })).length, 1);
    },
  );

  storeTest(
    'ACCOUNT-54: a name that somebody is invited by is nobody else’s while the link is good',
    async ({ a, b, clock }) => {
      const ada = await enrolled(a, { name: 'Ada' });
      const inviter = await enrolled(a, { name: 'Eve', role: 'operator' });
      const invite = (name: string, made: string | null = null) =>
        a.invite({ ...newOffer({ account: newAccount({ name }), life: hour }), by, inviter: made });
      const rename = async (name: string) => (await b.renameAccount(renameOf(ada.subject, name))).kind;
      await invite('Bob');
      assert.equal(await rename('BOB'), 'taken');
      assert.equal((await b.findAccount({ subject: ada.subject }))?.name, 'Ada');
      assert.equal((await a.listAudit({ kind: 'account_renamed', limit: 10 })).length, 0, 'nothing was told');
      assert.equal(await rename('Bobby'), 'renamed');
      await a.withdrawInvitations({ name: 'bob', by });
      assert.equal(await rename('Bob'), 'renamed', 'withdrawn');
      await invite('Carl');
      assert.equal(await rename('Carl'), 'taken');
      clock.advance(3600);
      assert.equal(await rename('Carl'), 'renamed', 'run out');
      await enrolled(a, { role: 'operator' });
      await invite('Dora', inviter.subject);
      assert.equal(await rename('Dora'), 'taken');
      await a.setRole({ subject: inviter.subject, role: 'person', by, event: id() });
      assert.equal(await rename('Dora'), 'renamed', 'its operator is one no more');
      const both = await Promise.all([invite('Fay'), rename('FAY')]);
      assert.ok(
        (both[0].kind === 'invited' && both[1] === 'taken') ||
          (both[0].kind === 'refused' && both[1] === 'renamed'),
        `of both at once one gets it: ${both[0].kind}, ${both[1]}`,
      );
    },
  );

  storeTest(
    'ACCOUNT-55: a passkey that is renamed is told once in an hour, and to the log each time',
    async (lab) => {
      const { a, b, clock } = lab;
      const { subject, passkey } = await enrolled(a);
      const rename = async (name: string) =>
        (await a.renamePasskey({ id: passkey, subject, name, event: id(), by: 'test' })).kind;
      const told = async () => [
        (await b.listEvents({ subject, limit: 100 })).filter(({ kind }) => kind === 'passkey_renamed').length,
        (await b.listAudit({ kind: 'passkey_renamed', limit: 100 })).length,
      ];
      const [before] = await b.listPasskeys(subject);
      assert.equal(await rename(before?.name ?? ''), 'unchanged');
      assert.deepEqual(await told(), [0, 0], 'nothing changed');
      assert.equal(await rename('Laptop'), 'renamed');
      assert.deepEqual(await told(), [1, 1]);
      assert.equal(await rename('Phone 2'), 'renamed');
      assert.equal(await rename('Phone 2'), 'unchanged');
      assert.equal((await b.findPasskey(passkey))?.name, 'Phone 2');
      assert.deepEqual(await told(), [1, 2]);
      clock.advance(3600);
      assert.equal(await rename('Laptop'), 'renamed');
      assert.deepEqual(await told(), [2, 3]);
    },
  );

  storeTest(
    'ACCOUNT-55: what a person must not overlook leaves the short list to nothing that happens every day',
    async ({ a, b, clock, run }) => {
      const { subject } = await enrolled(a);
      clock.advance(1);
      const happen = async (kind: string, times: number): Promise<void> => {
        for (let n = 0; n < times; n++)
          await run(`INSERT INTO security_events (id, subject, at, kind, fields)
            VALUES ('${id()}', '${subject}', ${String(await a.now())} + ${String(n)}, '${kind}', '{}')`);
        clock.advance(1);
      };
      const shown = async (): Promise<string> =>
        (await b.summariseEvents({ subject, limit: 6 })).map(({ kind }) => kind).join(' ');
      assert.equal((await shown()).split(' ').length, 2, 'set up, and its passkey');
      await happen('session_stolen', 1);
      await happen('signed_in', 9);
      assert.equal(await shown(), 'signed_in signed_in signed_in signed_in session_stolen passkey_added');
      await happen('grant_made', 9);
      assert.equal(await shown(), 'grant_made grant_made grant_made grant_made session_stolen passkey_added');
      await happen('passkey_renamed', 9);
      assert.equal(await shown(), 'grant_made grant_made grant_made grant_made session_stolen passkey_added');
      clock.advance(30 * 24 * 3600);
      await happen('signed_in', 5);
      assert.equal(
        await shown(),
        'signed_in signed_in signed_in signed_in signed_in passkey_renamed',
        'a month later',
      );
    },
  );

  storeTest(
    'ACCOUNT-51: a removed account leaves nothing but its subject, which is over',
    async ({ a, b, clock }) => {
      await enrolled(a, { role: 'operator' });
      const [ada, eve] = [await enrolled(a, { name: 'Ada' }), await enrolled(a, { name: 'Eve' })];
      const opened = async ({ subject }: { subject: string }) => {
        const code = await allowed(a, { subject });
        return { grant: code.grantId, ...sessionOf(await a.redeemCode(redemptionOf(code))) };
      };
      const [hers, others] = [await opened(ada), await opened(eve)];
      const codes = { subject: ada.subject, names: [id()], event: id(), by };
      assert.equal((await a.replaceRecoveryCodes(codes)).kind, 'replaced');
      clock.advance(1);
      const removed = await b.removeAccount(removalOf(ada.subject));
      assert.ok(removed.kind === 'removed');
      assert.equal((await a.sessionAlive({ sid: hers.sid })).kind, 'not_alive');
      const feed = await a.readFeed({ after: removed.position - 1, limit: 10 });
      assert.deepEqual(
        feed.entries.map(({ kind, value }) => [kind, value]),
        [['subject', hers.handle]],
      );
      const ending = { grantId: hers.grant, reason: 'operator' as const, by };
      assert.deepEqual(await a.endGrant(ending), { kind: 'unknown' }, 'the link has ended as well');
      assert.equal(await a.findAccount({ subject: ada.subject }), null);
      assert.equal(await a.findAccount({ name: 'Ada' }), null);
      assert.equal(await a.findPasskey(ada.passkey), null);
      assert.equal(await a.countRecoveryCodes(ada.subject), 0);
      assert.deepEqual(await a.listEvents({ subject: ada.subject, limit: 10 }), []);
      const row = await a.findSubject({ namespace: '', externalId: ada.subject });
      assert.deepEqual([row?.id, row?.enabled], [ada.subject, false], 'nobody gets this id again');
      const [line] = await a.listAudit({ kind: 'account_removed', limit: 10 });
      assert.deepEqual(line?.fields, { by, subject: ada.subject });
      assert.equal((await a.verifyAudit()).kind, 'intact');

      assert.equal((await a.sessionAlive({ sid: others.sid })).kind, 'alive', 'nobody else is touched');
      assert.ok((await a.findPasskey(eve.passkey)) !== null);
      assert.deepEqual(await b.removeAccount(removalOf(ada.subject)), { kind: 'unknown' });
      assert.notEqual((await enrolled(b, { name: 'Ada' })).subject, ada.subject, 'the name is free');
    },
  );

  storeTest('ACCOUNT-51: of two operators who remove each other at once, one stays', async ({ a, b }) => {
    const [one, two] = [await enrolled(a, { role: 'operator' }), await enrolled(a, { role: 'operator' })];
    const both = await Promise.all([
      a.removeAccount(removalOf(one.subject)),
      b.removeAccount(removalOf(two.subject)),
    ]);
    assert.deepEqual(both.map(({ kind }) => kind).sort(), ['last_operator', 'removed']);
    assert.equal((await a.searchAccounts({ limit: 10 })).length, 1);
  });
}
