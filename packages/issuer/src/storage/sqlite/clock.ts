import { hash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { headPosition } from '../sql/head.ts';

/**
 * Brings the functions of `sql/dialect.ts` that SQLite lacks, the database's clock among them. `now_us()` shows the time of the
 * last `advance()` and so one time for a whole transaction; advanced while the store is held, the order of times is the
 * order of commits. It never goes back, and never shows less than the feed has said.
 */
export function addFunctions(db: DatabaseSync, clock: () => number): { advance: () => void } {
  const head = db.prepare(headPosition);
  let shown = 0;
  db.function('now_us', { deterministic: true }, () => shown);
  db.function('greatest', { deterministic: true, varargs: true }, (...values) =>
    Math.max(...present(values)),
  );
  db.function('least', { deterministic: true, varargs: true }, (...values) => Math.min(...present(values)));
  db.function('sha256_hex', { deterministic: true }, (text) => hash('sha256', String(text), 'hex'));
  return {
    advance: () => {
      shown = Math.max(shown, Math.floor(clock() * 1000), Number(head.get()?.['position']));
    },
  };
}

const present = (values: readonly SQLOutputValue[]) => values.filter((value) => value !== null).map(Number);
