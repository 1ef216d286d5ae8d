import { DatabaseError } from 'pg';
import { UniqueViolation } from '../engine.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const uniqueViolation = '23505';
/** serialization_failure, deadlock_detected: the transaction is undone, and may well succeed when it comes again. */
const passing: readonly unknown[] = ['40001', '40P01'];
/**
 * The server undid the transaction and this connection is of no use any more: read_only_sql_transaction (a primary that
 * has become a standby), transaction_timeout, admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout.
 */
const leaving: readonly unknown[] = ['25006', '25P04', '57P01', '57P02', '57P03', '57P05'];

/** A fault of the database. The server's text of it may show values of rows, so only its code and first line are kept. */
export class PostgresFault extends Error {
  /** SQLSTATE, or the system's code where there is no connection. */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(`PostgreSQL: ${message}${code === undefined ? '' : ` (${code})`}`);
    this.name = 'PostgresFault';
    this.code = code;
  }
}

const ours = [PostgresFault, TypeError, RangeError];

/** Names the table of a violated unique constraint; any other error without the values that PostgreSQL puts in its details. */
export function nameFault(error: unknown): unknown {
  if (!(error instanceof Error) || ours.some((kind) => error instanceof kind)) return error;
  if (!(error instanceof DatabaseError)) return new PostgresFault(error.message, codeOf(error));
  if (error.code !== uniqueViolation) return new PostgresFault(withoutValues(error.message), error.code);
  const cause = new PostgresFault(error.message, error.code);
  return new UniqueViolation(error.table ?? 'unknown', { cause });
}

/** Why there is no connection: system and server say so without a password. */
export function unreachable(cause: unknown): PostgresFault {
  if (cause instanceof PostgresFault) return cause;
  const { message, code } = cause as { message?: string; code?: string };
  // The system puts its code into its text already.
  const said = message?.replace(` ${code ?? ''} `, ' ') ?? 'no reason given';
  return new PostgresFault(`no connection: ${said}`, code);
}

/** Whether the transaction is known to be undone and may be tried again on the same connection. */
export function isPassing(error: unknown): boolean {
  return passing.includes(codeOf(error));
}

/** Whether the transaction is known to be undone and may be tried again on a new connection. */
export function isLeaving(error: unknown): boolean {
  return leaving.includes(codeOf(error));
}

/** Whether a connection that met this error is still of use. */
export function isAboutTheStatement(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    (error instanceof DatabaseError && error.severity === 'ERROR' && !isLeaving(error))
  );
}

/** `invalid input syntax for type bigint: "…"`, the one place where a message quotes a value. */
function withoutValues(message: string): string {
  return message.startsWith('invalid input syntax') ? message.replace(/:.*$/s, '') : message;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
