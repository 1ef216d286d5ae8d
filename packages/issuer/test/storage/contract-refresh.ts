import assert from 'node:assert/strict';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { RotateResult } from '../../src/storage/port/session-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import {
  app,
  hour,
  id,
  minute,
  newAssertion,
  newClient,
  newStart,
  opened,
  otherApi,
  rotationOf,
  second,
  started,
  type StoreTest,
} from './lab.ts';

/** The session of a refresh that led to a pair. */
function sessionOf(result: RotateResult): SessionRow {
  assert.ok('session' in result, `unexpected ${result.kind}`);
  return result.session;
}

async function rotated(store: Storage, session: SessionRow, times = 1): Promise<SessionRow> {
  let latest = session;
  for (let turn = 0; turn < times; turn++) latest = sessionOf(await store.rotate(rotationOf(latest)));
  return latest;
}

export function refreshContract(storeTest: StoreTest): void {
  storeTest('REFRESH-1: the current generation leads to the next', async ({ a, b, clock }) => {
    const session = await started(a);
    clock.advance(5);
    const result = await b.rotate(rotationOf(session));
    assert.equal(result.kind, 'rotated');
    const next = sessionOf(result);
    assert.equal(next.generation, session.generation + 1);
    assert.equal(next.rotatedAt, session.startedAt + 5 * second);
    assert.deepEqual(
      [next.sid, next.startedAt, next.handle],
      [session.sid, session.startedAt, session.handle],
    );
    assert.equal(sessionOf(await a.rotate(rotationOf(next))).generation, session.generation + 2);
  });

  storeTest(
    'REFRESH-2: the generation before leads to the current one, at any time',
    async ({ a, clock }) => {
      const session = await started(a, { idleLife: 100 * hour, absoluteLife: 1000 * hour });
      const next = await rotated(a, session);
      for (const [repeat, seconds] of [0, 59, 61, 3600, 24 * 3600].entries()) {
        clock.advance(seconds);
        const result = await a.rotate(rotationOf(session));
        assert.equal(result.kind, 'repeated');
        const { repeats, lastUsedAt, ...same } = sessionOf(result);
        assert.equal(repeats, repeat + 1);
        assert.ok(lastUsedAt >= next.lastUsedAt);
        assert.deepEqual({ ...next, ...same }, next);
      }
      assert.equal((await a.rotate(rotationOf(next))).kind, 'rotated', 'the successor is still good');
    },
  );

  storeTest('REFRESH-3: older is superseded within a minute', async ({ a, clock }) => {
    const session = await started(a);
    const latest = await rotated(a, session, 2);
    for (const seconds of [0, 59, 1]) {
      clock.advance(seconds);
      assert.deepEqual(await a.rotate(rotationOf(session)), { kind: 'superseded' });
    }
    const now = await a.findSession(session.sid);
    assert.deepEqual(now, { ...latest, alive: true });
    assert.equal((await a.rotate(rotationOf(latest))).kind, 'rotated', 'nothing ended');
  });

  storeTest('REFRESH-4: older is reuse after a minute, and ends the session', async ({ a, b, clock }) => {
    const session = await started(a);
    const other = await started(a);
    const latest = await rotated(a, session, 2);
    clock.advance(60.001);
    assert.deepEqual(await b.rotate(rotationOf(session)), { kind: 'reuse' });
    const ended = await a.findSession(session.sid);
    assert.equal(ended?.endReason, 'reuse');
    assert.equal(ended.endedAt, latest.rotatedAt + 60_001_000);
    assert.equal(ended.alive, false);
    assert.deepEqual(await a.rotate(rotationOf(latest)), { kind: 'refused' }, 'the latest pair died with it');
    const told = await a.listAudit({ sid: session.sid, limit: 10, kind: 'refresh_reuse' });
    assert.deepEqual(
      told.map(({ clientId, fields }) => [clientId, fields]),
      [[app, { gen: 0 }]],
    );
    assert.equal((await a.rotate(rotationOf(other))).kind, 'rotated', 'another session of the same subject');
  });

  storeTest('REFRESH-4: the same holder’s minute starts again with each rotation', async ({ a, clock }) => {
    const session = await started(a);
    const latest = await rotated(a, session, 2);
    clock.advance(50);
    await rotated(a, latest);
    clock.advance(50);
    assert.deepEqual(await a.rotate(rotationOf(session)), { kind: 'superseded' });
  });

  storeTest('REFRESH-5: a newer generation than the row’s goes on from there', async ({ a }) => {
    const session = await started(a);
    const result = await a.rotate(rotationOf(session, { gen: 7 }));
    assert.equal(result.kind, 'recovered');
    assert.equal(sessionOf(result).generation, 8);
    const told = await a.listAudit({ sid: session.sid, limit: 10, kind: 'refresh_recovered' });
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ gen: 7 }],
    );
  });

  storeTest('REFRESH-6: a foreign key, client or session changes nothing', async ({ a, clock }) => {
    const session = await started(a);
    const bearerApp = newClient({ bearer: true });
    await a.addClient(bearerApp);
    const bearer = await started(a, { clientId: bearerApp.id, namespace: bearerApp.id, jkt: null });
    await rotated(a, session, 3);
    clock.advance(3600 - 1);
    const before = await a.findSession(session.sid);
    const foreign = [
      rotationOf(session, { jkt: 'another-key' }),
      rotationOf(session, { jkt: '' }),
      rotationOf(session, { clientId: 'another' }),
      rotationOf(session, { sid: id() }),
      rotationOf(session, { gen: 3, jkt: 'another-key' }),
      rotationOf(session, { gen: 99, jkt: 'another-key' }),
      rotationOf(session, { gen: Number.MAX_SAFE_INTEGER }),
      rotationOf(bearer),
    ];
    for (const rotation of foreign) assert.deepEqual(await a.rotate(rotation), { kind: 'refused' });
    assert.deepEqual(await a.findSession(session.sid), before);
    const told = await a.listAudit({ kind: 'refresh_refused', limit: 100 });
    assert.deepEqual(
      told.map(({ sid }) => sid),
      foreign.map(({ sid }) => sid),
    );
    assert.equal((await a.rotate(rotationOf(session, { gen: 3 }))).kind, 'rotated', 'the holder goes on');
  });

  storeTest(
    'STORE-33: of refused refreshes ten lines in a minute are written for a session, and of reuse each',
    async ({ a, b, clock }) => {
      const [session, other] = [await started(a), await started(a)];
      const wrong = (of: SessionRow) => rotationOf(of, { jkt: 'another-key' });
      const told = async (of: SessionRow) =>
        (await a.listAudit({ kind: 'refresh_refused', sid: of.sid, limit: 100 })).length;
      for (let turn = 0; turn < 12; turn++)
        assert.deepEqual(await (turn % 2 === 0 ? a : b).rotate(wrong(session)), { kind: 'refused' });
      assert.equal(await told(session), 10);
      await a.rotate(wrong(other));
      assert.equal(await told(other), 1, 'another session has lines of its own');
      clock.advance(61);
      for (let turn = 0; turn < 12; turn++) await a.rotate(wrong(session));
      assert.equal(await told(session), 20);
      await rotated(a, session, 3);
      clock.advance(61);
      for (let turn = 0; turn < 12; turn++) await a.rotate(wrong(session));
      assert.equal((await a.rotate(rotationOf(session, { gen: 0 }))).kind, 'reuse');
      assert.equal((await a.listAudit({ kind: 'refresh_reuse', sid: session.sid, limit: 9 })).length, 1);
      assert.equal((await a.verifyAudit()).kind, 'intact');
    },
  );

  const endings: [
    string,
    (store: Storage, session: SessionRow, advance: (seconds: number) => void) => unknown,
  ][] = [
    ['ended', (s, { sid }) => s.endSession({ sid, reason: 'operator', by: 'test', holderKey: 'keep' })],
    ['its subject cut', (s, { subject }) => s.endSessionsOf({ subject, by: 'test' })],
    ['its client cut', (s, { clientId }) => s.endSessionsOf({ clientId, by: 'test' })],
    ['everything cut', (s) => s.cutEverything({ by: 'test' })],
    ['its subject disabled', (s, { subject }) => s.disableSubject({ subject, by: 'test' })],
    ['its client removed', (s, { clientId }) => s.removeClient({ id: clientId, by: 'test' })],
    [
      'past its idle expiry',
      (_, __, advance) => {
        advance(3600);
      },
    ],
  ];
  for (const [how, end] of endings) {
    storeTest(`REFRESH-7: refused and unchanged when ${how}`, async ({ a, b, clock }) => {
      const session = await started(a);
      clock.advance(3599);
      assert.equal((await a.sessionAlive({ sid: session.sid })).kind, 'alive');
      clock.advance(-3599);
      await end(a, session, clock.advance);
      const before = await b.findSession(session.sid);
      for (const gen of [0, 1])
        assert.deepEqual(await b.rotate(rotationOf(session, { gen })), { kind: 'refused' });
      assert.deepEqual(await b.findSession(session.sid), before);
      assert.equal(before?.alive, false);
    });
  }

  storeTest('REFRESH-7: refused past the absolute expiry, however often it is used', async ({ a, clock }) => {
    const start = await started(a, { idleLife: hour, absoluteLife: 3 * hour });
    let session = start;
    for (let quarter = 0; quarter < 11; quarter++) {
      clock.advance(900);
      session = await rotated(a, session);
    }
    clock.advance(900);
    assert.deepEqual(await a.rotate(rotationOf(session)), { kind: 'refused' });
  });

  storeTest('REFRESH-8: fifty at once rotate once and agree', async ({ a, b }) => {
    const session = await started(a);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => (turn % 2 === 0 ? a : b).rotate(rotationOf(session))),
    );
    const kinds = results.map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'rotated').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'repeated').length, 49);
    assert.deepEqual(new Set(results.map((result) => sessionOf(result).generation)), new Set([1]));
    const row = await a.findSession(session.sid);
    assert.deepEqual([row?.generation, row?.repeats, row?.alive], [1, 49, true]);
  });

  storeTest(
    'REFRESH-9: only a rotation moves the idle expiry, up to the absolute one',
    async ({ a, clock }) => {
      const session = await started(a, { idleLife: hour, absoluteLife: hour + 20 * minute });
      assert.equal(session.idleExpiresAt, session.startedAt + hour);
      clock.advance(600);
      const next = await rotated(a, session);
      assert.equal(next.idleExpiresAt, session.startedAt + hour + 10 * minute);
      clock.advance(60);
      assert.equal(
        sessionOf(await a.rotate(rotationOf(session))).idleExpiresAt,
        next.idleExpiresAt,
        'a repeat',
      );
      clock.advance(1200);
      const last = await rotated(a, next);
      assert.equal(last.idleExpiresAt, session.absoluteExpiresAt);
      assert.equal(last.absoluteExpiresAt, session.absoluteExpiresAt);
    },
  );

  storeTest('REFRESH-10: the decision names the current keys and the time', async ({ a, clock }) => {
    const keys = await a.listKeys();
    const current = (purpose: string, alg: string) =>
      keys.find((key) => key.purpose === purpose && key.alg === alg && key.state === 'current')?.kid;
    const here = await started(a);
    const there = await started(a, { audience: otherApi });
    clock.advance(1);
    for (const [session, alg] of [
      [here, 'EdDSA'],
      [there, 'ES256'],
    ] as const) {
      const result = await a.rotate(rotationOf(session));
      assert.ok(result.kind === 'rotated');
      assert.equal(result.sessionKid, current('session', alg));
      assert.equal(result.refreshKid, current('refresh', 'EdDSA'));
      assert.equal(result.now, session.startedAt + second);
    }
  });

  storeTest('REFRESH-10: an audience that is not served is refused, unchanged', async ({ a }) => {
    const session = await started(a, { audience: 'https://closed.example' });
    assert.deepEqual(await a.rotate(rotationOf(session)), { kind: 'refused' });
    const signWith = { session: { 'https://closed.example': 'EdDSA' }, refresh: 'EdDSA' };
    assert.equal((await a.rotate(rotationOf(session, { signWith }))).kind, 'rotated');
    await assert.rejects(
      a.rotate(rotationOf(session, { signWith: { session: {}, refresh: 'EdDSA' } })),
      TypeError,
    );
  });

  storeTest(
    'REFRESH-10: a missing current key is a fault, and the holder goes on once there is one',
    async ({ a }) => {
      const session = await started(a);
      const signWith = { session: { [session.audience]: 'ML-DSA-44' }, refresh: 'EdDSA' };
      await assert.rejects(a.rotate(rotationOf(session, { signWith })), /no current signing key/);
      assert.equal((await a.rotate(rotationOf(session))).kind, 'repeated', 'a lost answer like any other');
    },
  );

  storeTest(
    'REFRESH-11, STORE-12: a replayed assertion leaves the session as it is',
    async ({ a, b, clock }) => {
      const session = await opened(a);
      const assertion = newAssertion();
      const first = await a.rotate(rotationOf(session, { assertion }));
      assert.equal(first.kind, 'rotated');
      clock.advance(1);
      const before = await a.findSession(session.sid);
      const again = await b.rotate(rotationOf(sessionOf(first), { assertion }));
      assert.deepEqual(again, { kind: 'assertion_replayed' });
      assert.deepEqual(await a.findSession(session.sid), before);
    },
  );

  storeTest('REFRESH-11: an assertion is used up by a refresh that is refused', async ({ a }) => {
    const session = await opened(a);
    const assertion = newAssertion();
    const foreign = rotationOf(session, { assertion, jkt: 'another-key' });
    assert.deepEqual(await a.rotate(foreign), { kind: 'refused' });
    assert.deepEqual(await a.rotate(foreign), { kind: 'assertion_replayed' });
  });

  storeTest('REFRESH-6: a start that is refused is not a session to refresh', async ({ a }) => {
    const start = newStart({ clientId: 'nobody' });
    assert.equal((await a.startSession(start)).kind, 'refused');
    const rotation = { sid: start.sid, gen: 0, clientId: 'nobody', jkt: 'holder-key' };
    const signWith = { session: { [start.audience]: 'EdDSA' }, refresh: 'EdDSA' };
    assert.deepEqual(await a.rotate({ ...rotation, signWith }), { kind: 'refused' });
  });
}
