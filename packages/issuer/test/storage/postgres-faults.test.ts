import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { UniqueViolation } from '../../src/storage/engine.ts';
import { createPostgresEngine } from '../../src/storage/postgres/engine.ts';
import { migratePostgres } from '../../src/storage/postgres/migrate.ts';
import { openConnections } from '../../src/storage/postgres/pool.ts';
import { databaseName } from '../../src/storage/postgres/url.ts';
import { openPostgres } from '../../src/storage/postgres/postgres.ts';
import { startPostgres } from './postgres-for-tests.ts';
import { openPostgresLab } from './postgres-lab.ts';
import { furnish, id, rotationOf, started } from './lab.ts';

const lab = await openPostgresLab('database');

if (typeof lab === 'string') test('faults of PostgreSQL', { skip: lab });
else {
  after(() => lab.close());
  const openEngine = () =>
    createPostgresEngine(openConnections({ url: lab.url }), { patience: 2000, clock: undefined });
  const inDatabase = async (url: string, ...statements: readonly string[]) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    const rows: Record<string, unknown>[] = [];
    for (const sql of statements) rows.push(...(await client.query<Record<string, unknown>>(sql)).rows);
    await client.end();
    return rows;
  };
  const newDatabase = async (): Promise<string> => {
    const name = `database_${id().replaceAll(/\W/g, '')}`.toLowerCase();
    await inDatabase(lab.url, `CREATE DATABASE ${name}`);
    return lab.server.url(name);
  };

  test('POSTGRES-1: a batch is kept whole or not at all, and its connection serves on', async () => {
    const engine = openEngine();
    const write = (key: string) => ({ sql: `INSERT INTO meta (key, value) VALUES ($1, $1)`, values: [key] });
    const read = { sql: `SELECT count(*) AS many FROM meta WHERE key LIKE 'batch%'`, values: [] };
    await engine.batch([write('batch 1')]);
    const failing = engine.batch([write('batch 2'), write('batch 1'), write('batch 3')]);
    const neighbour = engine.batch([write('batch 4')]);
    await assert.rejects(failing, (error) => error instanceof UniqueViolation && error.table === 'meta');
    await neighbour;
    assert.deepEqual(await engine.read(read), [{ many: 2 }]);
    const stopped = engine.batch([
      { ...write('batch 5'), lastIf: () => false },
      { ...write('batch 6'), lastIf: () => true },
      write('batch 7'),
    ]);
    assert.deepEqual(await stopped, [[], [], []]);
    assert.deepEqual(await engine.read(read), [{ many: 4 }]);
    const late = engine.batch([{ ...write('batch 8'), lastIf: () => false }, write('batch 1')]);
    await assert.rejects(late, UniqueViolation);
    assert.deepEqual(await engine.read(read), [{ many: 4 }]);
    await engine.close();
    await assert.rejects(engine.batch([write('batch 9')]), /closed/);
  });

  test('POSTGRES-1: a missing, undefined or unsafe value is refused, and none is shown', async () => {
    const engine = openEngine();
    const sql = `SELECT CAST($1 AS BIGINT) AS one, CAST($2 AS BIGINT) AS two`;
    await assert.rejects(engine.read({ sql, values: [1] }), /08P01/);
    await assert.rejects(engine.read({ sql, values: [1, 2, 3] }), /08P01/);
    await assert.rejects(engine.read({ sql, values: [1, undefined as never] }), TypeError);
    await assert.rejects(engine.read({ sql, values: [1, '9007199254740993'] }), RangeError);
    const shown = await engine.read({ sql, values: [1, 'a secret'] }).catch((error: unknown) => error);
    assert.ok(shown instanceof Error && !inspect(shown).includes('secret'));
    assert.deepEqual(await engine.read({ sql, values: [1, null] }), [{ one: 1, two: null }]);
    await engine.close();
  });

  test('POSTGRES-7: a database that falls silent is a fault within two seconds, and is used again', async () => {
    const store = await openPostgres({ url: lab.url });
    await lab.open();
    await furnish(store);
    const session = await started(store);
    const pids = await inDatabase(
      lab.url,
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'symbolon'`,
    );
    const server = Number(
      readFileSync(join(lab.server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    const all = [server, ...pids.map(({ pid }) => Number(pid))];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    try {
      const faults = Promise.allSettled([store.rotate(rotationOf(session)), store.findSession(session.sid)]);
      for (const { status } of await faults) assert.equal(status, 'rejected');
    } finally {
      for (const pid of all) process.kill(pid, 'SIGCONT');
    }
    const result = await store.rotate(rotationOf(session));
    assert.ok(['rotated', 'repeated'].includes(result.kind));
    await store.close();
  });

  test('POSTGRES-7: connections that the server ends are replaced', async () => {
    const store = await openPostgres({ url: lab.url });
    await lab.open();
    await furnish(store);
    const session = await started(store);
    await inDatabase(
      lab.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'symbolon'`,
    );
    await Promise.allSettled([store.findSession(session.sid)]);
    assert.equal((await store.rotate(rotationOf(session))).kind, 'rotated');
    await store.close();
  });

  test('POSTGRES-8: a database without our schema, or with a newer one, is refused and says what to do', async () => {
    const url = await newDatabase();
    await assert.rejects(openPostgres({ url }), /no schema of Symbolon, expected 3: run "symbolon migrate/);
    await Promise.all([migratePostgres({ url }), migratePostgres({ url })]);
    await (await openPostgres({ url })).close();
    await inDatabase(url, `UPDATE meta SET value = '99' WHERE key = 'schema'`);
    await assert.rejects(openPostgres({ url }), /schema 99, expected at most 3/);
    await assert.rejects(migratePostgres({ url }), /schema 99, expected at most 3/);
  });

  test('POSTGRES-8: a standby is refused', async () => {
    const standby = await startPostgres('standby');
    try {
      await assert.rejects(
        openPostgres({ url: standby.url('postgres'), patience: 500 }),
        /unexpected standby, expected the primary/,
      );
    } finally {
      await standby.stop();
    }
  });

  test('POSTGRES-9: no message shows a password', async () => {
    for (const url of [
      'postgres://someone:s3cret@127.0.0.1:1/store',
      'postgres://127.0.0.1:1/store?user=someone&password=s3cret',
    ]) {
      const error: unknown = await openPostgres({ url, patience: 200 }).catch((reason: unknown) => reason);
      assert.ok(error instanceof Error && error.message.includes('no connection'));
      assert.ok(!inspect(error).includes('s3cret'));
      assert.ok(!databaseName(url).includes('s3cret'));
    }
    assert.equal(
      databaseName('postgres://someone:s3cret@db.example:5433/store?sslmode=require'),
      'postgres://db.example:5433/store',
    );

    assert.throws(
      () => databaseName('mysql://user:s3cret@host/db'),
      (error: Error) => !error.message.includes('s3cret'),
    );
  });
}
