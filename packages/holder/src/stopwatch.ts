/** The two clocks of this machine, both in milliseconds. */
export interface Clocks {
  /** Milliseconds since 1970; may be wrong, may be set back. */
  readonly wall: () => number;
  /** Milliseconds since any moment; never goes back, but may stand still while the machine sleeps. */
  readonly monotonic: () => number;
}

/** The clocks of the options, or the platform's. */
export function clocksOf(options: {
  clock?: (() => number) | undefined;
  monotonicClock?: (() => number) | undefined;
}): Clocks {
  return {
    wall: options.clock ?? Date.now,
    monotonic: options.monotonicClock ?? (() => performance.now()),
  };
}

/**
 * Starts to measure a life: the result says how many milliseconds have passed.
 *
 * The clock that saw more time pass is believed: the wall clock misses time when it is set back, the monotonic
 * one when the machine sleeps, and a token that is thought older than it is costs one early refresh.
 */
export function startStopwatch(clocks: Clocks): () => number {
  const wall = clocks.wall();
  const monotonic = clocks.monotonic();
  return () => Math.max(clocks.wall() - wall, clocks.monotonic() - monotonic);
}
