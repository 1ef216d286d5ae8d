import { UniqueViolation } from '../engine.ts';

/** Primary result code, and the extended ones of a unique constraint: https://sqlite.org/rescode.html */
const busy = 5;
const uniqueConstraints: readonly unknown[] = [1555, 2067];

/** Whether another process holds the store. */
export function isBusy(error: unknown): boolean {
  return errcode(error) === busy;
}

/** Names the table of a violated unique constraint (`UNIQUE constraint failed: table.column, …`); any other error as it is. */
export function nameViolation(error: unknown): unknown {
  if (!(error instanceof Error) || !uniqueConstraints.includes(errcode(error))) return error;
  const table = /failed: (?:index ')?(\w+)/.exec(error.message)?.[1] ?? 'unknown';
  return new UniqueViolation(table, { cause: error });
}

function errcode(error: unknown): unknown {
  return error instanceof Error && 'errcode' in error ? error.errcode : undefined;
}
