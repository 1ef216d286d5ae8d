import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Engine, Row, Statement } from '../engine.ts';
import { addFunctions } from './clock.ts';
import { isBusy, nameViolation } from './errors.ts';
import { migrate } from './migrate.ts';
import { expectNotMoved } from './moved.ts';
import { createRun } from './statements.ts';

/** How the embedded database is opened. */
export interface SqliteOptions {
  /** A path, or `:memory:` for a store that dies with this object. */
  readonly file: string;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number;
  /** How long (ms) to wait while another process holds the store; default 10 s. */
  readonly patience?: number;
}

/** How long (ms) SQLite itself may wait for another process, in which time nothing else runs here. */
const blockedFor = 5;
/** Bounds how long one commit holds the store and the event loop. */
const sharedByAtMost = 256;

/**
 * Opens the embedded database: made with mode 0600, brought up to date, write-ahead log, every commit on the disk before
 * it is answered. Batches asked for in one turn of the event loop share one commit with a savepoint each, so one failing
 * alone takes no neighbour along, and a commit that fails fails them all. Several processes may open the same file.
 */
export function openSqliteEngine({ file, clock = Date.now, patience = 10_000 }: SqliteOptions): Engine {
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
  const db = new DatabaseSync(file, { timeout: patience, enableForeignKeyConstraints: true });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    expectNotMoved(db);
    migrate(db);
    db.exec(`PRAGMA busy_timeout = ${blockedFor}`);
    return createEngine(db, { clock, patience });
  } catch (error) {
    db.close();
    throw error;
  }
}

interface Job {
  readonly statements: readonly Statement[];
  readonly resolve: (results: readonly (readonly Row[])[]) => void;
  readonly reject: (reason: unknown) => void;
}

function createEngine(db: DatabaseSync, options: { clock: () => number; patience: number }): Engine {
  const time = addFunctions(db, options.clock);
  const run = createRun(db);
  const transaction = createTransaction(db);
  let queue: Job[] = [];
  let flushing: Promise<void> | undefined;
  let closed = false;

  async function flush(): Promise<void> {
    await nextTurn();
    while (queue.length > 0) {
      await patiently(transaction.begin, options.patience).then(commitQueued, failQueued);
    }
    flushing = undefined;
  }

  function takeQueued(): readonly Job[] {
    const jobs = queue.slice(0, sharedByAtMost);
    queue = queue.slice(sharedByAtMost);
    return jobs;
  }

  function failQueued(fault: unknown): void {
    for (const job of takeQueued()) job.reject(fault);
  }

  function commitQueued(): void {
    const jobs = takeQueued();
    try {
      time.advance();
      const answers = jobs.map(runSaved);
      transaction.commit();
      for (const answer of answers) answer();
    } catch (fault) {
      transaction.abandon();
      for (const job of jobs) job.reject(fault);
    }
  }

  /** Runs one batch under a savepoint of its own; what it answers waits for the commit. */
  function runSaved({ statements, resolve, reject }: Job): () => void {
    transaction.save();
    try {
      const results = runEach(statements);
      transaction.release();
      return () => {
        resolve(results);
      };
    } catch (error) {
      // Some failures (a full disk) undo the whole transaction, and then the neighbours' work is undone too.
      if (!db.isTransaction) throw error;
      transaction.undo();
      return () => {
        reject(nameViolation(error));
      };
    }
  }

  function runEach(statements: readonly Statement[]): readonly (readonly Row[])[] {
    const results: (readonly Row[])[] = [];
    for (const statement of statements) {
      const rows = run(statement);
      results.push(rows);
      if (statement.lastIf?.(rows)) break;
    }
    return results;
  }

  return {
    async batch(statements) {
      if (closed) throw new Error('the store is closed');
      const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Row[])[]>();
      queue.push({ statements, resolve, reject });
      flushing ??= flush();
      return promise;
    },
    async read(statement) {
      if (closed) throw new Error('the store is closed');
      const readNow = () => {
        time.advance();
        return run(statement);
      };
      return patiently(readNow, options.patience);
    },
    async close() {
      if (closed) return;
      closed = true;
      await flushing;
      db.close();
    },
  };
}

interface Transaction {
  readonly begin: () => void;
  readonly save: () => void;
  readonly release: () => void;
  readonly undo: () => void;
  readonly commit: () => void;
  readonly abandon: () => void;
}

function createTransaction(db: DatabaseSync): Transaction {
  const prepared = (sql: string) => {
    const statement = db.prepare(sql);
    return () => {
      statement.run();
    };
  };
  const undo = prepared('ROLLBACK TO job');
  const release = prepared('RELEASE job');
  return {
    begin: prepared('BEGIN IMMEDIATE'),
    save: prepared('SAVEPOINT job'),
    release,
    undo: () => {
      undo();
      release();
    },
    commit: prepared('COMMIT'),
    abandon: () => {
      if (db.isTransaction) db.exec('ROLLBACK');
    },
  };
}

/** Tries again while another process holds the store, leaving the event loop free in between. */
async function patiently<T>(action: () => T, patience: number): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() - since > patience) throw error;
      await sleep(5);
    }
  }
}
