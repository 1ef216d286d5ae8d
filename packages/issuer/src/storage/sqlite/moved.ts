import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Marks an embedded store as moved, in the transaction at hand. Without its head no transaction of an issuer begins:
 * one that is running fails from now on instead of writing what nobody would ever read.
 */
export function markMoved(db: DatabaseSync, to: string): void {
  db.prepare(`INSERT INTO meta (key, value) VALUES ('moved_to', ?)`).run(to);
  db.exec('ALTER TABLE head RENAME TO head_moved');
}

/**
 * Takes the mark away, in the transaction at hand, for a move to the same place whose last step failed.
 *
 * @throws TypeError if it was moved to another place: what is in it is old.
 */
export function unmarkMoved(db: DatabaseSync, to: string): void {
  const before = movedTo(db);
  if (before === undefined) return;
  if (before !== to) throw new TypeError(`this store was moved to ${before}: what is left here is old`);
  db.exec('ALTER TABLE head_moved RENAME TO head');
  db.exec(`DELETE FROM meta WHERE key = 'moved_to'`);
}

/** Where a store was moved. */
export function movedTo(db: DatabaseSync): string | undefined {
  const known = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'`).get();
  const to = known && db.prepare(`SELECT value FROM meta WHERE key = 'moved_to'`).get()?.['value'];
  return typeof to === 'string' ? to : undefined;
}

/** @throws Error if the store was moved: what is in it is old. */
export function expectNotMoved(db: DatabaseSync): void {
  const to = movedTo(db);
  if (to !== undefined)
    throw new Error(`this store was moved to ${to}: what is left here is old, serve with --store`);
}

/** Tells of a file whether there is a store and where it was moved, changing nothing. */
export function whereMoved(file: string): { kind: 'none' | 'here' } | { kind: 'moved'; to: string } {
  if (!existsSync(file)) return { kind: 'none' };
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    const to = movedTo(db);
    return to === undefined ? { kind: 'here' } : { kind: 'moved', to };
  } finally {
    db.close();
  }
}
