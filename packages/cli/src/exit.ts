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

/** One thing that is unsafe, and what to do about it. */
export interface Problem {
  readonly code: string;
  readonly problem: string;
  readonly fix: string;
}

/** A way of serving that would not be safe: all that is wrong with it, at once. */
export class Unsafe extends TypeError {
  override readonly name = 'Unsafe';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ problem, fix }) => `  - ${problem}\n    ${fix}`);
    super(`will not start, since this is not safe:\n${lines.join('\n')}`);
    this.problems = problems;
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
  return error instanceof TypeError && !isFailedFetch(error) && !isSlip(error) ? 'usage' : 'fault';
}

/** The platform's `fetch` reports a network that does not answer as a `TypeError` with the reason as its cause. */
function isFailedFetch(error: TypeError): boolean {
  return error.cause instanceof Error && error.message === 'fetch failed';
}

/** The engine's own complaint about our code: nobody has called anything wrong. */
function isSlip({ message }: TypeError): boolean {
  return / is not (a function|a constructor|iterable|defined)|^Cannot (read|set|destructure|convert) /.test(
    message,
  );
}
