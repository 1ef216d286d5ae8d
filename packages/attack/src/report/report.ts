import type { Attack, Maps } from '../attack-row.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Verdict } from '../run/verdict.ts';

/** What became of one attack. */
export interface Result {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** What was seen, or what was missing. */
  readonly why: string;
  /** The decisive exchanges, at most {@link mostExchanges}. */
  readonly exchanges: readonly Exchange[];
  readonly ms: number;
  /** A figure to be shown, in a sentence. */
  readonly measured?: string;
}

/** What the battery found. */
export interface Report {
  readonly target: string;
  readonly seed: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly ms: number;
  /** The most memory that the process of the battery has had until now, in bytes. */
  readonly memory: number;
  /** Why hardly anything could be tried, if so: the honest request itself failed. */
  readonly trouble: string | undefined;
  readonly results: readonly Result[];
  readonly counts: Readonly<Record<Verdict, number>>;
  /** What the attacks say of themselves, by id. */
  readonly attacks: ReadonlyMap<string, AttackText>;
}

/** The part of an attack that reports show. */
export type AttackText = Pick<Attack, 'id' | 'family' | 'title' | 'why' | 'fix' | 'needs'> & {
  readonly maps: Maps;
};

/** How many exchanges a result keeps. */
export const mostExchanges = 4;

/** What was measured on the way. */
export function measures({ results }: Pick<Report, 'results'>): readonly string[] {
  return results.flatMap(({ id, measured }) => (measured === undefined ? [] : [`${id}: ${measured}`]));
}

/** How long a run took and how much memory, in words. */
export function costOf({ ms, memory }: Pick<Report, 'ms' | 'memory'>): string {
  return `${(ms / 1000).toFixed(1)} s and at most ${Math.round(memory / 1_000_000)} MB`;
}

/** Counts verdicts. */
export function count(results: readonly Result[]): Report['counts'] {
  const counts = { accepted: 0, refused: 0, inconclusive: 0, skipped: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** The findings: what was accepted. */
export function findings({ results }: Pick<Report, 'results'>): readonly Result[] {
  return results.filter(({ verdict }) => verdict === 'accepted');
}
