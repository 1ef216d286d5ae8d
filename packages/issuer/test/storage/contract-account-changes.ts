import assert from 'node:assert/strict';
import { allowed, redemptionOf, sessionOf } from './code-lab.ts';
import { enrolled } from './contract-accounts.ts';
import { id, type StoreTest } from './lab.ts';

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
