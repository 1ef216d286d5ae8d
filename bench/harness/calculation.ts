import type { Turn } from './bench.ts';

/** One unit of the work that is measured; `index` counts up within a turn, to choose another input each time. */
export type Operation = (index: number) => unknown;

/** What a contestant repeats. */
export interface Work {
  readonly run: Operation;
  /**
   * Makes, before a turn and outside its time, what can be used only once, and says how often `run` may be
   * called before it is used up.
   */
  readonly stock?: (milliseconds: number) => Promise<number>;
}

const unclocked = 16; // operations between two looks at the clock

/**
 * Repeats an operation for some milliseconds, one after the other.
 *
 * An operation that answers at once is not awaited, one that gives a promise is: each is measured the way
 * it is used.
 */
export async function repeat({ run, stock }: Work, milliseconds: number): Promise<Turn> {
  const limit = (await stock?.(milliseconds)) ?? Number.POSITIVE_INFINITY;
  const cpu = process.cpuUsage();
  const start = performance.now();
  let operations = 0;
  let elapsed = 0;
  while (elapsed < milliseconds && operations + unclocked <= limit) {
    for (let at = 0; at < unclocked; at++) {
      const result = run(operations++);
      if (result instanceof Promise) await result;
    }
    elapsed = performance.now() - start;
  }
  const used = process.cpuUsage(cpu);
  return { operations, milliseconds: elapsed, cpu: used.user + used.system };
}
