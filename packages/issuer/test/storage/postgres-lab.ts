import { migratePostgres } from '../../src/storage/postgres/migrate.ts';
import { createPostgresEngine } from '../../src/storage/postgres/engine.ts';
import { openConnections } from '../../src/storage/postgres/pool.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { startPostgres, type PostgresForTests } from './postgres-for-tests.ts';
import { createStoreClock, runOn, type OpenStoreLab, type StoreClock } from './lab.ts';

/** A database with the schema, on a server of this file's own. */
export interface PostgresLab {
  readonly server: PostgresForTests;
  readonly url: string;
  /** Two ways in, as from two replicas. */
  readonly a: Storage;
  readonly b: Storage;
  readonly run: (sql: string) => Promise<unknown>;
  readonly open: OpenStoreLab;
  readonly close: () => Promise<void>;
}

/** Starts the server; without one (no program for this platform) says so, loudly, and answers the reason. */
export async function openPostgresLab(clock: 'lab' | 'database'): Promise<PostgresLab | string> {
  try {
    return await openLab(await startPostgres(), clock);
  } catch (error) {
    const reason = `PostgreSQL did not start, so NOTHING here was tested on it: ${String(error)}`;
    console.error(reason);
    return reason;
  }
}

async function openLab(server: PostgresForTests, kind: 'lab' | 'database'): Promise<PostgresLab> {
  const url = server.url('postgres');
  await migratePostgres({ url });
  let clock: StoreClock = createStoreClock();
  const openEngine = () =>
    createPostgresEngine(openConnections({ url, patience: slowMachine }), {
      patience: slowMachine,
      clock: kind === 'lab' ? () => clock.now() : undefined,
    });
  const [engineA, engineB] = [openEngine(), openEngine()];
  const [a, b] = [createSqlStorage(engineA), createSqlStorage(engineB)];
  const run = runOn(engineA);
  return {
    server,
    url,
    a,
    b,
    run,
    async open() {
      clock = createStoreClock();
      for (const sql of empty) await run(sql);
      return { a, b, clock, run, close: () => Promise.resolve() };
    },
    async close() {
      await Promise.all([a.close(), b.close()]);
      await server.stop();
    },
  };
}

/** Time (ms) for what waits in a queue of a thousand on a machine with other work. */
const slowMachine = 30_000;

const empty: readonly string[] = [
  `TRUNCATE sessions, subjects, clients, blocked_keys, redeemed_assertions, signing_keys, revocations, feed_pages,
    token_lives, guards, audit, accounts, passkeys, one_time_codes, security_events, grants, granted_scopes,
    authorization_requests, authorization_codes, logouts`,
  `DELETE FROM meta WHERE key <> 'schema'`,
  `UPDATE head SET position = 0, cut_at = 0, floor = 0`,
  `UPDATE audit_head SET seq = 0, at = 0, kind = '', client_id = NULL, sid = NULL, fields = '', hash = ''`,
];
