import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrations } from '../schema/migrations.ts';
import { movedTo } from './moved.ts';

/** What a look into a store's file shows; nothing is changed, and no schema brought up to date. */
export type SqliteInspection =
  | { readonly kind: 'missing' }
  /** It cannot be opened, is no database, or its pages do not fit together. */
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'moved'; readonly to: string }
  | {
      readonly kind: 'sound';
      readonly schema: number;
      /** The newest schema that this version knows. */
      readonly known: number;
      /** How many signing keys are in it: a store with any opens with their key file alone. */
      readonly keys: number;
      readonly writable: boolean;
      /** Bytes left where the file lies. */
      readonly free: number;
    };

/** Looks into a store's file, past any issuer that serves it. */
export function inspectSqlite(file: string): SqliteInspection {
  if (!existsSync(file)) return { kind: 'missing' };
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    const [fault] = db.prepare('PRAGMA integrity_check(1)').all();
    const verdict = String(fault?.['integrity_check']);
    if (verdict !== 'ok') return { kind: 'damaged', reason: verdict };
    const to = movedTo(db);
    if (to !== undefined) return { kind: 'moved', to };
    const schema = Number(db.prepare(`SELECT value FROM meta WHERE key = 'schema'`).get()?.['value'] ?? 0);
    const keys = Number(db.prepare('SELECT count(*) AS count FROM signing_keys').get()?.['count'] ?? 0);
    return { kind: 'sound', schema, known: migrations.length, keys, ...roomOf(file) };
  } catch (error) {
    return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    db?.close();
  }
}

/** The log beside the file is written, so the folder must be writable too. */
function roomOf(file: string): { writable: boolean; free: number } {
  const { bavail, bsize } = statfsSync(dirname(file));
  return { writable: [file, dirname(file)].every(isWritable), free: bavail * bsize };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
