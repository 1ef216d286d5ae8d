import type { Delays } from './delays.ts';

/** How long a bench may take. */
export interface Settings {
  readonly calculation: Pace;
  readonly http: Pace;
  /** How many sessions the largest store holds. */
  readonly sessions: number;
  /** How many sessions are ended, one after the other, where each end is timed. */
  readonly ends: number;
}

/** How often each pair has its turns, and how long one is, in milliseconds. */
export interface Pace {
  readonly rounds: number;
  readonly turn: number;
  /** How long each works before it counts: until its code is compiled. */
  readonly warmUp: number;
}

/**
 * What a ratio is made of: operations per second of the measured process's CPU time, or of the time that elapsed.
 *
 * Where nothing but calculation is measured, CPU time says the same and is disturbed less by what else the
 * machine does; where a disk is waited for, only the time that elapsed is honest.
 */
export type Measure = 'cpu' | 'elapsed';

/** What a contender did in one turn. */
export interface Turn {
  readonly operations: number;
  readonly milliseconds: number;
  /** CPU time of the process under test, in microseconds. */
  readonly cpu: number;
}

/** Two contenders that are compared; with an aim, `row` should do at least `aim` times what `against` does. */
export interface Pair {
  readonly row: string;
  readonly against: string;
  readonly aim?: number;
}

/** What one contender did. */
export interface Row {
  readonly name: string;
  /** Operations a second, median over its turns. */
  readonly rate: number;
  /** CPU time of the measured process for one operation, in microseconds, median over its turns. */
  readonly cpu: number;
}

/** The ratios of the pairs of turns. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/** What a comparison gave: what `row` did divided by what `against` did, in each measure. */
export interface Ratio extends Pair, Readonly<Record<Measure, Spread>> {
  /** Whether the median reaches the aim, by the measure of the bench. Only where there is an aim. */
  readonly met?: boolean;
}

/** What a bench of ratios found. */
export interface Findings {
  readonly kind: 'ratios';
  readonly measure: Measure;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** A bench: what it measures, in words, and how to run it. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  readonly measures: string;
  readonly run: (settings: Settings) => Promise<Findings | Delays>;
}
