import type { AccountRow, Role } from '@symbolon/issuer';
import { InvalidArgumentError, type Command } from 'commander';
import { Refused } from '../exit.ts';
import { accountUnknown, findNamed, lastOperator, withAccounts, word, type Named } from '../named-account.ts';
import type { Output } from '../output.ts';
import { awaitGuards, propagationData, propagationText } from '../propagation.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { dateText, lengthText, seconds } from '../times.ts';
import { addAccountChanges } from './account-changes.ts';
import { addAccountLinks } from './account-links.ts';

/** `symbolon account`: who may sign in at the issuer itself. */
export function addAccount(program: Command): void {
  const account = program
    .command('account')
    .description('invite, list, rename, disable, enable and remove people');
  withCommonOptions(
    account.command('first').description('make the link to the first account, which is an operator'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon account first')
    .action(action((output, command) => first(output, command.opts())));
  withCommonOptions(account.command('invite <name>').description('make a link to an account of this name'))
    .option('--operator', 'the account may use the console')
    .option('--hours <count>', 'how long the link works: 168 at most (default: 24)', readHours)
    .addHelpText('after', inviteExamples)
    .action(
      action((output, command) => invite(output, { ...command.opts<CommonOptions>(), name: word(command) })),
    );
  withCommonOptions(account.command('list').description('list the accounts'))
    .addHelpText('after', '\nExamples:\n  $ symbolon account list --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(
    account.command('disable <name>').description('let nobody sign in to an account, and end all it has'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon account disable ada@example.com')
    .action(
      action((output, command) => disable(output, { ...command.opts<CommonOptions>(), name: word(command) })),
    );
  withCommonOptions(account.command('enable <name>').description('let an account sign in again'))
    .addHelpText('after', '\nExamples:\n  $ symbolon account enable ada@example.com')
    .action(
      action((output, command) => enable(output, { ...command.opts<CommonOptions>(), name: word(command) })),
    );
  withCommonOptions(
    account.command('role <name> <role>').description('make an account a person or an operator'),
  )
    .addHelpText('after', '\nExamples:\n  $ symbolon account role ada@example.com operator')
    .action(
      action((output, command) =>
        setRole(output, {
          ...command.opts<CommonOptions>(),
          name: word(command),
          role: command.args[1] ?? '',
        }),
      ),
    );
  addAccountChanges(account);
  addAccountLinks(account);
}

const inviteExamples = `
The link works once. Whoever opens it makes the account's first passkey, so give it to that person alone.

Examples:
  $ symbolon account invite ada@example.com
  $ symbolon account invite grace@example.com --operator --hours 2`;

async function first(output: Output, options: CommonOptions): Promise<void> {
  await withAccounts(options, async ({ accounts }) => {
    const offered = await accounts.inviteFirst();
    if (offered === undefined) {
      throw new Refused('account_exists', 'there is an account already: "symbolon account invite" adds one');
    }
    output.result(offered, () => firstLinkText(offered.link));
  });
}

/** The link to the first account, for people. */
export function firstLinkText(link: string): string {
  return `Nobody can sign in yet. Make the first account, an operator, within 15 minutes:\n\n  ${link}\n`;
}

async function invite(
  output: Output,
  options: Named & { readonly operator?: true; readonly hours?: number },
): Promise<void> {
  const { name, hours = 24 } = options;
  const role = options.operator === true ? 'operator' : 'person';
  await withAccounts(options, async ({ accounts }) => {
    const invited = await accounts.invite({ name, role, life: hours * 3600 });
    if (invited.kind === 'taken') throw new Refused('account_exists', `there is an account ${name} already`);
    const { link } = invited;
    const expiresAt = seconds(invited.expiresAt);
    output.result({ link, expires_at: expiresAt, name, role }, () => {
      const life = lengthText(expiresAt - Date.now() / 1000);
      return `Give this link to ${name} alone; it works once, for ${life}:\n\n  ${link}\n`;
    });
  });
}

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withAccounts(options, async ({ accounts }) => {
    const rows = await accounts.list({ limit: 10_000 });
    output.result({ accounts: rows.map(describe) }, () =>
      table(['account', 'role', 'since', 'remarks', 'sub'], rows.map(toCells), 'no accounts'),
    );
  });
}

function describe({ subject, name, role, enabled, createdAt }: AccountRow): object {
  return { sub: subject, name, role, enabled, created_at: seconds(createdAt) };
}

function toCells({ subject, name, role, enabled, createdAt }: AccountRow): readonly string[] {
  return [name, role, dateText(seconds(createdAt)), enabled ? '' : 'DISABLED', subject];
}

async function disable(output: Output, options: Named): Promise<void> {
  await withAccounts(options, async ({ open, accounts }) => {
    const { subject, name } = await findNamed(accounts, options.name);
    const cut = await accounts.disable({ subject });
    if (cut.kind === 'unknown') throw accountUnknown(options.name);
    if (cut.kind === 'last_operator') throw lastOperator(name);
    const reached = await awaitGuards(open, cut.position);
    output.result({ disabled: name, sub: subject, ...propagationData(reached) }, () =>
      [`disabled ${name} and ended all its sessions`, ...propagationText(reached)].join('\n'),
    );
  });
}

async function enable(output: Output, options: Named): Promise<void> {
  await withAccounts(options, async ({ accounts }) => {
    const { subject, name, enabled: already } = await findNamed(accounts, options.name);
    // Nothing has happened then, and its person is told of nothing.
    if (!already) await accounts.enable({ subject });
    output.result({ enabled: name, sub: subject, already }, () =>
      already ? `${name} is not disabled: nothing was changed` : `${name} may sign in again`,
    );
  });
}

async function setRole(output: Output, options: Named & { readonly role: string }): Promise<void> {
  const role = readRole(options.role);
  await withAccounts(options, async ({ accounts }) => {
    const { subject, name } = await findNamed(accounts, options.name);
    const changed = await accounts.setRole({ subject, role });
    if (changed.kind === 'last_operator') throw lastOperator(name);
    output.result({ name, role, sub: subject }, () => `${name} is ${role === 'person' ? 'a' : 'an'} ${role}`);
  });
}

function readRole(text: string): Role {
  if (text === 'person' || text === 'operator') return text;
  throw new TypeError(`unexpected role ${text}, expected person or operator`);
}

function readHours(text: string): number {
  const hours = Number(text);
  if (Number.isSafeInteger(hours) && hours > 0 && hours <= 168) return hours;
  throw new InvalidArgumentError('expected a number from 1 to 168');
}
