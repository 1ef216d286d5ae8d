import assert from 'node:assert/strict';
import type { Acknowledgement } from '../../src/storage/port/feed-storage.ts';
import { api, hour, id, machine, type StoreTest } from './lab.ts';

const newAcknowledgement = (over: Partial<Acknowledgement> = {}): Acknowledgement => ({
  instance: id(),
  clientId: machine,
  name: 'eu-1',
  audience: api,
  to: 100,
  keys: ['a', 'b'],
  ...over,
});

export function guardContract(storeTest: StoreTest): void {
  storeTest(
    'FEED-11: what a guard process applied is kept, each process for itself',
    async ({ a, b, clock }) => {
      const one = newAcknowledgement();
      await a.acknowledge(one);
      const firstSeen = clock.now() * 1000;
      clock.advance(1);
      const others = [
        newAcknowledgement({ name: 'eu-2', keys: [] }),
        newAcknowledgement({ instance: one.instance, clientId: 'another', to: 7 }),
      ];
      for (const other of others) await b.acknowledge(other);
      const now = clock.now() * 1000;
      const listed = await a.listGuards();
      assert.deepEqual(listed.at(-1), { ...one, seenAt: firstSeen }, 'heard last comes first');
      assert.deepEqual(
        new Set(listed.slice(0, 2).map(({ instance, clientId }) => [instance, clientId].join())),
        new Set(others.map(({ instance, clientId }) => [instance, clientId].join())),
      );
      const next = { ...one, to: 200, keys: ['b', 'c'], name: 'eu-1b' };
      await b.acknowledge(next);
      const own = (await a.listGuards()).find(
        ({ instance, clientId }) => instance === one.instance && clientId === machine,
      );
      assert.deepEqual(own, { ...next, seenAt: now });
      assert.equal((await a.listGuards()).length, 3);
    },
  );

  storeTest(
    'FEED-11: of one client the thousand processes heard of last are kept',
    async ({ a, b, clock }) => {
      const other = newAcknowledgement({ clientId: 'another' });
      await a.acknowledge(other);
      const first = newAcknowledgement();
      await a.acknowledge(first);
      clock.advance(1);
      const rest = Array.from({ length: 999 }, () => newAcknowledgement());
      await Promise.all(rest.map((one) => a.acknowledge(one)));
      assert.equal((await b.listGuards()).length, 1001, 'a thousand and that of another client');
      clock.advance(1);
      const last = newAcknowledgement();
      await b.acknowledge(last);
      const kept = new Set((await a.listGuards()).map(({ instance }) => instance));
      assert.deepEqual(kept, new Set([other, ...rest, last].map(({ instance }) => instance)));
    },
  );

  storeTest('FEED-11: an acknowledgement that was overtaken takes nothing back', async ({ a, b }) => {
    const late = newAcknowledgement();
    await Promise.all([a.acknowledge({ ...late, to: 300, keys: ['c'] }), b.acknowledge(late)]);
    await b.acknowledge(late);
    const [row] = await a.listGuards();
    assert.deepEqual([row?.to, row?.keys], [300, ['c']]);
  });

  storeTest('FEED-12: a guard silent for a day is not listed, and swept', async ({ a, b, clock }) => {
    await a.acknowledge(newAcknowledgement());
    clock.advance(3600);
    const heard = newAcknowledgement();
    await a.acknowledge(heard);
    clock.advance(23 * 3600 - 1);
    assert.equal((await b.listGuards()).length, 2);
    assert.equal((await b.sweep({ keepSessions: hour })).guards, 0);
    clock.advance(1);
    assert.deepEqual(
      (await b.listGuards()).map(({ instance }) => instance),
      [heard.instance],
    );
    assert.equal((await b.sweep({ keepSessions: hour })).guards, 1);
  });
}
