import type { DatabaseSync } from 'node:sqlite';
import type { ClientBase } from 'pg';

/** Every table, each after those it refers to. */
export const tables = [
  'subjects',
  'clients',
  'accounts',
  'passkeys',
  'one_time_codes',
  'security_events',
  'grants',
  'granted_scopes',
  'authorization_requests',
  'authorization_codes',
  'logouts',
  'sessions',
  'redeemed_assertions',
  'blocked_keys',
  'signing_keys',
  'revocations',
  'feed_pages',
  'token_lives',
  'guards',
  'audit',
  'head',
  'audit_head',
  'meta',
] as const;
type Table = (typeof tables)[number];

/** Those in which a new schema has its one row. */
const furnished: readonly Table[] = ['head', 'audit_head', 'meta'];

const copiedAtOnce = 1000;

/** @throws Error if a table would be left behind: it is missing in `tables`. */
export function expectKnownTables(source: DatabaseSync): void {
  const found = source
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'`)
    .all()
    .map(({ name }) => String(name));
  const unknown = found.filter((name) => !tables.some((table) => table === name));
  if (unknown.length > 0) throw new Error(`unexpected table ${unknown.join(', ')}: it would not be moved`);
}

/**
 * Holds a database with our schema for this transaction alone.
 *
 * @throws TypeError if anything but the schema is in it.
 */
export async function expectEmpty(target: ClientBase, name: string): Promise<void> {
  await target.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  for (const table of tables) {
    const rows = await countIn(target, table);
    if (rows > (furnished.includes(table) ? 1 : 0))
      throw new TypeError(
        `${name} holds a store already: name an empty database, or serve with --store what was moved there`,
      );
  }
}

/** @throws Error if the rows that arrived are not as many as those that left. */
export async function copyTable(
  table: Table,
  { source, target }: { source: DatabaseSync; target: ClientBase },
): Promise<number> {
  if (furnished.includes(table)) await target.query(`DELETE FROM ${table}`);
  let rows: unknown[] = [];
  let count = 0;
  const insert = async (): Promise<void> => {
    if (rows.length === 0) return;
    const values = [JSON.stringify(rows)];
    await target.query(
      `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`,
      values,
    );
    count += rows.length;
    rows = [];
  };
  for (const row of source.prepare(`SELECT * FROM ${table}`).iterate()) {
    rows.push(row);
    if (rows.length === copiedAtOnce) await insert();
  }
  await insert();
  const arrived = await countIn(target, table);
  if (arrived !== count) throw new Error(`unexpected ${arrived} rows in ${table}, expected ${count}`);
  return count;
}

async function countIn(target: ClientBase, table: Table): Promise<number> {
  const { rows } = await target.query<{ many: string }>(`SELECT count(*) AS many FROM ${table}`);
  return Number(rows[0]?.many);
}
