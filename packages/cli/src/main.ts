#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addAttack } from './commands/attack.ts';
import { addCall } from './commands/call.ts';
import { addClient } from './commands/client.ts';
import { addDev } from './commands/dev.ts';
import { addInspect } from './commands/inspect.ts';
import { addKey } from './commands/key.ts';
import { addServe } from './commands/serve.ts';
import { addSession } from './commands/session.ts';
import { addToken } from './commands/token.ts';
import { exitCodes, outcomeOf } from './exit.ts';

// A reader that has seen enough (`| head`) closes the pipe: that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('symbolon')
  .description('Session tokens that are signed, bound to a key, and checked without a lookup.')
  .exitOverride()
  .showHelpAfterError('(add --help for examples)')
  .addHelpText('after', '\nExit codes: 0 ok, 1 refused, 2 usage, 3 fault.');

for (const add of [addDev, addServe, addClient, addSession, addKey, addToken, addCall, addInspect, addAttack])
  add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = exitCodes[outcomeOf(error)];
}
