import type { Findings, Pace, Pair, Turn } from './bench.ts';
import { startChild, type Child } from './child.ts';
import { compare, type Contender } from './rounds.ts';

/** Who takes part in a contest of calculation. */
export interface Entry {
  readonly name: string;
  /** In a process in which sodium-native cannot be resolved. */
  readonly withoutSodium?: true;
}

/** What a contestant's process is told before its first turn. */
export interface Preparation<Material> {
  readonly name: string;
  readonly material: Material;
}

const preload = new URL('./without-sodium.ts', import.meta.url);

/**
 * Runs a contest of calculation: each contestant in a process of its own, taking turns.
 *
 * `module` is run in each process and calls `compete`.
 */
export async function runContest(
  contest: { module: URL; material: unknown; entries: readonly Entry[]; pairs: readonly Pair[] },
  pace: Pace,
): Promise<Findings> {
  await using stack = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const { name, withoutSodium } of contest.entries) {
    const child = stack.use(startChild(contest.module, withoutSodium === undefined ? {} : { preload }));
    await child.ask({ name, material: contest.material });
    contenders.push({ name, takeTurn: turnsOf(child) });
  }
  return await compare(contenders, { pairs: contest.pairs, pace, measure: 'cpu' });
}

function turnsOf(child: Child): Contender['takeTurn'] {
  return (milliseconds) => child.ask<Turn>(milliseconds);
}
