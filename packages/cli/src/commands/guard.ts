import type { RegisteredGuard } from '@symbolon/issuer';
import type { Command } from 'commander';
import { withIssuer } from '../open-issuer.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';
import { lengthText } from '../times.ts';

/** `symbolon guard`: the guards that follow the feed under an identity. */
export function addGuard(program: Command): void {
  const guard = program.command('guard').description('list the guards that follow the feed');
  withCommonOptions(guard.command('list').description('list the guards heard of within a day'))
    .addHelpText('after', '\nExamples:\n  $ symbolon guard list\n  $ symbolon guard list --json')
    .action(action((output, command) => list(output, command.opts())));
}

const head = ['guard', 'client', 'audience', 'keys', 'last heard', 'behind by'];

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer, storage }) => {
    const { heard, silent } = await issuer.guards.list();
    const now = await storage.now();
    const rows = [...heard, ...silent];
    output.result({ guards: rows.map((row) => describe(row, now)) }, () =>
      table(
        head,
        rows.map((row) => toCells(row, now)),
        'no guard with an identity was heard of within a day',
      ),
    );
  });
}

/** How far a guard's knowledge is from this moment, in milliseconds. */
function behind({ to }: RegisteredGuard, now: number): number {
  return Math.max(0, Math.round((now - to) / 1000));
}

function describe(row: RegisteredGuard, now: number): object {
  const { name, instance, clientId, audience, keys, silentFor } = row;
  return {
    name,
    instance,
    client_id: clientId,
    audience,
    keys,
    silent_for: silentFor,
    behind_ms: behind(row, now),
  };
}

function toCells(row: RegisteredGuard, now: number): readonly string[] {
  const { name, clientId, audience, keys, silentFor } = row;
  const lag = `${behind(row, now)} ms`;
  return [name, clientId, audience, String(keys.length), `${lengthText(silentFor)} ago`, lag];
}
