/** What a guard counts; read it through `guard.stats()`. */
export interface Counters {
  decisions: number;
  accepted: number;
  refused: number;
  /** Decisions that met a fault of the guard itself, which is no refusal. */
  faults: number;
  cacheHits: number;
  /** Requests that waited for the network: before the first key set, or when none was confirmed for 24 h. */
  networkCalls: number;
  /** Questions to the replay store, by routes that demand `once`. */
  storeCalls: number;
  keySetFetches: number;
  keySetFailures: number;
}

/** Makes counters at zero. */
export function createCounters(): Counters {
  return {
    decisions: 0,
    accepted: 0,
    refused: 0,
    faults: 0,
    cacheHits: 0,
    networkCalls: 0,
    storeCalls: 0,
    keySetFetches: 0,
    keySetFailures: 0,
  };
}
