import assert from 'node:assert/strict';
import type { StoreTest } from './lab.ts';
import {
  app,
  hour,
  machine,
  newAssertion,
  newClient,
  newOpening,
  opened,
  otherApi,
  second,
  started,
} from './lab.ts';

export function machineContract(storeTest: StoreTest): void {
  storeTest('STORE-12: one of two racing redemptions wins', async ({ a, b }) => {
    const assertion = newAssertion();
    const results = await Promise.all([a, b, a].map((store) => store.redeemAssertion(assertion)));
    assert.deepEqual(results.map(({ kind }) => kind).sort(), [
      'assertion_replayed',
      'assertion_replayed',
      'redeemed',
    ]);
    const ofAnother = await a.redeemAssertion({ ...assertion, clientId: app });
    assert.deepEqual(ofAnother, { kind: 'redeemed' }, 'ids are each client’s own');
  });

  storeTest('STORE-12: a replayed assertion opens, starts, ends and says nothing', async ({ a }) => {
    const assertion = newAssertion();
    const session = await opened(a, { assertion });
    const replayed = { kind: 'assertion_replayed' };
    const next = newOpening({ assertion, audience: otherApi });
    assert.deepEqual(await a.openMachineSession(next), replayed);
    assert.equal(await a.findSession(next.sid), null);
    const end = { sid: session.sid, reason: 'revoked', by: machine, holderKey: 'keep', assertion } as const;
    assert.deepEqual(await a.endSession(end), replayed);
    assert.deepEqual(await a.sessionAlive({ sid: session.sid, assertion }), replayed);
    const fresh = await a.sessionAlive({ sid: session.sid, assertion: newAssertion() });
    assert.equal(fresh.kind, 'alive');
    assert.equal((await a.endSession({ ...end, assertion: newAssertion() })).kind, 'ended');
  });

  storeTest('STORE-15: racing requests open one session', async ({ a, b }) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => opened(turn % 2 === 0 ? a : b)),
    );
    assert.equal(new Set(results.map(({ sid }) => sid)).size, 1);
    assert.equal((await a.listSessions({ clientId: machine, limit: 100 })).length, 1);
    const [{ kind, amr, authenticatedAt } = {}] = results;
    assert.deepEqual([kind, amr, authenticatedAt], ['machine', null, null]);
  });

  storeTest('STORE-15: another key or audience is another session', async ({ a }) => {
    const sids = [
      await opened(a),
      await opened(a, { jkt: 'second-key' }),
      await opened(a, { audience: otherApi }),
      await opened(a, { jkt: 'second-key', audience: otherApi }),
    ].map(({ sid }) => sid);
    assert.equal(new Set(sids).size, 4);
    const bearer = newClient({ kind: 'machine', bearer: true });
    await a.addClient(bearer);
    const keyless = { clientId: bearer.id, jkt: null };
    assert.equal((await opened(a, keyless)).sid, (await opened(a, keyless)).sid, 'a bearer has one too');
  });

  storeTest(
    'STORE-15: opening again extends the session and takes the scope asked for',
    async ({ a, clock }) => {
      const first = await opened(a, { absoluteLife: hour + 1800 * second });
      clock.advance(1200);
      const again = await opened(a, { scope: 'write' });
      assert.deepEqual([again.sid, again.startedAt, again.scope], [first.sid, first.startedAt, 'write']);
      assert.equal(again.lastUsedAt, first.startedAt + 1200 * second);
      assert.equal(again.idleExpiresAt, first.idleExpiresAt + 1200 * second);
      clock.advance(1200);
      assert.equal(
        (await opened(a)).idleExpiresAt,
        first.absoluteExpiresAt,
        'never past the absolute expiry',
      );
    },
  );

  storeTest('STORE-14: an opening is refused with its reason', async ({ a }) => {
    const gone = newClient({ kind: 'machine' });
    await a.addClient(gone);
    await a.removeClient({ id: gone.id, by: 'test' });
    const disabled = newClient({ kind: 'machine' });
    await a.addClient(disabled);
    await a.disableSubject({ subject: disabled.subject.id, by: 'test' });
    for (const [reason, over] of [
      ['client_unknown', { clientId: 'nobody' }],
      ['client_unknown', { clientId: app }],
      ['client_removed', { clientId: gone.id }],
      ['subject_disabled', { clientId: disabled.id }],
      ['key_required', { jkt: null }],
    ] as const) {
      const opening = newOpening(over);
      assert.deepEqual(await a.openMachineSession(opening), { kind: 'refused', reason });
      assert.equal(await a.findSession(opening.sid), null);
    }
  });

  storeTest(
    'STORE-16: a session that ran out, was cut or ended is followed by a new one',
    async ({ a, clock }) => {
      const first = await opened(a);
      clock.advance(3600);
      const second_ = await opened(a);
      const ranOut = await a.findSession(first.sid);
      assert.deepEqual([ranOut?.endReason, ranOut?.alive], ['expired', false]);
      await a.endSessionsOf({ clientId: machine, by: 'test' });
      const third = await opened(a);
      assert.ok(third.startedAt > second_.startedAt);
      await a.endSession({ sid: third.sid, reason: 'revoked', by: machine, holderKey: 'keep' });
      const fourth = await opened(a);
      assert.equal(new Set([first, second_, third, fourth].map(({ sid }) => sid)).size, 4);
      const live = await a.listSessions({ clientId: machine, only: 'alive', limit: 10 });
      assert.deepEqual(
        live.map(({ sid }) => sid),
        [fourth.sid],
      );
    },
  );

  storeTest('STORE-16: a session past its absolute expiry is followed by a new one', async ({ a, clock }) => {
    const first = await opened(a, { idleLife: hour, absoluteLife: hour });
    clock.advance(3599);
    assert.equal((await opened(a)).sid, first.sid);
    clock.advance(1);
    assert.notEqual((await opened(a)).sid, first.sid);
  });

  storeTest('STORE-17: a blocked key opens nothing until it is lifted', async ({ a, b }) => {
    const session = await opened(a);
    const person = await started(a);
    const end = { reason: 'operator', by: 'test', holderKey: 'block' } as const;
    assert.equal((await a.endSession({ ...end, sid: session.sid })).kind, 'ended');
    assert.deepEqual(await b.openMachineSession(newOpening()), { kind: 'refused', reason: 'key_blocked' });
    const elsewhere = newOpening({ audience: otherApi });
    assert.deepEqual(await b.openMachineSession(elsewhere), { kind: 'refused', reason: 'key_blocked' });
    const another = newOpening({ jkt: 'another-key', assertion: newAssertion({ kid: 'holder-key' }) });
    assert.deepEqual(await b.openMachineSession(another), { kind: 'refused', reason: 'key_blocked' });
    const free = { jkt: 'second-key', assertion: newAssertion({ kid: 'second-key' }) };
    assert.equal((await opened(b, free)).jkt, 'second-key', 'another key is free');
    const byBlocked = newOpening({ jkt: 'third-key' });
    assert.deepEqual(await b.openMachineSession(byBlocked), { kind: 'refused', reason: 'key_blocked' });
    assert.equal((await a.endSession({ ...end, sid: person.sid })).kind, 'ended');
    const blocks = await a.listBlocks({});
    assert.deepEqual(
      blocks.map(({ clientId, jkt }) => [clientId, jkt]),
      [
        [machine, 'client-key'],
        [machine, 'holder-key'],
      ],
    );
    assert.deepEqual(await a.listBlocks({ clientId: app }), []);
    const lift = { clientId: machine, jkt: 'holder-key', by: 'test' };
    assert.deepEqual(await a.liftBlock({ ...lift, jkt: 'second-key' }), { kind: 'lifted', keys: [] });
    assert.deepEqual(await a.liftBlock(lift), { kind: 'lifted', keys: ['holder-key'] });
    assert.equal(
      (await b.openMachineSession(newOpening())).kind,
      'refused',
      'its assertions are by the other',
    );
    await a.liftBlock({ ...lift, jkt: 'client-key' });
    assert.notEqual((await opened(b)).sid, session.sid);
  });

  storeTest(
    'STORE-17: ending another’s session blocks no key, and all blocks of a client lift at once',
    async ({ a }) => {
      const sessions = [await opened(a), await opened(a, { jkt: 'second-key' })];
      const end = { reason: 'operator', by: 'test', holderKey: 'block' } as const;
      const wrong = await a.endSession({ ...end, sid: sessions[0]?.sid ?? '', clientId: app });
      assert.deepEqual(wrong, { kind: 'unknown' });
      assert.deepEqual(await a.listBlocks({}), []);
      for (const { sid } of sessions) await a.endSession({ ...end, sid });
      const lifted = await a.liftBlock({ clientId: machine, by: 'test' });
      assert.deepEqual(new Set(lifted.keys), new Set(['holder-key', 'second-key', 'client-key']));
    },
  );

  storeTest('STORE-17: of a session without a key the last assertion’s key is blocked', async ({ a, b }) => {
    const bearer = newClient({ kind: 'machine', bearer: true });
    await a.addClient(bearer);
    const open = (kid: string) =>
      newOpening({ clientId: bearer.id, jkt: null, assertion: newAssertion({ clientId: bearer.id, kid }) });
    const session = await opened(a, open('first'));
    assert.equal((await opened(b, open('second'))).sid, session.sid);
    await a.endSession({ sid: session.sid, reason: 'operator', by: 'test', holderKey: 'block' });
    const blocks = await a.listBlocks({ clientId: bearer.id });
    assert.deepEqual(
      blocks.map(({ jkt }) => jkt),
      ['second'],
    );
    assert.deepEqual(await b.openMachineSession(open('second')), { kind: 'refused', reason: 'key_blocked' });
    assert.notEqual((await opened(b, open('first'))).sid, session.sid);
  });

  storeTest(
    'STORE-18: the thousand-and-first session ends the one idle for longest',
    async ({ a, clock }) => {
      const open = (key: number) => opened(a, { jkt: `key-${key}` });
      const oldest = await open(0);
      const next = await open(1);
      clock.advance(1);
      const rest = await Promise.all(Array.from({ length: 998 }, (_, key) => open(key + 2)));
      clock.advance(1);
      assert.equal((await open(0)).sid, oldest.sid, 'used again, so no longer the one idle for longest');
      assert.equal((await a.findSession(next.sid))?.alive, true, 'a thousand stand');
      const last = await open(1000);
      const gone = await a.findSession(next.sid);
      assert.deepEqual([gone?.endReason, gone?.alive], ['evicted', false]);
      const live = await a.listSessions({ clientId: machine, only: 'alive', limit: 2000 });
      assert.equal(live.length, 1000);
      assert.deepEqual(
        new Set(live.map(({ sid }) => sid)),
        new Set([oldest, ...rest, last].map(({ sid }) => sid)),
      );
    },
  );
}
