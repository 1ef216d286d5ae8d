import type { Engine, Row } from '../engine.ts';
import type { FeedPage, FeedReading } from '../port/feed-storage.ts';
import { integer, onlyRow, readGuard, readRevocation } from './read-rows.ts';
import { statement } from './decision.ts';
import * as feed from '../sql/feed.ts';
import * as guards from '../sql/guards.ts';
import { beat, holdHead } from '../sql/head.ts';
import { settleTokenLife } from '../sql/revocations.ts';
import type { Storage } from '../port/storage.ts';

type Feed = Pick<
  Storage,
  'readFeed' | 'beat' | 'closePages' | 'readPage' | 'settleTokenLife' | 'acknowledge' | 'listGuards'
>;

/** What was ended, in the order of commits, and who has heard of it. The entries themselves come with what they say. */
export function createSqlFeed(engine: Engine): Feed {
  return {
    readFeed: (reading) => readFeed(engine, reading),
    async beat() {
      await engine.batch([statement(beat)]);
    },
    async closePages() {
      for (let closed = 1; closed > 0;) {
        const [, rows = []] = await engine.batch([statement(holdHead), statement(feed.closePage)]);
        closed = rows.length;
      }
    },
    readPage: (to) => readPage(engine, to),
    async settleTokenLife(life) {
      if (!Number.isSafeInteger(life) || life <= 0 || life > longestTokenLife)
        throw new TypeError(`unexpected token life ${life}, expected 1 to ${longestTokenLife} µs`);
      await engine.batch([statement(settleTokenLife, life)]);
    },
    async acknowledge({ clientId, instance, name, audience, to, keys }) {
      const values = [clientId, instance, name, audience, to, JSON.stringify(keys)];
      await engine.batch([
        statement(guards.acknowledge, ...values),
        statement(guards.dropSurplusGuards, clientId),
      ]);
    },
    async listGuards() {
      return (await engine.read(statement(guards.listGuards))).map(readGuard);
    },
  };
}

/** A token lives an hour at most, in microseconds. */
const longestTokenLife = 3_600_000_000;

async function readFeed(
  engine: Engine,
  { after, limit }: { after: number; limit: number },
): Promise<FeedReading> {
  // One more than asked for shows whether there are more.
  const rows = await engine.read(statement(feed.readFeed, after, limit + 1));
  const first = onlyRow(rows);
  const all = rows.filter(isEntry).map(readRevocation);
  const entries = all.length > limit ? all.filter(({ position }) => position !== all.at(-1)?.position) : all;
  const last = entries.at(-1);
  if (all.length > limit && last === undefined)
    throw new RangeError(`unexpected limit ${limit}, expected as many as one position holds`);
  const head = all.length > limit && last ? last.position : integer(first, 'head');
  const floor = Math.min(head, integer(first, 'floor'));
  const [pageEnd, clientsAt] = [integer(first, 'page_end'), integer(first, 'clients_at')];
  return { head, floor, pageEnd, clientsAt, entries };
}

async function readPage(engine: Engine, to: number): Promise<FeedPage | null> {
  const rows = await engine.read(statement(feed.readPage, to));
  const first = rows[0];
  if (!first) return null;
  return {
    from: integer(first, 'from_position'),
    to: integer(first, 'to_position'),
    floor: integer(first, 'floor'),
    entries: rows.filter(isEntry).map(readRevocation),
  };
}

/** The row that stands where there is no entry holds the rest alone. */
const isEntry = (row: Row) => row['position'] !== null;
