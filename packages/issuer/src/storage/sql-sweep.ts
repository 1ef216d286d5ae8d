import type { Engine, Statement } from './engine.ts';
import { statement } from './sql-decision.ts';
import * as sql from './sql.ts';
import type { Storage, Swept } from './storage.ts';

/** Cleaning: many small transactions, between which others have their turn. */
export function createSqlSweep(engine: Engine): Pick<Storage, 'sweep'> {
  return {
    sweep: async ({ keepSessions }) => ({
      assertions: await sweepAll(engine, statement(sql.sweepAssertions)),
      sessions:
        (await sweepAll(engine, statement(sql.sweepEndedSessions, keepSessions))) +
        (await sweepAll(engine, statement(sql.sweepExpiredSessions, keepSessions))),
      revocations: await sweepFeed(engine),
      guards: await sweepAll(engine, statement(sql.sweepGuards)),
    }),
  };
}

async function sweepAll(engine: Engine, deletion: Statement): Promise<number> {
  let swept = 0;
  for (;;) {
    const [rows = []] = await engine.batch([deletion]);
    swept += rows.length;
    if (rows.length < sql.sweptAtOnce) return swept;
  }
}

async function sweepFeed(engine: Engine): Promise<Swept['revocations']> {
  await engine.batch([
    statement(sql.moveHeadIfKeysAreOld),
    statement(sql.sayOldKeysAgain),
    statement(sql.shortenOldKeys),
  ]);
  const swept = await sweepAll(engine, statement(sql.sweepRevocations));
  // With the head held: an entry that came in between would stand below the floor.
  await engine.batch([statement(sql.holdHead), statement(sql.raiseFloor), statement(sql.sweepPages)]);
  return swept;
}
