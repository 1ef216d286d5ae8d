/**
 * The database's clock. The transaction reads it once, after it holds what it must hold and before it decides, and keeps
 * it in a setting that ends with it; `now_us()` shows that. So all statements of a batch decide by one time, as on SQLite.
 *
 * `clock_timestamp()`, not `now()`: a transaction that waited for its lock decides by the time after the wait. It is
 * never below the feed's head, so a failover to a server whose clock is behind takes nothing back; whatever holds the
 * lock alone is not before any start either, so a cut misses none.
 *
 * $1: the time instead of the database's clock (µs), for tests.
 */
const read = (after: string) => `
  SELECT set_config('symbolon.now', CAST(greatest(${after},
    coalesce(CAST($1 AS BIGINT), CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT))) AS TEXT), true)
  FROM head`;

export const readClock = read('position');
/** When a code ends stands in an index, when it was made does not: it lives a minute. */
const lastCode = '(SELECT max(expires_at) - 60000000 FROM authorization_codes)';
export const readClockAfterStarts = read(`position, (SELECT max(started_at) FROM sessions), ${lastCode}`);

/** Made with the schema. Outside of a batch of ours there is no time, and this says so. */
export const clockFunctions: readonly string[] = [
  `CREATE FUNCTION now_us() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CAST(current_setting('symbolon.now') AS bigint) $$`,
  `CREATE FUNCTION sha256_hex(line text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT encode(sha256(convert_to(line, 'UTF8')), 'hex') $$`,
];
