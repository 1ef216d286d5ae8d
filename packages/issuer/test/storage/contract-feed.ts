import assert from 'node:assert/strict';
import type { FeedEntry, FeedPage } from '../../src/storage/port/feed-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { hour, minute, newKey, second, started, type StoreLab, type StoreTest } from './lab.ts';

const by = 'test';
const open = (store: Storage, after = 0) => store.readFeed({ after, limit: 100_000 });

async function ended(store: Storage): Promise<{ sid: string; position: number }> {
  const { sid } = await started(store);
  const result = await store.endSession({ sid, reason: 'operator', by, holderKey: 'keep' });
  assert.ok(result.kind === 'ended');
  return { sid, position: result.position };
}

/** As many entries as if that many sessions had been ended, `together` of them in one transaction. */
async function endMany(
  { run }: StoreLab,
  { count, together }: { count: number; together: number },
): Promise<void> {
  await run(`INSERT INTO revocations (position, kind, value, cut_at, until)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    SELECT (SELECT position FROM head) + 1 + i / ${together}, 'session', 'sid ' || i, 0, now_us() + ${hour} FROM n`);
  await run(`UPDATE head SET position = (SELECT max(position) FROM revocations)`);
}

/** All closed pages, walked from the last one as a guard does. */
async function pagesOf(store: Storage): Promise<readonly FeedPage[]> {
  const pages: FeedPage[] = [];
  for (let to = (await open(store)).pageEnd; to > 0;) {
    const page = await store.readPage(to);
    if (!page) break;
    pages.unshift(page);
    to = page.from;
  }
  return pages;
}

const values = (entries: readonly FeedEntry[]) => entries.map(({ value }) => value);

export function feedContract(storeTest: StoreTest): void {
  storeTest('FEED-4: a reading holds every entry above a position, up to its head', async ({ a, b }) => {
    const all = [];
    for (let turn = 0; turn < 5; turn++) all.push(await ended(turn % 2 === 0 ? a : b));
    const { head, entries } = await open(b);
    assert.equal(head, all.at(-1)?.position);
    assert.deepEqual(
      values(entries),
      all.map(({ sid }) => sid),
    );
    const [, , third] = all;
    const later = await open(b, third?.position);
    assert.deepEqual(
      values(later.entries),
      all.slice(3).map(({ sid }) => sid),
    );
    assert.deepEqual(await open(a, head), { head, floor: 0, pageEnd: 0, clientsAt: 0, entries: [] });
  });

  storeTest('FEED-4: a reading that is cut off ends with a whole position', async (lab) => {
    const { a } = lab;
    await endMany(lab, { count: 9, together: 3 });
    const { head, entries } = await open(a);
    assert.equal(entries.length, 9);
    for (const [limit, read] of [
      [9, 9],
      [8, 6],
      [6, 6],
      [5, 3],
      [3, 3],
    ] as const) {
      const part = await a.readFeed({ after: 0, limit });
      assert.deepEqual(part.entries, entries.slice(0, read));
      assert.equal(part.head, read === 9 ? head : part.entries.at(-1)?.position);
    }
    await assert.rejects(a.readFeed({ after: 0, limit: 2 }), RangeError);
  });

  storeTest('FEED-5: a beat moves the head unless it moved within 0.9 s', async ({ a, b, clock }) => {
    const beat = async (...stores: Storage[]): Promise<number> => {
      await Promise.all(stores.map((store) => store.beat()));
      return (await open(a)).head;
    };
    const { position } = await ended(a);
    clock.advance(0.9);
    assert.equal(await beat(a, b), position);
    clock.advance(0.001);
    const moved = await beat(a);
    assert.equal(moved, clock.now() * 1000);
    for (const seconds of [0.001, 0.5, 0.399]) {
      clock.advance(seconds);
      assert.equal(await beat(b, a), moved);
    }
    clock.advance(0.001);
    assert.equal(await beat(b), clock.now() * 1000);
  });

  storeTest('FEED-5: a clock that was set back does not hold up the head', async ({ a, clock }) => {
    await a.beat();
    const { head } = await open(a);
    clock.setBack(30);
    let last = head;
    for (let turn = 0; turn < 3; turn++) {
      clock.advance(1);
      await a.beat();
      const now = (await open(a)).head;
      assert.ok(now > last && now < head + second);
      last = now;
    }
  });

  storeTest(
    'FEED-6: a page closes of what is older than ten minutes, once any is older than 15',
    async ({ a, b, clock }) => {
      const closed = async () => {
        await Promise.all([a.closePages(), b.closePages()]);
        return (await open(a)).pageEnd;
      };
      await a.beat();
      assert.equal(await closed(), 0, 'nothing to close');
      const first = await ended(a);
      clock.advance(299);
      const second_ = await ended(a);
      clock.advance(2);
      const third = await ended(a);
      clock.advance(599);
      assert.equal(await closed(), 0);
      clock.advance(1);
      assert.equal(await closed(), second_.position);
      assert.deepEqual(values((await a.readPage(second_.position))?.entries ?? []), [first.sid, second_.sid]);
      const { entries, pageEnd } = await open(b, second_.position);
      assert.deepEqual([pageEnd, values(entries)], [second_.position, [third.sid]]);
      clock.advance(600);
      assert.equal(await closed(), third.position);
      const pages = await pagesOf(b);
      assert.deepEqual(
        pages.map(({ from, to }) => [from, to]),
        [
          [0, second_.position],
          [second_.position, third.position],
        ],
      );
      for (const nowhere of [0, first.position, third.position + 1])
        assert.equal(await a.readPage(nowhere), null);
    },
  );

  storeTest(
    'FEED-6: more than 10,000 open entries close in pages of whole positions at once',
    async (lab) => {
      const { a, b } = lab;
      await a.beat();
      await endMany(lab, { count: 25_000, together: 3 });
      const all = (await open(a)).entries;
      await Promise.all([a.closePages(), b.closePages()]);
      const pages = await pagesOf(a);
      assert.deepEqual(
        pages.map(({ entries }) => entries.length),
        [9_999, 9_999],
      );
      const { pageEnd } = await open(a);
      const rest = (await open(a, pageEnd)).entries;
      assert.deepEqual([...pages.flatMap(({ entries }) => entries), ...rest], all);
      for (const page of pages)
        assert.ok(page.entries.every(({ position }) => position > page.from && position <= page.to));
    },
  );

  storeTest(
    'FEED-7: pages join, hold everything once, and stay as they were closed',
    async ({ a, b, clock }) => {
      await a.settleTokenLife(hour);
      const all: string[] = [];
      const seen = new Map<number, FeedPage>();
      for (let turn = 0; turn < 30; turn++) {
        for (let count = 0; count < turn % 4; count++) all.push((await ended(turn % 2 === 0 ? a : b)).sid);
        clock.advance(150);
        await (turn % 3 === 0 ? a : b).closePages();
        for (const page of await pagesOf(a)) {
          assert.deepEqual(page, seen.get(page.to) ?? page);
          seen.set(page.to, page);
        }
      }
      const pages = await pagesOf(b);
      assert.ok(pages.length >= 5);
      assert.equal(pages[0]?.from, 0);
      const { entries } = await open(a, pages.at(-1)?.to);
      assert.deepEqual(values([...pages.flatMap((page) => page.entries), ...entries]), all);
    },
  );

  storeTest(
    'FEED-8: entries go when they have run their time, not before, and the floor follows',
    async ({ a, b, clock }) => {
      await a.settleTokenLife(5 * minute);
      const first = await ended(a);
      clock.advance(60);
      const second_ = await ended(a);
      await b.sweep({ keepSessions: hour });
      assert.equal((await open(a)).floor, first.position - 1);
      clock.advance(539);
      assert.equal((await b.sweep({ keepSessions: hour })).revocations, 0);
      clock.advance(1);
      assert.equal((await b.sweep({ keepSessions: hour })).revocations, 1);
      const { floor, entries } = await open(a);
      assert.equal(floor, second_.position - 1);
      assert.deepEqual(values(entries), [second_.sid]);
      clock.advance(60);
      await b.beat();
      const { head } = await open(b);
      assert.equal((await a.sweep({ keepSessions: hour })).revocations, 1);
      assert.deepEqual(await open(b), { head, floor: head, pageEnd: 0, clientsAt: 0, entries: [] });
      const third = await ended(a);
      await a.sweep({ keepSessions: hour });
      assert.equal((await open(b)).floor, third.position - 1);
    },
  );

  storeTest('FEED-8: a sweep takes all there is', async (lab) => {
    const { a, clock } = lab;
    await endMany(lab, { count: 2500, together: 1 });
    clock.advance(3601);
    assert.equal((await a.sweep({ keepSessions: hour })).revocations, 2500);
  });

  storeTest(
    'FEED-9: a page stays an hour after the floor has passed it, the last one always',
    async ({ a, clock }) => {
      await a.settleTokenLife(5 * minute);
      const pageEnds: number[] = [];
      for (let turn = 0; turn < 2; turn++) {
        pageEnds.push((await ended(a)).position);
        clock.advance(901);
        await a.closePages();
      }
      const left = async () => {
        await a.sweep({ keepSessions: hour });
        const pages = await Promise.all(pageEnds.map((to) => a.readPage(to)));
        return pages.map((page) => page?.entries.length);
      };
      await a.beat();
      assert.deepEqual(await left(), [0, 0], 'empty, and still there for who is walking');
      clock.advance(1);
      await a.beat();
      clock.advance(3600);
      await a.beat();
      assert.deepEqual(await left(), [undefined, 0]);
      assert.equal((await open(a)).pageEnd, pageEnds[1]);
      const { position } = await ended(a);
      clock.advance(901);
      await a.closePages();
      assert.equal((await a.readPage(position))?.from, pageEnds[1], 'the next one joins it');
    },
  );

  storeTest(
    'FEED-10: a key’s entry is said again, so that it holds no floor down',
    async ({ a, b, clock }) => {
      const key = newKey('feed');
      await a.addKey(key, 'current');
      await a.revokeKey({ kid: key.kid, next: newKey('feed'), by });
      const [said] = (await open(a)).entries;
      assert.ok(said);
      clock.advance(3600);
      await a.sweep({ keepSessions: hour });
      assert.deepEqual((await open(a)).entries, [said]);
      clock.advance(1);
      await Promise.all([a.sweep({ keepSessions: hour }), b.sweep({ keepSessions: hour })]);
      const [old, again, ...more] = (await open(a)).entries;
      assert.deepEqual(more, []);
      assert.deepEqual(old, { ...said, until: clock.now() * 1000 + hour });
      assert.ok(again && again.position > said.position);
      assert.deepEqual(again, { ...said, position: again.position });
      clock.advance(3600);
      await b.sweep({ keepSessions: hour });
      const { floor, head, entries } = await open(a);
      assert.deepEqual(entries, [again]);
      assert.ok(floor >= said.position && floor < again.position && floor <= head);
      clock.advance(400 * 24 * 3600);
      await a.sweep({ keepSessions: hour });
      assert.deepEqual((await open(a)).entries, []);
    },
  );
}
