import type { AccountRow, Accounts } from '@symbolon/issuer';
import type { Command } from 'commander';
import { Refused } from './exit.ts';
import { withIssuer, type OpenIssuer } from './open-issuer.ts';
import type { CommonOptions } from './run.ts';

/** What every command about one account is told. */
export type Named = CommonOptions & { readonly name: string };

/** The accounts of an issuer that people sign in at. */
export async function withAccounts(
  options: CommonOptions,
  use: (found: { open: OpenIssuer; accounts: Accounts }) => Promise<void>,
): Promise<void> {
  await withIssuer(options.data, async (open) => {
    const { accounts } = open.issuer;
    if (accounts === undefined) {
      throw new TypeError(
        'nobody signs in at this issuer: serve it with --people, or with people in --config',
      );
    }
    await use({ open, accounts });
  });
}

/** @throws Refused `account_unknown`. */
export async function findNamed(accounts: Accounts, name: string): Promise<AccountRow> {
  const found = await accounts.find({ name });
  if (found === null) throw accountUnknown(name);
  return found;
}

/** Says that there is no account of this name. */
export function accountUnknown(name: string): Refused {
  return new Refused('account_unknown', `no account ${name}; "symbolon account list" shows them`);
}

/** Says that nobody could use the console any more. */
export function lastOperator(name: string): Refused {
  return new Refused(
    'last_operator',
    `${name} is the last operator who may sign in; make another first: "symbolon account role <name> operator"`,
  );
}

/** What stands for a name on the command line. */
export function word(command: Command): string {
  return command.args[0] ?? '';
}
