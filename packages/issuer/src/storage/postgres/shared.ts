import { nameFault } from './errors.ts';
import type { Row, Sharing, Statement } from '../engine.ts';

type Results = readonly (readonly Row[])[];

/** A batch that waits to share a transaction. */
export interface Sharer {
  readonly statements: readonly Statement[];
  readonly sharing: Sharing;
  /** Until when (`performance.now()`) its caller waits. */
  readonly deadline: number;
}

/** How many batches share a transaction at most. */
const sharedByAtMost = 64;

/**
 * Runs batches that hold the feed's head in shared transactions: they would only wait for each other's commit one by
 * one. The first comes at once, whatever is asked for while it runs goes together next.
 *
 * A transaction that is known to be undone is run again as one for each of its batches, so one that fails takes no
 * neighbour along. `isUndone` says whether it is known; otherwise all of them fail.
 */
export function createSharing(options: {
  /** Runs one batch in a transaction of its own. */
  alone: (statements: readonly Statement[], deadline: number) => Promise<Results>;
  /** Runs all statements in one transaction, once. */
  together: (statements: readonly Statement[], deadline: number) => Promise<Results>;
  isUndone: (error: unknown) => boolean;
  /** How long (ms) a batch must still have to share. */
  leastLeft: number;
}): (sharer: Sharer) => Promise<Results> {
  const { alone, together, isUndone, leastLeft } = options;
  let queue: Waiting[] = [];
  let running = false;

  async function runQueued(): Promise<void> {
    running = true;
    while (queue.length > 0) {
      const taken = queue.slice(0, sharedByAtMost);
      queue = queue.slice(sharedByAtMost);
      const left = (sharer: Sharer) => sharer.deadline - performance.now();
      const late = taken.filter((one) => left(one) < leastLeft);
      await Promise.all([...late.map(runAlone), runTogether(taken.filter((one) => !late.includes(one)))]);
    }
    running = false;
  }

  async function runAlone({ statements, deadline, resolve, reject }: Waiting): Promise<void> {
    await alone(statements, deadline).then(resolve, reject);
  }

  async function runTogether(sharers: readonly Waiting[]): Promise<void> {
    const [only, ...more] = sharers;
    if (only === undefined) return;
    if (more.length === 0) return runAlone(only);
    const plan = mergeBatches(sharers);
    const deadline = Math.min(...sharers.map((one) => one.deadline));
    try {
      const results = await together(plan.statements, deadline);
      for (const [at, one] of sharers.entries()) one.resolve(plan.resultsOf(at, results));
    } catch (error) {
      if (isUndone(error)) await Promise.all(sharers.map(runAlone));
      else for (const { reject } of sharers) reject(nameFault(error));
    }
  }

  return async (sharer) => {
    const { promise, resolve, reject } = Promise.withResolvers<Results>();
    queue.push({ ...sharer, resolve, reject });
    if (!running) void runQueued();
    return promise;
  };
}

interface Waiting extends Sharer {
  readonly resolve: (results: Results) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One order for the statements of many batches: first what locks each one's own row, in the order of the rows, then
 * what holds the head, batch by batch. So everybody takes the rows before the head, and of two shared transactions
 * neither waits for the other in a circle.
 */
function mergeBatches(sharers: readonly Sharer[]): {
  statements: readonly Statement[];
  /** What the statements of one batch, by its place in `sharers`, have answered. */
  resultsOf: (at: number, results: Results) => Results;
} {
  const order = [...sharers.entries()].toSorted(([, a], [, b]) => compare(a.sharing.row, b.sharing.row));
  const statements: Statement[] = [];
  const places = sharers.map((): number[] => []);
  const put = (at: number, some: readonly Statement[]): void => {
    for (const statement of some) places[at]?.push(statements.push(statement) - 1);
  };
  for (const [at, { statements: all, sharing }] of order) put(at, all.slice(0, sharing.before));
  for (const [at, { statements: all, sharing }] of order) put(at, all.slice(sharing.before));
  return {
    statements,
    resultsOf: (at, results) => (places[at] ?? []).map((place) => results[place] ?? []),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
