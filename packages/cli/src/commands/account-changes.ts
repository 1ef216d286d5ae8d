import type { Command } from 'commander';
import { Refused } from '../exit.ts';
import { accountUnknown, findNamed, lastOperator, withAccounts, word, type Named } from '../named-account.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';

/** `symbolon account rename` and `remove`. */
export function addAccountChanges(account: Command): void {
  withCommonOptions(account.command('rename <name> <new>').description('give an account another name'))
    .addHelpText('after', renameExamples)
    .action(
      action((output, command) =>
        rename(output, {
          ...command.opts<CommonOptions>(),
          name: word(command),
          becomes: command.args[1] ?? '',
        }),
      ),
    );
  withCommonOptions(
    account.command('remove <name>').description('end all that an account has, and delete it for good'),
  )
    .addHelpText('after', removeExamples)
    .action(
      action((output, command) => remove(output, { ...command.opts<CommonOptions>(), name: word(command) })),
    );
}

const renameExamples = `
Its person types the new name together with a recovery code.

Examples:
  $ symbolon account rename operator grace@example.com`;

const removeExamples = `
Name, passkeys, codes and events are deleted. Nothing brings the account back; "symbolon account disable" keeps it.

Examples:
  $ symbolon account remove ada@example.com`;

async function rename(output: Output, options: Named & { readonly becomes: string }): Promise<void> {
  const { becomes } = options;
  await withAccounts(options, async ({ accounts }) => {
    const { subject, name } = await findNamed(accounts, options.name);
    const { kind } = await accounts.rename({ subject, name: becomes });
    if (kind === 'unknown') throw accountUnknown(options.name);
    if (kind === 'taken')
      throw new Refused(
        'account_exists',
        `there is an account ${becomes} already, or somebody is invited by that name`,
      );
    const row = await accounts.find({ subject });
    output.result(
      { renamed: name, name: row?.name ?? becomes, sub: subject },
      () => `${name} is called ${becomes} from now on, also together with a recovery code`,
    );
  });
}

async function remove(output: Output, options: Named): Promise<void> {
  await withAccounts(options, async ({ open, accounts }) => {
    const { subject, name } = await findNamed(accounts, options.name);
    const removed = await accounts.remove({ subject });
    if (removed.kind === 'unknown') throw accountUnknown(options.name);
    if (removed.kind === 'last_operator') throw lastOperator(name);
    const reached = await awaitGuards(open, removed.position);
    output.result({ removed: name, sub: subject, ...propagationData(reached) }, () =>
      [`removed ${name} and ended all its sessions`, ...propagationText(reached)].join('\n'),
    );
  });
}
