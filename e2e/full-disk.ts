import { DatabaseSync } from 'node:sqlite';

/**
 * Stands in for a full disk where none can be mounted. Lets a test take away the room of every database this process opens from here on: SQLite itself then answers
 * SQLITE_FULL, as it does on a full disk, when a commit needs one page more.
 */
export function limitPages(): { readonly fill: () => void; readonly free: () => void } {
  const opened = new Set<DatabaseSync>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is reached through `call` only
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    opened.add(this);
    exec.call(this, sql);
  };
  const limitTo = (pages: (database: DatabaseSync) => number) => (): void => {
    for (const database of opened) exec.call(database, `PRAGMA max_page_count = ${pages(database)}`);
  };
  return {
    fill: limitTo((database) => Number(database.prepare('PRAGMA page_count').get()?.['page_count'])),
    free: limitTo(() => 2 ** 30),
  };
}
