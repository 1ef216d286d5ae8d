import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { openMemoryLab, furnish, rotationOf, started, type StoreClock } from './lab.ts';

/** What may happen to a session, in any order. */
type Event =
  | { readonly kind: 'refresh'; readonly behind: number; readonly key: 'own' | 'foreign' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'cut'; readonly of: 'subject' | 'client' | 'everything' | 'another' }
  | { readonly kind: 'end'; readonly of: 'this' | 'another' };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      behind: fc.integer({ min: -2, max: 4 }),
      key: fc.constantFrom('own', 'own', 'own', 'foreign'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(0, 1, 59, 60, 61, 600, 3599, 3600),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      of: fc.constantFrom('subject', 'client', 'everything', 'another'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('end' as const), of: fc.constantFrom('this', 'another') }),
  },
);

/** The rules in plain words of TypeScript: what the row must be after each event. Times in ms from the start. */
interface Expected {
  generation: number;
  rotatedAt: number;
  idleExpiresAt: number;
  repeats: number;
  over: boolean;
}

const idle = 3_600_000;
const absolute = 4 * idle;

function expectRefresh(row: Expected, gen: number, now: number): string {
  if (row.over || now >= row.idleExpiresAt || now >= absolute) return 'refused';
  if (gen >= row.generation) {
    const kind = gen === row.generation ? 'rotated' : 'recovered';
    Object.assign(row, {
      generation: gen + 1,
      rotatedAt: now,
      idleExpiresAt: Math.min(now + idle, absolute),
    });
    return kind;
  }
  if (gen === row.generation - 1) {
    row.repeats++;
    return 'repeated';
  }
  if (now - row.rotatedAt <= 60_000) return 'superseded';
  row.over = true;
  return 'reuse';
}

interface Scene {
  readonly store: Storage;
  readonly clock: StoreClock;
  readonly session: SessionRow;
  readonly other: SessionRow;
  readonly row: Expected;
  elapsed: number;
}

function pass(scene: Scene, ms: number): void {
  scene.clock.advance(ms / 1000);
  scene.elapsed += ms;
}

async function play(scene: Scene, happening: Event): Promise<void> {
  const { store, session, other, row } = scene;
  switch (happening.kind) {
    case 'wait':
      pass(scene, happening.seconds * 1000);
      return;
    case 'end': {
      // Ends in one microsecond move the store's clock past the test's.
      pass(scene, 1);
      const { sid } = happening.of === 'this' ? session : other;
      await store.endSession({ sid, reason: 'operator', by: 'test', holderKey: 'keep' });
      row.over ||= happening.of === 'this';
      return;
    }
    case 'cut':
      pass(scene, 1);
      await cut(scene, happening.of);
      row.over ||= happening.of !== 'another';
      return;
    case 'refresh': {
      const gen = Math.max(0, row.generation - happening.behind);
      const foreign = happening.key === 'foreign';
      const expected = foreign ? 'refused' : expectRefresh(row, gen, scene.elapsed);
      const rotation = rotationOf(session, { gen, ...(foreign && { jkt: 'another-key' }) });
      assert.equal((await store.rotate(rotation)).kind, expected);
    }
  }
}

async function cut(
  { store, session, other }: Scene,
  of: 'subject' | 'client' | 'everything' | 'another',
): Promise<void> {
  const by = 'test';
  if (of === 'everything') await store.cutEverything({ by });
  else if (of === 'client') await store.endSessionsOf({ clientId: session.clientId, by });
  else await store.endSessionsOf({ subject: of === 'subject' ? session.subject : other.subject, by });
}

test('REFRESH-1, REFRESH-2, REFRESH-3, REFRESH-4, REFRESH-5, REFRESH-7, REFRESH-9: any history follows the rules', async () => {
  const { a: store, clock, close } = await openMemoryLab();
  await furnish(store);
  const lives = { idleLife: idle * 1000, absoluteLife: absolute * 1000 };
  const history = fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (events) => {
    const session = await started(store, lives);
    const other = await started(store, { externalId: 'grace' });
    const start = clock.now();
    const row = { generation: 0, rotatedAt: 0, idleExpiresAt: idle, repeats: 0, over: false };
    const scene = { store, clock, session, other, row, elapsed: 0 };
    for (const happening of events) {
      await play(scene, happening);
      const found = await store.findSession(session.sid);
      assert.ok(found);
      const expected = [row.generation, row.repeats, row.over || scene.elapsed >= row.idleExpiresAt];
      assert.deepEqual([found.generation, found.repeats, !found.alive], expected);
      // In whole microseconds, which milliseconds of this century have no room for.
      assert.equal(Math.round(found.idleExpiresAt - start * 1000), row.idleExpiresAt * 1000);
    }
  });
  await fc.assert(history, { numRuns: 150 });
  await close();
});
