import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Report, Result } from '../src/report/report.ts';

/** What a worker is asked: to attack the target of this name. */
export interface Asked {
  readonly id: number;
  readonly name: string;
}

/** What was seen of a target. */
export interface Seen {
  readonly seen: readonly Pick<Result, 'id' | 'verdict' | 'why'>[];
  readonly counts: Report['counts'];
}

/** Attacks targets by their names. */
export interface MatrixWorkers {
  readonly attack: (name: string) => Promise<Seen>;
  readonly close: () => Promise<void>;
}

/**
 * Starts a worker for each core: apart from the test runner, which follows every promise that is made under a test, and
 * here that costs as much as a quarter of the work.
 */
export function startMatrixWorkers(): MatrixWorkers {
  const waiting = new Map<number, PromiseWithResolvers<Seen>>();
  const workers = Array.from({ length: Math.min(4, availableParallelism()) }, () => startWorker(waiting));
  let last = 0;
  return {
    attack: (name) => {
      last += 1;
      const answer = Promise.withResolvers<Seen>();
      waiting.set(last, answer);
      workers[last % workers.length]?.postMessage({ id: last, name } satisfies Asked);
      return answer.promise;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function startWorker(waiting: Map<number, PromiseWithResolvers<Seen>>): Worker {
  const worker = new Worker(new URL('./matrix-worker.ts', import.meta.url));
  worker.on('message', ({ id, fault, ...seen }: Seen & { id: number; fault?: unknown }) => {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (fault === undefined) answer?.resolve(seen);
    else answer?.reject(fault);
  });
  worker.on('error', (error) => {
    for (const answer of waiting.values()) answer.reject(error);
  });
  return worker;
}
