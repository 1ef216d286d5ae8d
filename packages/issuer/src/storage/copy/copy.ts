import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { ClientBase } from 'pg';
import type { AuditVerdict } from '../port/audit-storage.ts';
import { copyTable, expectEmpty, expectKnownTables, tables } from './copy-tables.ts';
import type { Engine } from '../engine.ts';
import { runBatch } from '../postgres/batch.ts';
import { applySchema, inPostgresTransaction } from '../postgres/migrate.ts';
import { databaseName } from '../postgres/url.ts';
import { createSqlAudit } from '../transactions/audit.ts';
import { migrate } from '../sqlite/migrate.ts';
import { markMoved, movedTo, unmarkMoved } from '../sqlite/moved.ts';
import { createRun } from '../sqlite/statements.ts';

/** What was moved. */
export interface Moved {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** What the audit log's chain says at its new place, which is what it said at the old one. */
  readonly audit: AuditVerdict;
}

/**
 * Moves an embedded store to PostgreSQL: the schema and every row of every table, counted, and the audit log verified,
 * in one transaction there. The embedded store is held meanwhile and then marked, so that no issuer, not even one that is
 * running, works on it any more; what is in it stays. A move whose very last step failed can be asked for again.
 *
 * @throws TypeError if there is no such store, it was moved elsewhere, or the database holds something already.
 */
export async function moveToPostgres({ file, url }: { file: string; url: string }): Promise<Moved> {
  const name = databaseName(url);
  if (!existsSync(file)) throw new TypeError(`there is no store ${file}`);
  const source = new DatabaseSync(file, { timeout: 10_000 });
  try {
    if (movedTo(source) === undefined) migrate(source);
    source.exec('BEGIN IMMEDIATE');
    unmarkMoved(source, name);
    return await inPostgresTransaction(url, async (target) => {
      await applySchema(target);
      await expectEmpty(target, name);
      const moved = await copyAll(source, target);
      // Marked before the other side commits: between the two there is no moment in which both could be served.
      markMoved(source, name);
      source.exec('COMMIT');
      return moved;
    });
  } finally {
    if (source.isTransaction) source.exec('ROLLBACK');
    source.close();
  }
}

async function copyAll(source: DatabaseSync, target: ClientBase): Promise<Moved> {
  expectKnownTables(source);
  const rows: Record<string, number> = {};
  for (const table of tables) rows[table] = await copyTable(table, { source, target });
  const run = createRun(source);
  const before = await verifyAudit((statement) => Promise.resolve(run(statement)));
  const audit = await verifyAudit(async (statement) => {
    const [found = []] = await runBatch(target, { statements: [statement], within: patience });
    return found;
  });
  if (JSON.stringify(audit) !== JSON.stringify(before))
    throw new Error('unexpected audit log at the new place, expected the old one: nothing was moved');
  await target.query('ANALYZE');
  return { rows, audit };
}

/** Milliseconds for a page of the audit log. */
const patience = 60_000;

/** Over anything that can be read. */
function verifyAudit(read: Engine['read']): Promise<AuditVerdict> {
  const nothing = () => Promise.reject(new Error('nothing is written here'));
  return createSqlAudit({ read, batch: nothing, close: nothing }).verifyAudit();
}
