import { createSqlStorage } from '../transactions/sql-storage.ts';
import { openSqliteEngine, type SqliteOptions } from './engine.ts';
import type { Storage } from '../port/storage.ts';

export type { SqliteOptions } from './engine.ts';

/**
 * Opens the embedded store, making the file (mode 0600) where there is none.
 *
 * @throws Error if the file cannot be opened, is no database, or was made by a newer version.
 */
export function openSqlite(options: SqliteOptions): Storage {
  return createSqlStorage(openSqliteEngine(options));
}
