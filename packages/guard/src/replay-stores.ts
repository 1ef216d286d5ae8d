/* eslint-disable no-restricted-syntax -- the guard's only SQL, for a database that is its user's, not the issuer's */
/**
 * A place where all processes of an audience remember proofs that count once.
 *
 * `insertIfAbsent` decides in one step who was first: true for exactly one caller of an `id`, until at least
 * `until` (seconds since the epoch). `id` is a SHA-256 in base64url: a store never sees a proof. It rejects
 * when it cannot tell; the guard then refuses.
 */
export interface ReplayStore {
  insertIfAbsent(id: string, until: number): Promise<boolean>;
}

/** A `Pool` or `Client` of `pg`, or anything of that shape. */
export interface PostgresPool {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rowCount: number | null }>;
}

/** The table of {@link postgresReplayStore}; run it once, with your other migrations. */
export const postgresReplayTable = `
CREATE TABLE IF NOT EXISTS symbolon_replays (id text PRIMARY KEY, until timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS symbolon_replays_until ON symbolon_replays (until);
`;

const insertSql = `INSERT INTO symbolon_replays (id, until) VALUES ($1, to_timestamp($2)) ON CONFLICT DO NOTHING`;
const pruneSql = `DELETE FROM symbolon_replays WHERE until < now() - interval '1 hour'`;
const insertsPerPrune = 1000;

/**
 * Remembers proofs in PostgreSQL: one row each, whose primary key decides the race.
 *
 * Rows an hour past their time, by the database's clock, are deleted by every 1,000th insertion, after it was
 * answered: no difference between two clocks lets one go too early.
 */
export function postgresReplayStore(pool: PostgresPool): ReplayStore {
  let inserts = 0;
  return {
    insertIfAbsent: async (id, until) => {
      const { rowCount } = await pool.query(insertSql, [id, until]);
      if (++inserts % insertsPerPrune === 0) pool.query(pruneSql).catch(() => undefined); // the next one will
      return rowCount === 1;
    },
  };
}

/** How far the clocks of two guards may differ, in milliseconds. */
const longestLag = 60_000;

/** A client of `redis` (node-redis) or `ioredis`, or anything that sends a command. */
export type RedisClient =
  | { sendCommand(command: string[]): Promise<unknown> }
  | { call(command: string, ...args: string[]): Promise<unknown> };

/**
 * Remembers proofs in Redis (or Valkey): `SET … NX` decides the race, and the entry leaves by itself.
 *
 * The server must not evict (`maxmemory-policy noeviction`), or a flood could push a proof out. `clock` is in
 * milliseconds; the life of an entry is sent as a duration, so the server's own clock does not matter. An entry stays a
 * minute longer than its proof is good: by as much may the clock of another guard lag behind this one's.
 */
export function redisReplayStore(
  client: RedisClient,
  options: { prefix?: string; clock?: () => number } = {},
): ReplayStore {
  const { prefix = 'symbolon:replay:', clock = Date.now } = options;
  return {
    insertIfAbsent: async (id, until) => {
      const life = Math.max(0, until * 1000 - clock()) + longestLag;
      const command = ['SET', prefix + id, '1', 'NX', 'PX', String(Math.ceil(life))] as const;
      // ioredis has a sendCommand too, which takes an object of its own.
      const answer =
        'call' in client ? await client.call(...command) : await client.sendCommand([...command]);
      return answer === 'OK';
    },
  };
}
