import type { DatabaseSync } from 'node:sqlite';
import { migrations } from '../schema/migrations.ts';
import { sqliteDialect } from '../schema/schema-dialect.ts';

/**
 * Brings a store up to this version's schema, once, however many processes open it together.
 *
 * @throws Error if a newer version made it.
 */
export function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = schemaVersion(db);
    if (version > migrations.length) {
      throw new Error(
        `unexpected schema ${version}, expected at most ${migrations.length}: use a newer symbolon`,
      );
    }
    for (const step of migrations.slice(version)) for (const sql of step(sqliteDialect)) db.exec(sql);
    db.exec(`INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', '${migrations.length}')`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function schemaVersion(db: DatabaseSync): number {
  const known = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'`).get();
  if (!known) return 0;
  return Number(db.prepare(`SELECT value FROM meta WHERE key = 'schema'`).get()?.['value'] ?? 0);
}
