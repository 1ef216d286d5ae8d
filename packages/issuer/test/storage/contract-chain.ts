import assert from 'node:assert/strict';
import type { AuditHead } from '../../src/storage/port/audit-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { app, newClient, newKey, rotationOf, started, type StoreTest } from './lab.ts';

async function intactHead(store: Storage): Promise<AuditHead> {
  const verdict = await store.verifyAudit();
  assert.ok(verdict.kind === 'intact', JSON.stringify(verdict));
  return verdict.head;
}

const by = 'test';
/** Something every kind of statement tells of. */
async function live(a: Storage, b: Storage): Promise<void> {
  const session = await started(a);
  await b.rotate(rotationOf(session, { gen: 5 }));
  await a.rotate(rotationOf(session, { jkt: 'another-key' }));
  await a.addClient(newClient({ id: 'Пётр 𝔓 5:-' }));
  await b.endSessionsOf({ clientId: 'Пётр 𝔓 5:-', by });
  await b.disableSubject({ subject: session.subject, by });
  await a.promoteKey({ next: newKey('session'), when: 'forced', by });
  await a.dropExpiredKeys({ purpose: 'session', tokenLife: 0 });
  await a.cutEverything({ by });
}

const changes: readonly [string, string][] = [
  ['its time', 'at = at + 1'],
  ['its kind', `kind = 'client_removed'`],
  ['its client', `client_id = 'another'`],
  ['its lack of a session', `sid = ''`],
  ['what it says', `fields = '{}'`],
  ['its hash', `hash = (SELECT hash FROM audit_head)`],
];

export function chainContract(storeTest: StoreTest): void {
  storeTest('AUDIT-1: the lines of all replicas are one chain', async ({ a, b }) => {
    await live(a, b);
    await Promise.all(
      Array.from({ length: 30 }, (_, turn) => (turn % 2 === 0 ? a : b).endSessionsOf({ clientId: app, by })),
    );
    const lines = await a.listAudit({ limit: 1000 });
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      lines.map((_, index) => index + 1),
    );
    assert.deepEqual(await intactHead(b), await intactHead(a));
    assert.equal((await intactHead(a)).seq, lines.length);
  });

  storeTest('AUDIT-1: an empty log is intact', async ({ a, run }) => {
    await run(`DELETE FROM audit`);
    await run(`UPDATE audit_head SET seq = 0, hash = ''`);
    assert.deepEqual(await a.verifyAudit(), { kind: 'intact', head: { seq: 0, hash: '' } });
  });

  for (const [what, change] of changes) {
    storeTest(`AUDIT-2: a line is found changed in ${what}`, async ({ a, b, run }) => {
      await live(a, b);
      await intactHead(a);
      await run(`UPDATE audit SET ${change} WHERE seq = 4`);
      assert.deepEqual(await b.verifyAudit(), { kind: 'broken', seq: 4, reason: 'changed' });
    });
  }

  storeTest('AUDIT-2: no text moves from one column to another unseen', async ({ a, b, run }) => {
    await live(a, b);
    const before = (await a.listAudit({ limit: 100 })).find(
      ({ sid, clientId }) => sid !== null && clientId !== null,
    );
    assert.ok(before);
    await run(
      `UPDATE audit SET client_id = client_id || ' ' || length(sid) || ':' || sid, sid = NULL WHERE seq = ${before.seq}`,
    );
    assert.deepEqual(await b.verifyAudit(), { kind: 'broken', seq: before.seq, reason: 'changed' });
  });

  storeTest('AUDIT-3: a removed line is found, the first and the last too', async ({ a, b, run }) => {
    await live(a, b);
    const { seq: last } = await intactHead(a);
    for (const seq of [last, last - 1, 5, 1]) {
      await run(`DELETE FROM audit WHERE seq = ${seq}`);
      assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq, reason: 'removed' });
    }
  });

  storeTest('AUDIT-3: closing the gap does not hide a removed line', async ({ a, b, run }) => {
    await live(a, b);
    await run(`DELETE FROM audit WHERE seq = 5`);
    await run(`UPDATE audit SET seq = -seq WHERE seq > 5`);
    await run(`UPDATE audit SET seq = -seq - 1 WHERE seq < 0`);
    assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq: 5, reason: 'changed' });
  });

  storeTest('AUDIT-4: lines that changed places are found', async ({ a, b, run }) => {
    await live(a, b);
    for (const [from, to] of [
      [3, -1],
      [4, 3],
      [-1, 4],
    ])
      await run(`UPDATE audit SET seq = ${to} WHERE seq = ${from}`);
    assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq: 3, reason: 'changed' });
  });

  storeTest('AUDIT-5: a line put behind the last is found', async ({ a, b, run }) => {
    await live(a, b);
    const { seq } = await intactHead(a);
    await run(
      `INSERT INTO audit SELECT seq + 1, at, kind, client_id, sid, fields, hash FROM audit WHERE seq = ${seq}`,
    );
    assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq: seq + 1, reason: 'added' });
    await run(`UPDATE audit_head SET seq = seq + 1`);
    assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq: seq + 1, reason: 'changed' });
  });

  storeTest('AUDIT-5: a head that was changed is found', async ({ a, b, run }) => {
    await live(a, b);
    const { seq } = await intactHead(a);
    await run(`UPDATE audit_head SET hash = 'another'`);
    assert.deepEqual(await a.verifyAudit(), { kind: 'broken', seq, reason: 'changed' });
  });

  storeTest(
    'AUDIT-6: a log written anew or cut short with its head is found by a head noted before',
    async ({ a, b, run }) => {
      await live(a, b);
      const noted = await intactHead(a);
      await b.cutEverything({ by });
      assert.equal((await a.verifyAudit(noted)).kind, 'intact');
      const anew = { seq: noted.seq, hash: 'of another line' };
      assert.deepEqual(await a.verifyAudit(anew), { kind: 'broken', seq: noted.seq, reason: 'rewritten' });
      await run(`DELETE FROM audit WHERE seq >= ${noted.seq}`);
      await run(
        `UPDATE audit_head SET seq = ${noted.seq - 1}, hash = (SELECT hash FROM audit WHERE seq = ${noted.seq - 1})`,
      );
      assert.equal((await a.verifyAudit()).kind, 'intact', 'the chain alone cannot know');
      assert.deepEqual(await a.verifyAudit(noted), { kind: 'broken', seq: noted.seq, reason: 'removed' });
    },
  );

  storeTest('AUDIT-7: the log may be verified while it grows, however long it is', async ({ a, b }) => {
    const grow = async (store: Storage) => {
      await Promise.all(Array.from({ length: 1100 }, () => store.endSessionsOf({ clientId: app, by })));
    };
    await grow(a);
    const verdicts = await Promise.all([b.verifyAudit(), grow(a), b.verifyAudit(), a.verifyAudit()]);
    assert.deepEqual(
      verdicts.filter((verdict) => verdict?.kind !== 'intact'),
      [undefined],
    );
    assert.ok((await intactHead(b)).seq > 2200);
  });
}
