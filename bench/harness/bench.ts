/** How long a bench may take. */
export interface Settings {
  readonly calculation: Pace;
  readonly http: Pace;
}

/** How often each pair has its turns, and how long one is, in milliseconds. */
export interface Pace {
  readonly rounds: number;
  readonly turn: number;
}

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

/** What a comparison gave: rate of `row` divided by rate of `against`, over the pairs of turns. */
export interface Ratio extends Pair {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  /** Only where there is an aim. */
  readonly met?: boolean;
}

/** What a bench found. */
export interface Findings {
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** A bench: what it measures, in words, and how to run it. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  readonly measures: string;
  readonly run: (settings: Settings) => Promise<Findings>;
}
