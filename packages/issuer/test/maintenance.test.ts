import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSqlite } from '../src/index.ts';
import type { Storage } from '../src/storage/port/storage.ts';
import { createClock, openLab } from './support.ts';

void test('STORE-30: the issuer sweeps until nothing is left, however many assertions have expired', async () => {
  const clock = createClock();
  const store = openSqlite({ file: ':memory:', clock: clock.now });
  const swept: number[] = [];
  const storage: Storage = {
    ...store,
    sweep: async (sweep) => {
      const done = await store.sweep(sweep);
      swept.push(done.assertions);
      return done;
    },
  };
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const { issuer } = await openLab({ storage, clock: clock.now });
    const expiresAt = clock.now() * 1000;
    await Promise.all(
      Array.from({ length: 2500 }, (_, count) =>
        store.redeemAssertion({ clientId: 'busy', kid: 'key', jtiHash: String(count), expiresAt }),
      ),
    );
    mock.timers.tick(10 * 60 * 1000);
    for (let turns = 0; turns < 1000 && swept.length === 0; turns++) await nextTurn();
    assert.deepEqual(swept, [2500]);
    await issuer.close();
  } finally {
    mock.timers.reset();
  }
});
