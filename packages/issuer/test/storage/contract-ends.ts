import assert from 'node:assert/strict';
import type { FeedEntry } from '../../src/storage/port/feed-storage.ts';
import type { RevocationKind } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import {
  app,
  hour,
  id,
  machine,
  minute,
  newAssertion,
  newClient,
  newKey,
  newOpening,
  opened,
  rotationOf,
  second,
  started,
  type StoreTest,
} from './lab.ts';

const everyEntry = async (store: Storage): Promise<readonly FeedEntry[]> =>
  (await store.readFeed({ after: 0, limit: 1000 })).entries;
const operatorEnds = (sid: string) => ({ sid, reason: 'operator', by: 'test', holderKey: 'keep' }) as const;
const by = 'test';
const day = 24 * hour;

/** An end of each kind, with what its entry must say beside its position. */
const ends: readonly [
  string,
  (store: Storage) => Promise<{ kind: RevocationKind; value: string; said: unknown }>,
][] = [
  [
    'a session',
    async (store) => {
      const { sid } = await started(store);
      return { kind: 'session', value: sid, said: await store.endSession(operatorEnds(sid)) };
    },
  ],
  [
    'a subject’s sessions',
    async (store) => {
      const { subject, handle } = await started(store);
      return { kind: 'subject', value: handle, said: await store.endSessionsOf({ subject, by }) };
    },
  ],
  [
    'a subject',
    async (store) => {
      const { subject, handle } = await started(store);
      return { kind: 'subject', value: handle, said: await store.disableSubject({ subject, by }) };
    },
  ],
  [
    'a client’s sessions',
    async (store) => ({ kind: 'client', value: app, said: await store.endSessionsOf({ clientId: app, by }) }),
  ],
  [
    'a client',
    async (store) => ({ kind: 'client', value: app, said: await store.removeClient({ id: app, by }) }),
  ],
  [
    'everything',
    async (store) => ({ kind: 'everything', value: '', said: await store.cutEverything({ by }) }),
  ],
  [
    'a key',
    async (store) => {
      const key = newKey('feed');
      await store.addKey(key, 'current');
      return {
        kind: 'key',
        value: key.kid,
        said: await store.revokeKey({ kid: key.kid, next: newKey('feed'), by }),
      };
    },
  ],
];
const final: readonly RevocationKind[] = ['session', 'key'];

export function endsContract(storeTest: StoreTest): void {
  for (const [what, end] of ends) {
    storeTest(`FEED-1: ending ${what} says so once, at the position it answers`, async ({ a, b, clock }) => {
      await a.settleTokenLife(5 * minute);
      const before = (await b.readFeed({ after: 0, limit: 10 })).head;
      clock.advance(1);
      const { kind, value, said } = await end(a);
      const position = (said as { position: number }).position;
      assert.ok(position > before);
      const now = clock.now() * 1000;
      const until = kind === 'key' ? now + 400 * day : now + 10 * minute;
      assert.deepEqual(await b.readFeed({ after: 0, limit: 10 }), {
        head: position,
        floor: 0,
        pageEnd: 0,
        clientsAt: 0,
        entries: [{ position, kind, value, cutAt: final.includes(kind) ? 0 : position, until }],
      });
    });
  }

  storeTest('FEED-1: a reuse ends its session in the feed too', async ({ a, b, clock }) => {
    const session = await started(a);
    for (const gen of [0, 1]) await a.rotate(rotationOf(session, { gen }));
    clock.advance(61);
    assert.deepEqual(await everyEntry(a), [], 'rotations say nothing');
    assert.deepEqual(await b.rotate(rotationOf(session)), { kind: 'reuse' });
    const said = await everyEntry(a);
    assert.deepEqual(
      said.map(({ kind, value, cutAt }) => [kind, value, cutAt]),
      [['session', session.sid, 0]],
    );
    assert.deepEqual(await b.rotate(rotationOf(session)), { kind: 'refused' });
    assert.deepEqual(await everyEntry(a), said);
  });

  storeTest('FEED-1: an eviction ends its session in the feed too', async ({ a, b, clock }) => {
    const oldest = await opened(a);
    clock.advance(1);
    await Promise.all(Array.from({ length: 999 }, (_, key) => opened(a, { jkt: `key-${key}` })));
    assert.deepEqual(await everyEntry(a), []);
    const { head } = await a.readFeed({ after: 0, limit: 1 });
    await opened(b, { jkt: 'one more' });
    assert.deepEqual(
      (await everyEntry(a)).map(({ kind, value }) => [kind, value]),
      [['session', oldest.sid]],
    );
    assert.ok(((await everyEntry(a))[0]?.position ?? 0) > head);
  });

  storeTest('FEED-1: a session that ran out is followed without an entry', async ({ a, clock }) => {
    await opened(a);
    clock.advance(3600);
    await opened(a);
    assert.deepEqual(await everyEntry(a), []);
  });

  storeTest('FEED-1: what did not end says nothing', async ({ a }) => {
    const session = await started(a);
    await a.endSession(operatorEnds(session.sid));
    await a.removeClient({ id: (await added(a)).id, by });
    const assertion = newAssertion();
    await a.redeemAssertion(assertion);
    const before = await everyEntry(a);
    assert.equal(before.length, 2);
    await a.endSession(operatorEnds(session.sid));
    await a.endSession(operatorEnds(id()));
    await a.endSession({ ...operatorEnds(session.sid), clientId: machine });
    await a.endSession({ ...operatorEnds((await opened(a)).sid), assertion });
    await a.openMachineSession(newOpening({ assertion }));
    await a.endSessionsOf({ subject: id(), by });
    await a.endSessionsOf({ clientId: id(), by });
    await a.disableSubject({ subject: id(), by });
    await a.removeClient({ id: before[1]?.value ?? '', by });
    await a.revokeKey({ kid: id(), next: newKey('session'), by });
    const live = await started(a);
    await a.rotate(rotationOf(live, { jkt: 'another-key' }));
    assert.deepEqual(await everyEntry(a), before);
  });

  storeTest('FEED-1: a key is ended once, whoever races', async ({ a, b }) => {
    const key = newKey('feed');
    await a.addKey(key, 'current');
    const revoke = (store: Storage) => store.revokeKey({ kid: key.kid, next: newKey('feed'), by });
    const results = await Promise.all([revoke(a), revoke(b), revoke(a)]);
    assert.deepEqual(results.map(({ kind }) => kind).sort(), ['revoked', 'unknown', 'unknown']);
    assert.equal((await everyEntry(a)).length, 1);
    assert.equal((await a.listAudit({ kind: 'key_revoked', limit: 10 })).length, 1);
  });

  storeTest('FEED-2: racing ends stand each at a position of its own, above all before', async ({ a, b }) => {
    const sessions = await Promise.all(Array.from({ length: 40 }, () => started(a)));
    const cut = await a.endSessionsOf({ clientId: machine, by });
    const results = await Promise.all(
      sessions.map(({ sid }, turn) => (turn % 2 === 0 ? a : b).endSession(operatorEnds(sid))),
    );
    const positions = results.map((result) => (result.kind === 'ended' ? result.position : 0));
    assert.equal(new Set(positions).size, 40);
    assert.ok(cut.kind === 'cut' && positions.every((position) => position > cut.position));
    const said = (await everyEntry(b)).slice(1);
    assert.deepEqual(
      new Map(said.map(({ position, value }) => [position, value])),
      new Map(positions.map((position, turn) => [position, sessions[turn]?.sid ?? ''])),
    );
    assert.equal((await a.readFeed({ after: 0, limit: 1 })).entries.length, 1);
  });

  storeTest('FEED-3: an entry is said until no token that it ends can live', async ({ a, b, clock }) => {
    const untilOfOneMore = async (store: Storage): Promise<number> => {
      await store.cutEverything({ by });
      return ((await everyEntry(store)).at(-1)?.until ?? 0) - (await store.now());
    };
    const near = (actual: number, expected: number) => {
      assert.ok(Math.abs(actual - expected) < second, `${actual} is not near ${expected}`);
    };
    near(await untilOfOneMore(a), hour + 5 * minute);
    await a.settleTokenLife(15 * minute);
    near(await untilOfOneMore(b), 20 * minute);
    await b.settleTokenLife(5 * minute);
    near(await untilOfOneMore(a), 20 * minute);
    clock.advance(2 * 3600);
    await b.settleTokenLife(5 * minute);
    near(await untilOfOneMore(a), 20 * minute);
    clock.advance(3600);
    near(await untilOfOneMore(a), 10 * minute);
    clock.advance(2 * 3600);
    near(await untilOfOneMore(a), hour + 5 * minute);
    for (const life of [0, -1, 1.5, NaN, hour + 1]) await assert.rejects(a.settleTokenLife(life), TypeError);
  });
}

async function added(store: Storage): Promise<{ id: string }> {
  const client = newClient();
  await store.addClient(client);
  return client;
}
