import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test, type TestContext } from 'node:test';
import { Client } from 'pg';
import { diagnosePostgres } from '../src/index.ts';
import { startPostgres, type PostgresForTests } from './storage/postgres-for-tests.ts';

const server = await startPostgres().catch((error: unknown) => {
  console.error(`PostgreSQL did not start, so NOTHING here was tested on it: ${String(error)}`);
  return String(error);
});

if (typeof server === 'string') test('what is found in PostgreSQL', { skip: server });
else {
  after(() => server.stop());
  const url = server.url('postgres');

  test('POSTGRES-10: fsync and full_page_writes that are off are found', async (t) => {
    // The tests' server runs with fsync off by its command line, which outranks ALTER SYSTEM.
    assert.deepEqual(await codesOf(server), ['error store_fsync_off', 'note store_without_standby']);
    await configure(t, server, 'full_page_writes', 'off');
    assert.deepEqual(await codesOf(server), [
      'error store_fsync_off',
      'warning store_full_page_writes_off',
      'note store_without_standby',
    ]);
  });

  test('POSTGRES-10: a standby that no commit waits for is found, and one that commits wait for is not', async (t) => {
    const standby = await followAs(t, url, 'second');
    assert.deepEqual(await codesOf(server), [unsynced, 'warning replication_asynchronous']);
    await configure(t, server, 'synchronous_standby_names', 'second');
    await standby.answer();
    assert.deepEqual(await codesOf(server), [unsynced]);
    await configure(t, server, 'synchronous_commit', 'local');
    assert.deepEqual(await codesOf(server), [unsynced, 'warning replication_not_waited_for']);
    await configure(t, server, 'synchronous_commit', 'on');
    await configure(t, server, 'synchronous_standby_names', 'ANY 2 (second, third)');
    assert.deepEqual(await codesOf(server), [unsynced, 'error standby_missing']);
  });

  test('POSTGRES-10: a synchronous standby that is not there is found by a user who may not see which', async (t) => {
    await query(url, 'CREATE ROLE plain LOGIN');
    await configure(t, server, 'synchronous_standby_names', 'second');
    const plain = url.replace('symbolon@', 'plain@');
    const codes = (await diagnosePostgres({ url: plain })).map(({ code }) => code);
    assert.deepEqual(codes, ['store_fsync_off', 'standby_missing']);
    await configure(t, server, 'synchronous_standby_names', '');
    await query(url, 'DROP ROLE plain');
  });

  test('POSTGRES-10: a standby in the place of the primary is found, and a server that is away is no finding', async () => {
    const replica = await startPostgres('standby');
    try {
      const [found, ...more] = await diagnosePostgres({ url: replica.url('postgres') });
      assert.deepEqual([found?.code, more], ['store_is_standby', []]);
      assert.match(found?.fix ?? '', /name the primary/);
    } finally {
      await replica.stop();
    }
    assert.deepEqual(await diagnosePostgres({ url: 'postgres://u:s3cret@127.0.0.1:1/d' }), []);
  });
}

const unsynced = 'error store_fsync_off';

async function codesOf({ url }: PostgresForTests): Promise<readonly string[]> {
  const findings = await diagnosePostgres({ url: url('postgres') });
  for (const { what, why, fix } of findings) for (const text of [what, why, fix]) assert.ok(text.length > 5);
  return findings.map(({ level, code }) => `${level} ${code}`);
}

async function query(
  url: string,
  ...statements: readonly string[]
): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  // What is set up here need not wait for a standby.
  await client.query('SET synchronous_commit = local');
  const rows: Record<string, unknown>[] = [];
  for (const sql of statements) rows.push(...(await client.query<Record<string, unknown>>(sql)).rows);
  await client.end();
  return rows;
}

/** Sets one of the server's settings and waits until a new connection sees it; undone after the test. */
async function configure(
  t: TestContext,
  { url }: PostgresForTests,
  name: string,
  value: string,
): Promise<void> {
  const apply = async (sql: string): Promise<void> => {
    await query(url('postgres'), sql, 'SELECT pg_reload_conf()');
  };
  await apply(`ALTER SYSTEM SET ${name} = '${value}'`);
  t.after(() => apply(`ALTER SYSTEM RESET ${name}`));
  const shown = async (): Promise<unknown> => {
    const client = new Client({ connectionString: url('postgres') });
    await client.connect();
    const { rows } = await client.query<{ shown: string }>(`SELECT current_setting('${name}') AS shown`);
    await client.end();
    return rows[0]?.shown;
  };
  for (let tries = 0; tries < 200 && (await shown()) !== value; tries++);
  assert.equal(await shown(), value);
}

/** What the client of `pg` has beneath it, and its types do not show. */
interface Wire {
  readonly connection: NodeJS.EventEmitter & {
    readonly query: (sql: string) => void;
    readonly sendCopyFromChunk: (chunk: Buffer) => void;
  };
}

/** A standby as far as the primary can tell: it streams the log, and says that it has written all of it. */
async function followAs(t: TestContext, url: string, name: string): Promise<{ answer: () => Promise<void> }> {
  const settings = { connectionString: url, application_name: name, replication: 'true' };
  const client = new Client(settings);
  client.on('error', () => undefined);
  await client.connect();
  t.after(() => client.end());
  const { rows } = await client.query<{ xlogpos: string }>('IDENTIFY_SYSTEM');
  const { connection } = client as unknown as Wire;
  connection.on('copyData', () => undefined);
  const streaming = once(connection, 'replicationStart');
  connection.query(`START_REPLICATION PHYSICAL ${rows[0]?.xlogpos ?? ''}`);
  await streaming;
  const stateOf = async (): Promise<Record<string, unknown>> =>
    (await query(url, 'SELECT state, sync_state FROM pg_stat_replication'))[0] ?? {};
  for (let tries = 0; tries < 200 && (await stateOf())['state'] !== 'streaming'; tries++);
  const position = async (): Promise<bigint> => {
    const [row] = await query(url, `SELECT pg_current_wal_flush_lsn() - '0/0' AS bytes`);
    return BigInt(String(row?.['bytes']));
  };
  return {
    answer: async () => {
      // Standby status update: https://www.postgresql.org/docs/current/protocol-replication.html
      const said = Buffer.alloc(34);
      said.write('r');
      const at = await position();
      for (const offset of [1, 9, 17]) said.writeBigInt64BE(at, offset);
      connection.sendCopyFromChunk(said);
      for (let tries = 0; tries < 200 && (await stateOf())['sync_state'] === 'async'; tries++);
    },
  };
}
