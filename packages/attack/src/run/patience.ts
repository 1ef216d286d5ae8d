/** How long a run waits before it judges, in milliseconds. */
export interface Patience {
  /** An answer that takes this long is slow. */
  readonly slow: number;
  /** What is ended must be refused after this time. */
  readonly end: number;
  /** Pauses before a honest request that failed is tried again. */
  readonly again: readonly number[];
}

/** The patience of a run, unless another is given. */
export const usualPatience: Patience = { slow: 1000, end: 2000, again: [100, 1000] };
