import type { PoolClient } from 'pg';
import type { Engine, Row, Statement } from '../engine.ts';
import { runBatch } from './batch.ts';
import { readClock, readClockAfterStarts } from './clock.ts';
import { isAboutTheStatement, isLeaving, isPassing, nameFault } from './errors.ts';
import { createSharing } from './shared.ts';
import { holdAlone, holdOf, holdTogether } from './order.ts';
import type { Connections } from './pool.ts';

type Rows = readonly Row[];

/** Bounds what a transaction that keeps meeting another one costs. */
const triesAtMost = 5;

interface EngineOptions {
  readonly patience: number;
  /** Milliseconds since the epoch, instead of the database's clock. */
  readonly clock: (() => number) | undefined;
}

/**
 * Batches on PostgreSQL: READ COMMITTED, one round trip, each deciding by single statements whose row locks settle races.
 * What PostgreSQL undid for another's sake is tried again; where the connection broke, whether the batch was committed is
 * not known, so it fails.
 */
export function createPostgresEngine(connections: Connections, options: EngineOptions): Engine {
  const running = new Set<Promise<unknown>>();
  let closed = false;

  function prepare(statements: readonly Statement[]): readonly Statement[] {
    const hold = holdOf(statements);
    const told = options.clock ? Math.floor(options.clock() * 1000) : null;
    const time = { sql: hold === 'alone' ? readClockAfterStarts : readClock, values: [told] };
    if (hold === 'nothing') return statements.some(asksTheTime) ? [time] : [];
    return [{ sql: hold === 'alone' ? holdAlone : holdTogether, values: [] }, time];
  }

  async function run(statements: readonly Statement[], deadline: number): Promise<readonly Rows[]> {
    for (let tries = 1; ; tries++) {
      const outcome = await transact(statements, deadline);
      if ('results' in outcome) return outcome.results;
      const { error } = outcome;
      const again = (isPassing(error) || isLeaving(error)) && tries < triesAtMost;
      if (!again || performance.now() >= deadline) throw nameFault(error);
    }
  }

  async function transact(statements: readonly Statement[], deadline: number): Promise<Outcome> {
    const before = prepare(statements);
    const client = await connections.acquire(deadline);
    const outcome = await attempt(client, { statements: [...before, ...statements], deadline });
    if ('error' in outcome) return outcome;
    return { results: statements.map((_, at) => outcome.results[before.length + at] ?? []) };
  }

  /** One that waits long for somebody's row is undone, so that its neighbours need not wait with it. */
  const share = createSharing({
    alone: run,
    together: async (statements, deadline) => {
      const bounded = [{ sql: lockTimeout, values: [`${Math.ceil(options.patience / 4)}ms`] }, ...statements];
      const outcome = await transact(bounded, deadline);
      if ('error' in outcome) throw outcome.error;
      return outcome.results.slice(1);
    },
    isUndone: (error) => isAboutTheStatement(error) || isLeaving(error),
    leastLeft: options.patience / 2,
  });

  async function follow<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  return {
    async batch(statements, sharing) {
      if (closed) throw new Error('the store is closed');
      const deadline = performance.now() + options.patience;
      return follow(sharing ? share({ statements, sharing, deadline }) : run(statements, deadline));
    },
    async read(statement) {
      if (closed) throw new Error('the store is closed');
      const [rows = []] = await follow(run([statement], performance.now() + options.patience));
      return rows;
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.allSettled(running);
      await connections.end();
    },
  };
}

/** Until the transaction ends. */
const lockTimeout = `SELECT set_config('lock_timeout', $1, true)`;
const asksTheTime = ({ sql }: Statement) => sql.includes('now_us()');

type Outcome = { readonly results: readonly Rows[] } | { readonly error: unknown };

/** Gives the connection back, or away if it is of no more use. */
async function attempt(
  client: PoolClient,
  { statements, deadline }: { statements: readonly Statement[]; deadline: number },
): Promise<Outcome> {
  try {
    const within = Math.max(1, deadline - performance.now());
    const results = await runBatch(client, { statements, within });
    client.release();
    return { results };
  } catch (error) {
    client.release(!isAboutTheStatement(error));
    return { error };
  }
}
