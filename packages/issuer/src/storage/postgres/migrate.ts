import { Client, DatabaseError, type ClientBase } from 'pg';
import { migrations } from '../schema/migrations.ts';
import { clockFunctions } from './clock.ts';
import { nameFault, PostgresFault, unreachable } from './errors.ts';
import { postgresDialect } from '../schema/schema-dialect.ts';

const connectWithin = 5000;

/**
 * Runs work on a database in one transaction: all of it is kept or nothing.
 *
 * @throws PostgresFault if the database cannot be reached or refuses something.
 */
export async function inPostgresTransaction<T>(
  url: string,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectWithin });
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw unreachable(error);
  });
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    throw error instanceof DatabaseError ? nameFault(error) : error;
  } finally {
    await client.end();
  }
}

/** Makes, or brings up to date, the schema in a database. */
export async function migratePostgres({ url }: { url: string }): Promise<void> {
  await inPostgresTransaction(url, applySchema);
}

/**
 * Brings a database up to this version's schema, in the transaction at hand, once, however many ask for it together.
 *
 * @throws PostgresFault if a newer version made it.
 */
export async function applySchema(client: ClientBase): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('symbolon schema'))`);
  const version = await schemaVersion(client);
  if (version > migrations.length) throw tooNew(version);
  if (version === 0) for (const sql of clockFunctions) await client.query(sql);
  for (const step of migrations.slice(version)) {
    for (const sql of step(postgresDialect)) await client.query(sql);
  }
  await client.query(
    `INSERT INTO meta (key, value) VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [String(migrations.length)],
  );
}

/** @throws PostgresFault unless the schema is this version's. */
export async function expectSchema(client: ClientBase): Promise<void> {
  const version = await schemaVersion(client);
  if (version > migrations.length) throw tooNew(version);
  if (version < migrations.length) {
    const found = version === 0 ? 'no schema of Symbolon' : `schema ${version}`;
    throw new PostgresFault(
      `unexpected ${found}, expected ${migrations.length}: run "symbolon migrate --to" with this database`,
      undefined,
    );
  }
}

/** 0 where there is none. */
async function schemaVersion(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ known: boolean }>(`SELECT to_regclass('meta') IS NOT NULL AS known`);
  if (rows[0]?.known !== true) return 0;
  const found = await client.query<{ value: string }>(`SELECT value FROM meta WHERE key = 'schema'`);
  return Number(found.rows[0]?.value ?? 0);
}

function tooNew(version: number): PostgresFault {
  const expected = `expected at most ${migrations.length}: use a newer symbolon`;
  return new PostgresFault(`unexpected schema ${version}, ${expected}`, undefined);
}
