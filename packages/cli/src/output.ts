import { HolderError } from '@symbolon/holder';
import { AuthError } from '@symbolon/token';
import { CommanderError } from 'commander';
import { outcomeOf, Refused, Unsafe } from './exit.ts';

/** Where a command says what it has done: one JSON object a line for scripts, or text for people. */
export interface Output {
  readonly json: boolean;
  /** The result on stdout; `text` is only made for people. */
  readonly result: (data: object, text: () => string) => void;
  /** What people should know besides, on stderr; scripts are told by the result. */
  readonly note: (text: string) => void;
  /** Why the command ended without a result, on stderr. */
  readonly failure: (error: unknown) => void;
}

/** Makes the output of one command. It never prints a credential but where a command hands one over as its result. */
export function createOutput(options: { json: boolean }): Output {
  const { json } = options;
  return {
    json,
    result: (data, text) => {
      process.stdout.write(`${json ? JSON.stringify(data) : text()}\n`);
    },
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
    failure: (error) => {
      // Commander has told people already, with the usage of the command.
      if (error instanceof CommanderError) return;
      process.stderr.write(`${json ? JSON.stringify(describe(error)) : textOf(error)}\n`);
    },
  };
}

function describe(error: unknown): object {
  const base = { error: outcomeOf(error), message: messageOf(error) };
  if (error instanceof Refused) return { ...base, code: error.code, ...error.detail };
  if (error instanceof Unsafe) return { ...base, code: 'unsafe', problems: error.problems };
  return hasCode(error) ? { ...base, code: error.code } : base;
}

function textOf(error: unknown): string {
  const code = hasCode(error) ? ` (${error.code})` : '';
  return `symbolon: ${messageOf(error)}${code}`;
}

function hasCode(error: unknown): error is AuthError | HolderError {
  return error instanceof AuthError || error instanceof HolderError;
}

/** A fault is often only understood by what caused it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? reasonOf(error.cause) : '';
  return cause === '' ? error.message : `${error.message}: ${cause}`;
}

function reasonOf(cause: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map((each) => String(each)).join(', ');
  return cause.message;
}
