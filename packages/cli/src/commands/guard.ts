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

const head = ['guard', 'client', 'audience', 'keys', 'last heard', 'state'];

/** A guard reports every five seconds: what is later than this is worth a look, in seconds and in milliseconds. */
const lateAfter = { silence: 15, lag: 10_000 };

async function list(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer, storage }) => {
    const { heard, silent } = await issuer.guards.list();
    const now = await storage.now();
    const rows = [
      ...heard.map((row) => describe(row, { heard: true, now })),
      ...silent.map((row) => describe(row, { heard: false, now })),
    ];
    output.result({ guards: rows }, () =>
      table(head, rows.map(toCells), 'no guard with an identity was heard of within a day'),
    );
  });
}

interface Described {
  readonly name: string;
  readonly instance: string;
  readonly client_id: string;
  readonly audience: string;
  readonly keys: readonly string[];
  readonly silent_for: number;
  /** How far behind the feed it was when it was last heard. */
  readonly behind_ms: number;
  readonly state: string;
}

function describe(row: RegisteredGuard, { heard, now }: { heard: boolean; now: number }): Described {
  const { name, instance, clientId, audience, keys, silentFor, to } = row;
  const behind = Math.max(0, Math.round((now - to) / 1000) - silentFor * 1000);
  return {
    name,
    instance,
    client_id: clientId,
    audience,
    keys,
    silent_for: silentFor,
    behind_ms: behind,
    state: stateOf({ heard, behind, silentFor }),
  };
}

/** As the console says it. */
function stateOf(guard: { heard: boolean; behind: number; silentFor: number }): string {
  const { heard, behind, silentFor } = guard;
  if (!heard || silentFor >= lateAfter.silence) return `silent for ${lengthText(silentFor)}`;
  return behind > lateAfter.lag ? `behind by ${lengthText(behind / 1000)}` : 'hears every end';
}

function toCells({ name, client_id, audience, keys, silent_for, state }: Described): readonly string[] {
  return [name, client_id, audience, String(keys.length), `${lengthText(silent_for)} ago`, state];
}
