import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from 'pg';
import { moveToPostgres } from '../../src/storage/copy/copy.ts';
import { migratePostgres } from '../../src/storage/postgres/migrate.ts';
import { openPostgres } from '../../src/storage/postgres/postgres.ts';
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts';
import { openPostgresLab } from './postgres-lab.ts';
import {
  app,
  createFolder,
  furnish,
  hour,
  id,
  machine,
  newAssertion,
  newClient,
  newKey,
  opened,
  rotationOf,
  started,
} from './lab.ts';

const lab = await openPostgresLab('database');
const by = 'test';

if (typeof lab === 'string') test('moving to PostgreSQL', { skip: lab });
else {
  after(() => lab.close());
  const inDatabase = async (url: string, sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  const newDatabase = async (): Promise<string> => {
    const name = `database_${Buffer.from(id(), 'base64url').toString('hex')}`;
    await inDatabase(lab.url, `CREATE DATABASE ${name}`);
    return lab.server.url(name);
  };

  test('MIGRATE-1: a store is moved with nothing lost and its sessions alive', async () => {
    const { file, remove } = createFolder();
    const old = openSqlite({ file });
    await furnish(old);
    await old.settleMeta('issuer', 'https://issuer.example');
    await old.addClient(newClient({ id: 'gone', name: 'Ἀθῆναι "\\ \u{1f511}' }));
    await old.removeClient({ id: 'gone', by });
    const session = await started(old, { device: 'a “device”' });
    await old.rotate(rotationOf(session));
    const own = await opened(old);
    const blocked = await opened(old, { jkt: 'blocked', assertion: newAssertion({ kid: 'blocked' }) });
    await old.endSession({ sid: blocked.sid, reason: 'operator', by, holderKey: 'block' });
    await old.promoteKey({ next: newKey('session'), when: 'forced', by });
    await old.settleTokenLife(300_000_000);
    const guard = { instance: 'i', clientId: machine, name: 'eu-1', audience: 'a', to: 1, keys: ['k'] };
    await old.acknowledge(guard);
    const assertion = newAssertion();
    await old.redeemAssertion(assertion);
    const many = 1500;
    for (let at = 0; at < many; at += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, turn) => started(old, { externalId: `${at + turn}` })),
      );
    const view = async (store: typeof old) => ({
      sessions: (await store.listSessions({ limit: 5000 })).map(({ alive: _, ...row }) => row),
      clients: await store.listClients(),
      keys: await store.listKeys(),
      blocks: await store.listBlocks({}),
      feed: await store.readFeed({ after: 0, limit: 1000 }),
      guards: await store.listGuards(),
      audit: await store.listAudit({ limit: 5000 }),
      verdict: await store.verifyAudit(),
      issuer: await store.findMeta('issuer'),
    });
    const before = await view(old);
    await old.close();

    const url = await newDatabase();
    const moved = await moveToPostgres({ file, url });
    assert.equal(moved.rows['sessions'], before.sessions.length);
    assert.equal(moved.audit.kind, 'intact');
    const store = await openPostgres({ url, patience: 30_000 });
    const now = await view(store);
    for (const [what, rows] of Object.entries(before))
      assert.deepEqual(now[what as keyof typeof now], rows, what);

    const refreshed = await store.rotate(rotationOf(session, { gen: 1 }));
    assert.equal(refreshed.kind, 'rotated');
    assert.equal((await opened(store)).sid, own.sid, 'the machine’s session goes on');
    assert.deepEqual(await store.redeemAssertion(assertion), { kind: 'assertion_replayed' });
    const cut = await store.endSessionsOf({ clientId: app, by });
    assert.ok(cut.kind === 'cut' && cut.position > before.feed.head);
    assert.equal((await store.sessionAlive({ sid: session.sid })).kind, 'not_alive');
    assert.equal((await store.verifyAudit()).kind, 'intact');
    await store.close();
    assert.throws(() => openSqlite({ file }), /moved to postgres:.*serve with --store/);
    remove();
  });

  test('MIGRATE-2: an issuer that is running on the old store writes nothing more to it', async () => {
    const { file, remove } = createFolder();
    const old = openSqlite({ file, patience: 200 });
    await furnish(old);
    const session = await started(old);
    const url = await newDatabase();
    await moveToPostgres({ file, url });
    await assert.rejects(old.rotate(rotationOf(session)));
    await assert.rejects(started(old));
    const store = await openPostgres({ url });
    assert.equal((await store.rotate(rotationOf(session))).kind, 'rotated');
    await Promise.all([old.close(), store.close()]);
    remove();
  });

  test('MIGRATE-3: a database with anything in it is refused, and the old store stays in use', async () => {
    const { file, remove } = createFolder();
    const old = openSqlite({ file });
    await furnish(old);
    const url = await newDatabase();
    await migratePostgres({ url });
    const store = await openPostgres({ url });
    await store.settleMeta('issuer', 'another');
    await assert.rejects(moveToPostgres({ file, url }), {
      name: 'TypeError',
      message: /holds a store already/,
    });
    assert.ok((await store.listClients()).length === 0);
    await store.close();
    assert.ok((await started(old)).absoluteExpiresAt > hour);
    await old.close();
    openSqlite({ file });
    remove();
  });

  test('MIGRATE-4: what fails leaves both as they were, and can be asked for again', async () => {
    const { file, remove } = createFolder();
    const old = openSqlite({ file });
    await furnish(old);
    const session = await started(old);
    await old.close();
    const url = await newDatabase();
    await migratePostgres({ url });
    // A row that the new place refuses, met after others were copied.
    await inDatabase(url, `ALTER TABLE sessions ADD CONSTRAINT nothing CHECK (kind <> 'person')`);
    await assert.rejects(moveToPostgres({ file, url }), /23514/);
    await inDatabase(url, `ALTER TABLE sessions DROP CONSTRAINT nothing`);
    await openSqlite({ file }).close();
    await moveToPostgres({ file, url });
    await assert.rejects(
      moveToPostgres({ file, url: await newDatabase() }),
      /moved to .*: what is left here is old/,
    );
    // As if the mark was set, and the commit at the new place got lost.
    const name = new URL(url).pathname.slice(1);
    await inDatabase(lab.url, `DROP DATABASE ${name}`);
    await inDatabase(lab.url, `CREATE DATABASE ${name}`);
    await moveToPostgres({ file, url });
    const store = await openPostgres({ url });
    assert.equal((await store.rotate(rotationOf(session))).kind, 'rotated');
    await store.close();
    remove();
  });

  test('MIGRATE-5: a wrong name is refused without showing it, and no file is made', async () => {
    const missing = `${createFolder().file}.missing`;
    await assert.rejects(moveToPostgres({ file: missing, url: lab.url }), /there is no store/);
    await assert.rejects(
      moveToPostgres({ file: missing, url: 'mysql://u:s3cret@h/d' }),
      (error: Error) => error instanceof TypeError && !error.message.includes('s3cret'),
    );
  });
}
