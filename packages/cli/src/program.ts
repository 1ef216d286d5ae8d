import { Command } from 'commander';
import { addAccount } from './commands/account.ts';
import { addAttack } from './commands/attack.ts';
import { addAudit } from './commands/audit.ts';
import { addCall } from './commands/call.ts';
import { addClient } from './commands/client.ts';
import { addDev } from './commands/dev.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGuard } from './commands/guard.ts';
import { addInspect } from './commands/inspect.ts';
import { addKey } from './commands/key.ts';
import { addMigrate } from './commands/migrate.ts';
import { addServe } from './commands/serve.ts';
import { addSession } from './commands/session.ts';
import { addSubject } from './commands/subject.ts';
import { addToken } from './commands/token.ts';
import { programTyped } from './invocation.ts';

const commands = [
  addDev,
  addServe,
  addMigrate,
  addClient,
  addSession,
  addSubject,
  addAccount,
  addKey,
  addGuard,
  addAudit,
  addDoctor,
  addToken,
  addCall,
  addInspect,
  addAttack,
];

/** Makes the command line; what it says wrong is thrown as commander's error. */
export function createProgram(): Command {
  const program = new Command('symbolon')
    .description('Session tokens that are signed, bound to a key, and checked without a lookup.')
    .exitOverride()
    .showHelpAfterError('(add --help for examples)')
    .addHelpText('after', '\nExit codes: 0 ok, 1 refused, 2 usage, 3 fault.');
  for (const add of commands) add(program);
  const typed = programTyped();
  if (typed !== 'symbolon') program.addHelpText('afterAll', `\nHere "symbolon" is typed: ${typed}`);
  return program;
}
