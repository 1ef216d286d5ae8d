import type { AlgorithmName } from '@symbolon/token';
import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes, outcomeOf } from './exit.ts';
import { createOutput, type Output } from './output.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: true;
  readonly data?: string;
}

/** Adds the options that every command has; a word too many is refused, since nobody would see what it was meant to do. */
export function withCommonOptions(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .option('--data <dir>', "the issuer's data folder (default: $SYMBOLON_DATA or ./.symbolon)")
    .option('--json', 'print JSON for scripts');
}

/** Makes the action of a command: it runs, and how it ends becomes the exit code. */
export function action(
  run: (output: Output, command: Command) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const output = createOutput({ json: command.opts<CommonOptions>().json === true });
    try {
      await run(output, command);
    } catch (error) {
      output.failure(error);
      process.exitCode = exitCodes[outcomeOf(error)];
    }
  };
}

/** Reads a list of words separated by commas, from an option that may be repeated. */
export function collectWords(value: string, words: readonly string[] = []): readonly string[] {
  return [...words, ...value.split(/[,\s]+/).filter((word) => word !== '')];
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

/** Reads the name of an algorithm. */
export function readAlgorithm(text: string): AlgorithmName {
  if (text === 'EdDSA' || text === 'ES256' || text === 'ML-DSA-44') return text;
  throw new InvalidArgumentError('expected EdDSA, ES256 or ML-DSA-44');
}

/** Reads a host and a port, such as `127.0.0.1:9464` or `[::1]:9464`. */
export function readAddress(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(\[[\da-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === '') throw new InvalidArgumentError('expected HOST:PORT');
  return { host: host.replace(/^\[|\]$/g, ''), port: readPort(port) };
}

/** Reads a port; 0 means any that is free. */
export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('expected a port between 0 and 65535');
}
