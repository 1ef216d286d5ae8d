import type { Engine } from '../engine.ts';
import { statement } from './decision.ts';
import { sweepAssertions } from '../sql/assertions.ts';
import * as feed from '../sql/feed.ts';
import { sweepGuards } from '../sql/guards.ts';
import { holdHead } from '../sql/head.ts';
import { sweepRevocations } from '../sql/revocations.ts';
import { sweepEndedSessions, sweepExpiredSessions } from '../sql/session-ends.ts';
import type { Storage, Swept } from '../port/storage.ts';
import { sweepAll } from './sweep-all.ts';

/** Cleaning: many small transactions, between which others have their turn. */
export function createSqlSweep(engine: Engine): Pick<Storage, 'sweep'> {
  return {
    sweep: async ({ keepSessions }) => ({
      assertions: await sweepAll(engine, statement(sweepAssertions)),
      sessions:
        (await sweepAll(engine, statement(sweepEndedSessions, keepSessions))) +
        (await sweepAll(engine, statement(sweepExpiredSessions, keepSessions))),
      revocations: await sweepFeed(engine),
      guards: await sweepAll(engine, statement(sweepGuards)),
    }),
  };
}

async function sweepFeed(engine: Engine): Promise<Swept['revocations']> {
  await engine.batch([
    statement(feed.moveHeadIfKeysAreOld),
    statement(feed.sayOldKeysAgain),
    statement(feed.shortenOldKeys),
  ]);
  const swept = await sweepAll(engine, statement(sweepRevocations));
  // With the head held: an entry that came in between would stand below the floor.
  await engine.batch([statement(holdHead), statement(feed.raiseFloor), statement(feed.sweepPages)]);
  return swept;
}
