import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { UniqueViolation, type Engine, type Statement, type Value } from '../../src/storage/engine.ts';
import { migrations } from '../../src/storage/schema/migrations.ts';
import { sqliteDialect } from '../../src/storage/schema/schema-dialect.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts';
import { createFolder, createStoreClock, furnish, opened, rotationOf, started } from './lab.ts';

const statement = (sql: string, ...values: readonly Value[]): Statement => ({ sql, values });
const put = (key: string, value = 'x') =>
  statement('INSERT INTO meta (key, value) VALUES ($1, $2)', key, value);
const keys = async (engine: Engine) =>
  (await engine.read(statement(`SELECT key FROM meta WHERE key <> 'schema' ORDER BY key`))).map(
    (row) => row['key'],
  );

async function withFile(run: (file: string) => Promise<void>): Promise<void> {
  const { file, remove } = createFolder();
  try {
    await run(file);
  } finally {
    remove();
  }
}

async function withEngine(run: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = openSqliteEngine({ file: ':memory:' });
  try {
    await run(engine);
  } finally {
    await engine.close();
  }
}

const statuses = async (asked: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(asked)).map(({ status }) => status);

test('STORE-1: a batch is kept whole or not at all', async () => {
  await withEngine(async (engine) => {
    await engine.batch([put('a'), put('b')]);
    await assert.rejects(engine.batch([put('c'), put('a')]), (error) => {
      assert.ok(error instanceof UniqueViolation);
      assert.equal(error.table, 'meta');
      return true;
    });
    assert.deepEqual(await keys(engine), ['a', 'b']);
    const [none, two] = await engine.batch([
      put('c'),
      statement(`SELECT key FROM meta WHERE key > 'a' AND key < 'd'`),
    ]);
    assert.deepEqual([none?.length, two?.map((row) => row['key'])], [0, ['b', 'c']]);
  });
});

test('STORE-2: one that fails alone takes no neighbour along', async () => {
  await withEngine(async (engine) => {
    const asked = [
      engine.batch([put('a')]),
      engine.batch([put('b'), put('a')]),
      engine.batch([put('c')]),
      engine.batch([statement('SELECT no_such_column')]),
      engine.batch([put('d')]),
    ];
    assert.deepEqual(await statuses(asked), ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    assert.deepEqual(await keys(engine), ['a', 'c', 'd']);
  });
});

test('STORE-2: one turn shares one commit', async () => {
  await withFile(async (file) => {
    const engine = openSqliteEngine({ file });
    const observer = new DatabaseSync(file);
    const commits = () => Number(observer.prepare('PRAGMA data_version').get()?.['data_version']);
    await engine.batch([put('first')]);
    const before = commits();
    const seen: number[] = [];
    const watch = async (key: string) => {
      await engine.batch([put(key)]);
      seen.push(Number(observer.prepare('SELECT count(*) AS kept FROM meta').get()?.['kept']));
    };
    await Promise.all(Array.from({ length: 64 }, (_, index) => watch(`key-${index}`)));
    assert.deepEqual(new Set(seen), new Set([66]), 'all were kept when the first was answered');
    assert.equal(commits(), before + 1);
    observer.close();
    await engine.close();
  });
});

test('STORE-3: a commit that fails fails all that share it', async () => {
  await withEngine(async (engine) => {
    await engine.batch([statement('CREATE TABLE parent (id TEXT PRIMARY KEY)')]);
    await engine.batch([
      statement('CREATE TABLE child (of TEXT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)'),
    ]);
    const orphan = statement('INSERT INTO child (of) VALUES ($1)', 'nobody');
    const asked = [engine.batch([put('a')]), engine.batch([orphan]), engine.batch([put('b')])];
    assert.deepEqual(await statuses(asked), ['rejected', 'rejected', 'rejected']);
    assert.deepEqual(await keys(engine), []);
    assert.deepEqual(await statuses([engine.batch([put('a')])]), ['fulfilled'], 'and the store goes on');
  });
});

test('STORE-4: a failure that undoes the transaction fails all that share it', async () => {
  await withEngine(async (engine) => {
    await engine.batch([put('taken')]);
    const undo = statement(`INSERT OR ROLLBACK INTO meta (key, value) VALUES ('taken', 'x')`);
    const asked = [engine.batch([put('a')]), engine.batch([undo]), engine.batch([put('b')])];
    assert.deepEqual(await statuses(asked), ['rejected', 'rejected', 'rejected']);
    assert.deepEqual(await keys(engine), ['taken']);
    assert.deepEqual(await statuses([engine.batch([put('a')])]), ['fulfilled'], 'and the store goes on');
  });
});

test('STORE-5: values must be as many as placeholders, none undefined', async () => {
  await withEngine(async (engine) => {
    const sql = 'INSERT INTO meta (key, value) VALUES ($1, $2)';
    const wrong: readonly (readonly unknown[])[] = [[], ['a'], ['a', undefined], ['a', 'b', 'c']];
    for (const values of wrong) {
      await assert.rejects(engine.batch([{ sql, values: values as readonly Value[] }]), TypeError);
    }
    await assert.rejects(engine.read(statement('SELECT $1 AS one')), TypeError);
    await assert.rejects(engine.read(statement('SELECT $2 AS two', 'a', 'b')), TypeError, '$1 is missing');
    await assert.rejects(engine.batch([statement(sql, 'a', null)]), /NOT NULL/, 'null is a value');
    assert.deepEqual(await keys(engine), []);
    const [row] = await engine.read(statement('SELECT $2 AS two, $1 AS one, $2 AS again', 'a', 'b'));
    assert.deepEqual({ ...row }, { two: 'b', one: 'a', again: 'b' }, 'by number, not by order');
  });
});

test('STORE-6: a store held by another process is waited for without blocking', async () => {
  await withFile(async (file) => {
    const engine = openSqliteEngine({ file });
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    const asked = [engine.batch([put('a')]), engine.batch([put('b')])];
    setTimeout(() => {
      other.exec(`INSERT INTO meta (key, value) VALUES ('theirs', 'x')`);
      other.exec('COMMIT');
    }, 100);
    assert.deepEqual(await statuses(asked), ['fulfilled', 'fulfilled']);
    clearInterval(turning);
    assert.ok(turns >= 3, `the event loop turned ${turns} times`);
    assert.deepEqual(await keys(engine), ['a', 'b', 'theirs']);
    other.close();
    await engine.close();
  });
});

test('STORE-6: patience ends', async () => {
  await withFile(async (file) => {
    const engine = openSqliteEngine({ file, patience: 50 });
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(engine.batch([put('a')]), /locked/);
    assert.deepEqual(await keys(engine), [], 'reading goes on meanwhile');
    other.exec('ROLLBACK');
    await engine.batch([put('a')]);
    assert.deepEqual(await keys(engine), ['a']);
    other.close();
    await engine.close();
  });
});

test('STORE-6: many may open a new file at once', async () => {
  await withFile(async (file) => {
    const code = `const { openSqliteEngine } = await import(${JSON.stringify(engineUrl)});
      await openSqliteEngine({ file: process.argv[1] }).close();`;
    const opening = Array.from({ length: 3 }, () => spawn(process.execPath, [...fromSource, code, file]));
    const codes = await Promise.all(
      opening.map(async (child) => ((await once(child, 'exit')) as [number])[0]),
    );
    assert.deepEqual(codes, [0, 0, 0]);
    const engine = openSqliteEngine({ file });
    assert.deepEqual(await keys(engine), []);
    await engine.close();
  });
});

test('STORE-7: the file is its owner’s alone', async () => {
  await withFile(async (file) => {
    const engine = openSqliteEngine({ file });
    await engine.batch([put('a')]);
    for (const name of [file, `${file}-wal`]) assert.equal(statSync(name).mode & 0o777, 0o600);
    await engine.close();
  });
});

test('STORE-8: closing finishes what was asked for, and refuses what comes after', async () => {
  await withFile(async (file) => {
    const engine = openSqliteEngine({ file });
    const asked = Array.from({ length: 600 }, (_, index) => engine.batch([put(`key-${index}`)]));
    const closed = engine.close();
    await assert.rejects(engine.batch([put('late')]), /closed/);
    await assert.rejects(engine.read(statement('SELECT 1 AS one')), /closed/);
    await closed;
    await engine.close();
    assert.ok((await statuses(asked)).every((status) => status === 'fulfilled'));
    const again = openSqliteEngine({ file });
    assert.equal((await keys(again)).length, 600);
    await again.close();
  });
});

/** A process of its own reads the packages' sources, as this one does: nothing is built here. */
const fromSource = ['--conditions=symbolon:source', '--input-type=module', '-e'];
const engineUrl = new URL('../../src/storage/sqlite/engine.ts', import.meta.url).href;
const storeUrl = new URL('../../src/storage/sqlite/sqlite.ts', import.meta.url).href;
const labUrl = new URL('./lab.ts', import.meta.url).href;

test('STORE-9: what was answered survives the process being killed', async () => {
  await withFile(async (file) => {
    const store = openSqlite({ file });
    await furnish(store);
    const session = await started(store);
    await store.close();
    const code = `
      const { openSqlite } = await import(${JSON.stringify(storeUrl)});
      const { rotationOf } = await import(${JSON.stringify(labUrl)});
      const store = openSqlite({ file: process.argv[1] });
      let session = await store.findSession(process.argv[2]);
      for (;;) {
        ({ session } = await store.rotate(rotationOf(session)));
        process.stdout.write(session.generation + '\\n');
      }`;
    const child = spawn(process.execPath, [...fromSource, code, file, session.sid]);
    let answered = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      answered = Number(line);
      if (answered === 50) child.kill('SIGKILL');
    }
    assert.ok(answered >= 50);
    const again = openSqlite({ file });
    const row = await again.findSession(session.sid);
    assert.ok(row && row.generation >= answered && row.generation <= answered + 1);
    assert.equal((await again.rotate(rotationOf(row, { gen: answered }))).kind === 'refused', false);
    await again.close();
  });
});

test('STORE-10: one time in a transaction, and never back', async () => {
  let time = 1_000_000;
  const engine = openSqliteEngine({ file: ':memory:', clock: () => (time += 1) });
  const now = statement('SELECT now_us() AS now, now_us() AS again');
  const [first, second] = await engine.batch([now, now]);
  assert.deepEqual(first, second);
  assert.equal(first?.[0]?.['now'], first?.[0]?.['again']);
  time = 500_000;
  const [later] = await engine.batch([now]);
  assert.equal(later?.[0]?.['now'], first?.[0]?.['now']);
  time = 2_000_000;
  const [latest] = await engine.batch([now]);
  assert.equal(latest?.[0]?.['now'], 2_000_001_000);
  await engine.close();
});

test('STORE-10: after a restart with an earlier clock, time goes on from the head', async () => {
  await withFile(async (file) => {
    const clock = createStoreClock();
    const store = openSqlite({ file, clock: clock.now });
    const cut = await store.cutEverything({ by: 'test' });
    await store.close();
    clock.setBack(3600);
    const again = openSqlite({ file, clock: clock.now });
    assert.equal(await again.now(), cut.position);
    await again.close();
  });
});

test('STORE-11: a store is opened again as it was', async () => {
  await withFile(async (file) => {
    const store = openSqlite({ file });
    await furnish(store);
    const before = [await store.listKeys(), await store.listClients()];
    await store.close();
    const again = openSqlite({ file });
    assert.deepEqual([await again.listKeys(), await again.listClients()], before);
    await again.close();
  });
});

test('STORE-11: a store of an older version is brought up to date with what is in it', async () => {
  await withFile(async (file) => {
    const old = new DatabaseSync(file);
    for (const step of migrations.slice(0, 1)) for (const sql of step(sqliteDialect)) old.exec(sql);
    old.exec(`INSERT INTO meta (key, value) VALUES ('schema', '1'), ('issuer', 'https://issuer.example')`);
    old.close();
    const store = openSqlite({ file });
    assert.equal(await store.findMeta('issuer'), 'https://issuer.example');
    assert.equal(await store.findMeta('schema'), String(migrations.length));
    await furnish(store);
    const session = await opened(store);
    const end = { sid: session.sid, reason: 'operator', by: 'test', holderKey: 'block' } as const;
    assert.equal((await store.endSession(end)).kind, 'ended');
    await store.close();
  });
});

test('STORE-11: a store of a newer version is refused untouched, and so is what is no store', async () => {
  await withFile(async (file) => {
    await openSqlite({ file }).close();
    const db = new DatabaseSync(file);
    db.exec(`UPDATE meta SET value = '99' WHERE key = 'schema'`);
    assert.throws(() => openSqlite({ file }), /unexpected schema 99/);
    assert.equal(db.prepare('SELECT value FROM meta').get()?.['value'], '99');
    db.close();
  });
  await withFile((file) => {
    writeFileSync(file, 'not a database, but long enough to be taken for one'.repeat(100));
    assert.throws(() => openSqlite({ file }), /not a database/);
    return Promise.resolve();
  });
});
