import type { InvitationRow } from '@symbolon/issuer';
import { InvalidArgumentError, type Command } from 'commander';
import { Refused } from '../exit.ts';
import { findNamed, withAccounts, word, type Named } from '../named-account.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { dateText, lengthText, seconds } from '../times.ts';

/** `symbolon account recover`, `invitations`, `withdraw`: the links that open an account, and those not used yet. */
export function addAccountLinks(account: Command): void {
  withCommonOptions(
    account
      .command('recover <name>')
      .description('make a link for somebody who has lost every passkey and recovery code'),
  )
    .option('--hours <count>', 'how long the link works: 24 at most (default: 24)', readHours)
    .addHelpText('after', recoverExamples)
    .action(
      action((output, command) => recover(output, { ...command.opts<CommonOptions>(), name: word(command) })),
    );
  withCommonOptions(
    account.command('invitations').description('list the invitations that nobody has used yet'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon account invitations --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(
    account.command('withdraw <name>').description('take back every invitation to an account of this name'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon account withdraw ada@example.com')
    .action(
      action((output, command) =>
        withdraw(output, { ...command.opts<CommonOptions>(), name: word(command) }),
      ),
    );
}

const recoverExamples = `
The link works once and voids the one before. Whoever opens it makes a new passkey of the account, which ends all its
sessions; nothing else is removed. Be sure with whom you speak.

Examples:
  $ symbolon account recover ada@example.com --hours 1`;

async function recover(output: Output, options: Named & { readonly hours?: number }): Promise<void> {
  const { hours = 24 } = options;
  await withAccounts(options, async ({ accounts }) => {
    const { subject, name } = await findNamed(accounts, options.name);
    const offered = await accounts.recover({ subject, life: hours * 3600 });
    if (offered.kind !== 'offered') {
      throw new Refused(
        'account_disabled',
        `${name} is disabled, so nothing opens it: "symbolon account enable" first`,
      );
    }
    const { link } = offered;
    const expiresAt = seconds(offered.expiresAt);
    output.result({ link, expires_at: expiresAt, name, sub: subject }, () => {
      const life = lengthText(expiresAt - Date.now() / 1000);
      return `Give this link to ${name} alone; it works once, for ${life}, and using it ends every session:\n\n  ${link}\n`;
    });
  });
}

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withAccounts(options, async ({ accounts }) => {
    const rows = await accounts.invitations({ limit: 10_000 });
    output.result({ invitations: rows.map(describe) }, () =>
      table(['account', 'role', 'until'], rows.map(toCells), 'no invitations'),
    );
  });
}

function describe({ name, role, createdAt, expiresAt }: InvitationRow): object {
  return { name, role, created_at: seconds(createdAt), expires_at: seconds(expiresAt) };
}

function toCells({ name, role, expiresAt }: InvitationRow): readonly string[] {
  return [name, role, dateText(seconds(expiresAt))];
}

async function withdraw(output: Output, options: Named): Promise<void> {
  const { name } = options;
  await withAccounts(options, async ({ accounts }) => {
    const { kind } = await accounts.withdraw({ name });
    if (kind === 'unknown') {
      throw new Refused(
        'invitation_unknown',
        `no invitation for ${name}; "symbolon account invitations" shows them`,
      );
    }
    output.result({ withdrawn: name }, () => `no link to an account ${name} works any more`);
  });
}

function readHours(text: string): number {
  const hours = Number(text);
  if (Number.isSafeInteger(hours) && hours > 0 && hours <= 24) return hours;
  throw new InvalidArgumentError('expected a number from 1 to 24');
}
