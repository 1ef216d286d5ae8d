import { HolderError } from '@symbolon/holder';
import { AuthError } from '@symbolon/token';
import { CommanderError } from 'commander';

/** What the exit codes mean; they never change their meaning. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, fault: 3 } as const;

/** The name of an outcome. */
export type Outcome = keyof typeof exitCodes;

/** Something was asked for properly and the answer is no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The precise reason, for scripts. */
  readonly code: string;
  /** What else a script may want to know; never a credential. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, detail: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

/**
 * Tells how a command ended by what it threw: the one place where errors become exit codes.
 *
 * A refusal is an `AuthError`, a `HolderError` that says so or {@link Refused}, a wrong call a `TypeError` or what commander says of the command
 * line; everything else is a fault.
 */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof AuthError || error instanceof Refused) return 'refused';
  if (error instanceof HolderError) return error.kind === 'refused' ? 'refused' : 'fault';
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'ok' : 'usage';
  return error instanceof TypeError && !isFailedFetch(error) ? 'usage' : 'fault';
}

/** The platform's `fetch` reports a network that does not answer as a `TypeError` with the reason as its cause. */
function isFailedFetch(error: TypeError): boolean {
  return error.cause instanceof Error && error.message === 'fetch failed';
}
