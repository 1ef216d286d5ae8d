import { Pool, type ClientBase, type PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresFault } from './postgres-errors.ts';

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
async function setUp(client: ClientBase, patience: number): Promise<void> {
  const bounded = `${patience}ms`;
  const settings: Readonly<Record<string, string>> = {
    default_transaction_isolation: 'read committed',
    statement_timeout: bounded,
    idle_in_transaction_session_timeout: bounded,
    tcp_keepalives_idle: '5',
    tcp_keepalives_interval: '2',
    tcp_keepalives_count: '3',
    tcp_user_timeout: '10000',
  };
  const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const { rows } = await client.query<{ standby: boolean; version: number; commit: string }>(`
    SELECT pg_is_in_recovery() AS standby, current_setting('server_version_num')::int AS version,
      current_setting('synchronous_commit') AS commit, ${set.join(', ')}`);
  if (rows[0]?.standby !== false)
    throw new PostgresFault('unexpected standby, expected the primary', undefined);
  if (rows[0].commit === 'off') await client.query(`SET synchronous_commit = 'local'`);
  if (rows[0].version >= 170_000) await client.query(`SET transaction_timeout = '${bounded}'`);
}

function unreachable(cause: unknown): PostgresFault {
  if (cause instanceof PostgresFault) return cause;
  const { message, code } = cause as { message?: string; code?: string };
  return new PostgresFault(`no connection: ${message ?? 'no reason given'}`, code);
}
