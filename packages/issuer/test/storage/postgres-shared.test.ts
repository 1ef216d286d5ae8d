import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Client } from 'pg';
import { createPostgresEngine } from '../../src/storage/postgres/engine.ts';
import { openConnections } from '../../src/storage/postgres/pool.ts';
import type { EndResult } from '../../src/storage/port/session-storage.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { furnish, machine, newAssertion, opened, rotationOf, started } from './lab.ts';
import { openPostgresLab } from './postgres-lab.ts';

const lab = await openPostgresLab('database');
const end = (sid: string, holderKey: 'keep' | 'block' = 'keep') =>
  ({ sid, reason: 'operator', by: 'test', holderKey }) as const;
const positionOf = (result: EndResult): number => (result.kind === 'ended' ? result.position : 0);

if (typeof lab === 'string') test('ends that share a transaction', { skip: lab });
else {
  const { a, b } = lab;
  const client = new Client({ connectionString: lab.url });
  client.on('error', () => undefined);
  await client.connect();
  after(async () => {
    await client.end();
    await lab.close();
  });
  beforeEach(async () => {
    await lab.open();
    await furnish(a);
  });
  const query = async (sql: string): Promise<readonly Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(sql)).rows;
  const start = (count: number) => Promise.all(Array.from({ length: count }, () => started(a)));

  test('POSTGRES-11: ends that wait share a transaction, each at a position of its own', async () => {
    const sessions = await start(100);
    const ended = await Promise.all(sessions.map(({ sid }) => a.endSession(end(sid))));
    const entries = await query('SELECT xmin, position, value FROM revocations ORDER BY position');
    assert.equal(entries.length, 100);
    assert.equal(new Set(entries.map(({ position }) => position)).size, 100);
    // The first comes at once, then 64 at most, then the rest.
    const transactions = Map.groupBy(entries, ({ xmin }) => xmin);
    assert.deepEqual(
      [...transactions.values()].map((group) => group.length),
      [1, 64, 35],
    );
    const said = new Map(entries.map(({ value, position }) => [value, Number(position)]));
    assert.deepEqual(
      sessions.map(({ sid }) => said.get(sid)),
      ended.map(positionOf),
    );
    assert.deepEqual((await a.verifyAudit()).kind, 'intact');
    const told = await a.listAudit({ kind: 'session_ended', limit: 200 });
    assert.deepEqual(told.map(({ sid }) => sid).toSorted(), sessions.map(({ sid }) => sid).toSorted());
  });

  test('POSTGRES-11: the same session is ended once in one transaction, and each answer is its own', async () => {
    const [first, ...sessions] = await start(6);
    const machines = await Promise.all(
      ['one', 'two'].map((jkt) => opened(a, { jkt, assertion: newAssertion() })),
    );
    assert.ok(first !== undefined);
    const results = await Promise.all([
      a.endSession(end(first.sid)),
      ...sessions.flatMap(({ sid }) => [a.endSession(end(sid)), a.endSession(end(sid))]),
      ...machines.map(({ sid }) => a.endSession(end(sid, 'block'))),
      a.endSession({ ...end(sessions[0]?.sid ?? ''), clientId: 'another' }),
      a.endSession(end('nobody')),
    ]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      [
        'ended',
        ...sessions.flatMap(() => ['ended', 'already_ended']),
        ...['ended', 'ended', 'unknown', 'unknown'],
      ],
    );
    assert.equal(new Set(results.filter(({ kind }) => kind === 'ended').map(positionOf)).size, 8);
    const blocks = await a.listBlocks({ clientId: machine });
    assert.deepEqual(blocks.map(({ jkt }) => jkt).toSorted(), ['client-key', 'one', 'two']);
  });

  test('POSTGRES-11: one that fails takes no neighbour along', async () => {
    const sessions = await start(20);
    const bad = sessions[7]?.sid ?? '';
    await query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = '${bad}' AND NEW.ended_at IS NOT NULL THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$`);
    await query(`CREATE TRIGGER refuse BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION refuse()`);
    try {
      const results = await Promise.allSettled(sessions.map(({ sid }) => a.endSession(end(sid))));
      for (const [at, result] of results.entries())
        assert.equal(result.status, at === 7 ? 'rejected' : 'fulfilled', String(at));
    } finally {
      await query('DROP TRIGGER refuse ON sessions');
      await query('DROP FUNCTION refuse');
    }
    const alive = await a.listSessions({ only: 'alive', limit: 100 });
    assert.deepEqual(
      alive.map(({ sid }) => sid),
      [bad],
    );
    assert.equal((await a.readFeed({ after: 0, limit: 100 })).entries.length, 19);
    assert.equal((await a.endSession(end(bad))).kind, 'ended');
  });

  test('POSTGRES-11: one whose row somebody holds does not hold its neighbours up', async () => {
    const engine = createPostgresEngine(openConnections({ url: lab.url, patience: 8000 }), {
      patience: 8000,
      clock: undefined,
    });
    const store = createSqlStorage(engine);
    const sessions = await start(12);
    const held = sessions[5]?.sid ?? '';
    await query('BEGIN');
    await query(`SELECT 1 FROM sessions WHERE id = '${held}' FOR UPDATE`);
    let released = false;
    const ends = sessions.map(async ({ sid }) => {
      const { kind } = await store.endSession(end(sid));
      return { kind, released };
    });
    const others = await Promise.all(ends.filter((_, at) => at !== 5));
    assert.ok(others.every(({ kind, released: after }) => kind === 'ended' && !after));
    released = true;
    await query('ROLLBACK');
    assert.deepEqual(await ends[5], { kind: 'ended', released: true });
    await store.close();
  });

  test('POSTGRES-11: two replicas that end the same sessions while they are refreshed end each once', async () => {
    const sessions = await start(150);
    const sids = sessions.map(({ sid }) => sid);
    const [ofA, ofB] = await Promise.all([
      Promise.all(sids.map((sid) => a.endSession(end(sid)))),
      Promise.all(sids.toReversed().map((sid) => b.endSession(end(sid)))),
      Promise.all(sessions.map((session) => b.rotate(rotationOf(session)))),
      Promise.all([1, 2, 3].map(() => b.endSessionsOf({ clientId: 'app', by: 'test' }))),
    ]);
    const kinds = sids.map((_, at) => [ofA[at]?.kind, ofB[sids.length - 1 - at]?.kind].toSorted().join());
    assert.ok(kinds.every((both) => both === 'already_ended,ended'));
    const { entries } = await a.readFeed({ after: 0, limit: 1000 });
    assert.equal(entries.filter(({ kind }) => kind === 'session').length, 150);
    assert.equal((await a.verifyAudit()).kind, 'intact');
  });
}
