import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, Statement } from '../engine.ts';

/** Texts come from one file, so they are few; when this many are met, all are prepared anew. */
const preparedAtMost = 500;

/**
 * Runs statements with `$1` placeholders, each text prepared once.
 *
 * @throws TypeError if a value is missing: SQLite would bind NULL in its place and say nothing.
 */
export function createRun(db: DatabaseSync): (statement: Statement) => readonly Row[] {
  const prepared = new Map<string, Prepared>();
  return ({ sql, values }) => {
    const known = prepared.get(sql) ?? prepare(db, sql);
    if (prepared.size >= preparedAtMost) prepared.clear();
    prepared.set(sql, known);
    checkValues(known.placeholders, values);
    return known.statement.all(...values);
  };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly placeholders: number;
}

/** To SQLite `$1` is a name; a position is spelt `?1`. */
function prepare(db: DatabaseSync, sql: string): Prepared {
  const placeholders = countPlaceholders(sql);
  return { statement: db.prepare(sql.replaceAll(/\$(\d+)/g, '?$1')), placeholders };
}

function countPlaceholders(sql: string): number {
  const numbers = new Set(Array.from(sql.matchAll(/\$(\d+)/g), ([, digits]) => Number(digits)));
  const highest = Math.max(0, ...numbers);
  if (numbers.size !== highest)
    throw new TypeError(`placeholders of a statement do not count up to $${highest}`);
  return highest;
}

function checkValues(placeholders: number, values: readonly unknown[]): void {
  if (values.length === placeholders && !values.includes(undefined)) return;
  throw new TypeError(`unexpected ${values.length} values, expected ${placeholders}, none undefined`);
}
