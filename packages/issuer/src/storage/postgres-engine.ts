import type { PoolClient } from 'pg';
import type { Engine, Row, Statement } from './engine.ts';
import { runBatch } from './postgres-batch.ts';
import { readClock, readClockAfterStarts } from './postgres-clock.ts';
import { isAboutTheStatement, isLeaving, isPassing, nameFault } from './postgres-errors.ts';
import { holdAlone, holdOf, holdTogether } from './postgres-order.ts';
import type { Connections } from './postgres-pool.ts';

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

  async function run(statements: readonly Statement[]): Promise<readonly Rows[]> {
    const deadline = performance.now() + options.patience;
    const before = prepare(statements);
    const all = [...before, ...statements];
    for (let tries = 1; ; tries++) {
      const client = await connections.acquire(deadline);
      const outcome = await attempt(client, { statements: all, deadline });
      if ('results' in outcome) return statements.map((_, at) => outcome.results[before.length + at] ?? []);
      const { error } = outcome;
      const again = (isPassing(error) || isLeaving(error)) && tries < triesAtMost;
      if (!again || performance.now() >= deadline) throw nameFault(error);
    }
  }

  async function follow<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  return {
    async batch(statements) {
      if (closed) throw new Error('the store is closed');
      return follow(run(statements));
    },
    async read(statement) {
      if (closed) throw new Error('the store is closed');
      const [rows = []] = await follow(run([statement]));
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
