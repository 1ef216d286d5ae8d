import { Pool, type PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from '../engine.ts';
import { runBatch } from './batch.ts';
import { PostgresFault, unreachable } from './errors.ts';

/** How a database is reached. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`; whatever it says of TLS and passwords is done. */
  readonly url: string;
  /** How many connections this process may hold; default 10. */
  readonly connections?: number;
  /** How long (ms) a batch may take, waiting for a connection included, before it fails; default 2 s. */
  readonly patience?: number;
}

/** Connections that are set up alike, given out until a deadline. */
export interface Connections {
  /** @throws PostgresFault if none is to be had before the deadline (`performance.now()`). */
  readonly acquire: (deadline: number) => Promise<PoolClient>;
  readonly end: () => Promise<void>;
}

const pauseBetweenTries = 50;

/**
 * Opens connections as they are asked for. While the server is away or starting, asks again until the deadline: nothing
 * was sent yet, so nothing happens twice.
 */
export function openConnections({ url, connections = 10, patience = 2000 }: PostgresOptions): Connections {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: patience / 2,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'symbolon',
  });
  // An idle connection that breaks is dropped; whoever asks next gets another one.
  pool.on('error', () => undefined);
  // One in use that breaks fails its batch; without a listener the event beside it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const ready = new WeakSet<PoolClient>();

  async function connect(): Promise<PoolClient> {
    const client = await pool.connect();
    if (ready.has(client)) return client;
    try {
      await setUp(client, patience);
      ready.add(client);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  return {
    async acquire(deadline) {
      for (;;) {
        try {
          return await connect();
        } catch (error) {
          if (performance.now() + pauseBetweenTries >= deadline) throw unreachable(error);
          await sleep(pauseBetweenTries);
        }
      }
    },
    end: () => pool.end(),
  };
}

/**
 * What every decision stands on: each statement sees what was committed before it; a commit is on the disk before it is
 * answered; a server that has lost us lets go of our locks soon.
 *
 * @throws PostgresFault if this server is a standby.
 */
async function setUp(client: PoolClient, patience: number): Promise<void> {
  const [facts] = await runBatch(client, {
    statements: [{ sql: serverFacts, values: [] }, ...settings(patience)],
    within: patience,
  });
  const { standby, version, commit } = facts?.[0] ?? {};
  if (standby !== 'no') throw new PostgresFault('unexpected standby, expected the primary', undefined);
  const more = [
    ...(commit === 'off' ? [setting('synchronous_commit', 'local')] : []),
    ...(Number(version) >= 170_000 ? [setting('transaction_timeout', `${patience}ms`)] : []),
  ];
  if (more.length > 0) await runBatch(client, { statements: more, within: patience });
}

const serverFacts = `SELECT CASE WHEN pg_is_in_recovery() THEN 'yes' ELSE 'no' END AS standby,
  current_setting('server_version_num') AS version, current_setting('synchronous_commit') AS commit`;

const setting = (name: string, value: string): Statement => ({
  sql: `SELECT set_config($1, $2, false)`,
  values: [name, value],
});

function settings(patience: number): readonly Statement[] {
  return [
    setting('default_transaction_isolation', 'read committed'),
    setting('statement_timeout', `${patience}ms`),
    setting('idle_in_transaction_session_timeout', `${patience}ms`),
    setting('tcp_keepalives_idle', '5'),
    setting('tcp_keepalives_interval', '2'),
    setting('tcp_keepalives_count', '3'),
    setting('tcp_user_timeout', '10000'),
  ];
}
