import assert from 'node:assert/strict';
import type { KeyRow } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import type { StoreTest } from './lab.ts';
import { hour, minute, newKey, rotationOf, second, started } from './lab.ts';

const sessionKeys = async (store: Storage): Promise<Partial<Record<KeyRow['state'], KeyRow>>> => {
  const keys = (await store.listKeys()).filter(
    ({ purpose, alg }) => purpose === 'session' && alg === 'EdDSA',
  );
  const states = keys.map(({ state }) => state).filter((state) => state !== 'retired');
  assert.equal(new Set(states).size, states.length, 'one current and at most one next');
  return Object.fromEntries(keys.map((key) => [key.state, key]));
};

export function keyContract(storeTest: StoreTest): void {
  storeTest('STORE-25: a second current or next key is not taken', async ({ a, b }) => {
    for (const state of ['current', 'next'] as const) {
      assert.deepEqual(await a.addKey(newKey('session'), state), { kind: 'taken' });
    }
    const racing = await Promise.all(
      [a, b].map(
        async (store) => (await store.addKey(newKey('session', { alg: 'ML-DSA-44' }), 'current')).kind,
      ),
    );
    assert.deepEqual(racing.sort(), ['added', 'taken']);
    const same = (await a.listKeys())[0];
    assert.deepEqual(await a.addKey(newKey('refresh', { kid: same?.kid ?? '', alg: 'ES256' }), 'next'), {
      kind: 'taken',
    });
  });

  storeTest('STORE-25: a key is kept as it was given', async ({ a, clock }) => {
    const now = clock.now() * 1000;
    const { holdableAfter, ...kept } = newKey('refresh', {
      alg: 'ES256',
      publicJwk: { kty: 'EC', x: 'x', y: 'y' },
    });
    const times = { createdAt: now, currentAt: null, retiredAt: null, goneAt: null };
    const row = { ...kept, ...times, state: 'next', holdableFrom: now + holdableAfter };
    assert.deepEqual(await a.addKey({ ...kept, holdableAfter }, 'next'), { kind: 'added', key: row });
    assert.deepEqual(
      (await a.listKeys()).find(({ kid }) => kid === kept.kid),
      row,
    );
  });

  storeTest('STORE-26: a next key is promoted when it can be held', async ({ a, b, clock }) => {
    const before = await sessionKeys(a);
    const promotion = { next: newKey('session'), when: 'holdable', by: 'test' } as const;
    const early = await a.promoteKey(promotion);
    assert.deepEqual(early, { kind: 'not_holdable', holdableFrom: before.next?.holdableFrom });
    assert.deepEqual(await sessionKeys(a), before);
    clock.advance(600);
    const promoted = await b.promoteKey(promotion);
    assert.ok(promoted.kind === 'promoted');
    const now = clock.now() * 1000;
    assert.deepEqual(promoted.current, { ...before.next, state: 'current', currentAt: now });
    assert.equal(promoted.next.kid, promotion.next.kid);
    assert.equal(promoted.next.holdableFrom, now + 10 * minute);
    const after = await sessionKeys(a);
    assert.deepEqual(after.retired, { ...before.current, state: 'retired', retiredAt: now });
    const issue = await a.rotate(rotationOf(await started(a)));
    assert.ok(issue.kind === 'rotated');
    assert.equal(issue.sessionKid, promoted.current.kid);
  });

  storeTest(
    'STORE-26: a forced promotion does not wait, and two at once make two steps',
    async ({ a, b }) => {
      const before = await sessionKeys(a);
      const keys = [newKey('session'), newKey('session')] as const;
      const forced = (store: Storage, next: (typeof keys)[0]) =>
        store.promoteKey({ next, when: 'forced', by: 'test' });
      const [one, two] = await Promise.all([forced(a, keys[0]), forced(b, keys[1])]);
      assert.deepEqual([one.kind, two.kind], ['promoted', 'promoted']);
      const after = await sessionKeys(a);
      assert.notEqual(after.current?.kid, before.next?.kid);
      assert.equal((await a.listKeys()).filter(({ state }) => state === 'retired').length, 2);
      assert.deepEqual(new Set([after.current?.kid, after.next?.kid]), new Set(keys.map(({ kid }) => kid)));
    },
  );

  storeTest(
    'STORE-26: without a next key nothing is promoted and the one given becomes next',
    async ({ a }) => {
      await a.addKey(newKey('session', { alg: 'ML-DSA-44' }), 'current');
      const next = newKey('session', { alg: 'ML-DSA-44' });
      assert.deepEqual(await a.promoteKey({ next, when: 'forced', by: 'test' }), { kind: 'no_next' });
      const states = (await a.listKeys()).filter(({ alg }) => alg === 'ML-DSA-44').map(({ state }) => state);
      assert.deepEqual(states.sort(), ['current', 'next']);
    },
  );

  storeTest('STORE-27: a retired key goes when its last token has expired', async ({ a, clock }) => {
    const before = await sessionKeys(a);
    await a.promoteKey({ next: newKey('session'), when: 'forced', by: 'test' });
    clock.advance(3599);
    assert.deepEqual(await a.dropExpiredKeys({ purpose: 'session', tokenLife: hour }), []);
    clock.advance(1);
    assert.deepEqual(await a.dropExpiredKeys({ purpose: 'refresh', tokenLife: 0 }), []);
    const [dropped, ...more] = await a.dropExpiredKeys({ purpose: 'session', tokenLife: hour });
    assert.deepEqual(more, []);
    assert.equal(dropped?.kid, before.current?.kid);
    assert.deepEqual(
      [dropped?.state, dropped?.wrappedKey, dropped?.goneAt],
      ['gone', null, clock.now() * 1000],
    );
    assert.equal((await sessionKeys(a)).retired, undefined);
    assert.deepEqual(
      (await a.listAudit({ kind: 'key_dropped', limit: 10 })).map(({ fields }) => fields),
      [{ kid: dropped?.kid }],
    );
  });

  for (const state of ['current', 'next', 'retired'] as const) {
    storeTest(`STORE-28: a revoked ${state} key is gone at once`, async ({ a, b, clock }) => {
      await a.promoteKey({ next: newKey('session'), when: 'forced', by: 'test' });
      clock.advance(1);
      const before = await sessionKeys(a);
      const kid = before[state]?.kid ?? '';
      const next = newKey('session');
      const revoked = await b.revokeKey({ kid, next, by: 'test' });
      assert.ok(revoked.kind === 'revoked');
      const after = await sessionKeys(a);
      assert.ok(!Object.values(after).some((key) => key.kid === kid));
      assert.equal(after.current?.kid, state === 'current' ? before.next?.kid : before.current?.kid);
      assert.equal(after.next?.kid, state === 'retired' ? before.next?.kid : next.kid);
      assert.deepEqual([revoked.current.kid, revoked.next?.kid], [after.current?.kid, after.next?.kid]);
      const again = await a.revokeKey({ kid, next: newKey('session'), by: 'test' });
      assert.deepEqual(again, { kind: 'unknown' });
      assert.deepEqual(await sessionKeys(a), after);
    });
  }

  storeTest('STORE-28: a lone key revoked leaves the new one current', async ({ a }) => {
    const lone = newKey('session', { alg: 'ML-DSA-44' });
    await a.addKey(lone, 'current');
    const next = newKey('session', { alg: 'ML-DSA-44' });
    const revoked = await a.revokeKey({ kid: lone.kid, next, by: 'test' });
    assert.ok(revoked.kind === 'revoked');
    assert.deepEqual([revoked.current.kid, revoked.next], [next.kid, null]);
  });

  storeTest('STORE-28: a key of another purpose or algorithm, or none, is not revoked', async ({ a }) => {
    const before = await a.listKeys();
    const refresh = before.find(({ purpose }) => purpose === 'refresh');
    for (const kid of [refresh?.kid ?? '', 'none']) {
      assert.deepEqual(await a.revokeKey({ kid, next: newKey('session'), by: 'test' }), { kind: 'unknown' });
    }
    assert.deepEqual(await a.listKeys(), before);
  });

  storeTest(
    'STORE-10: the head never falls behind an end, and the clock never behind the head',
    async ({ a, b, clock }) => {
      const session = await started(a);
      const cuts: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const cut = await a.endSessionsOf({ subject: session.subject, by: 'test' });
        assert.ok(cut.kind === 'cut');
        cuts.push(cut.position);
      }
      assert.ok(cuts.every((position, index) => index === 0 || position > (cuts[index - 1] ?? 0)));
      clock.setBack(30);
      for (const store of [a, b]) assert.ok((await store.now()) >= (cuts.at(-1) ?? Infinity));
      assert.ok((await started(b)).startedAt > (cuts.at(-1) ?? Infinity));
      clock.advance(31);
      assert.ok((await a.now()) >= session.startedAt + second);
    },
  );

  storeTest('STORE-10: an end, a reuse and a revoked key move the head', async ({ a, b, clock }) => {
    const session = await started(a);
    const reused = await started(a);
    for (const gen of [0, 1]) assert.equal((await a.rotate(rotationOf(reused, { gen }))).kind, 'rotated');
    const { current } = await sessionKeys(a);
    const moves = [
      () => a.endSession({ sid: session.sid, reason: 'operator', by: 'test', holderKey: 'keep' }),
      () => a.rotate(rotationOf(reused)),
      () => a.revokeKey({ kid: current?.kid ?? '', next: newKey('session'), by: 'test' }),
    ];
    for (const [index, move] of moves.entries()) {
      clock.advance(120);
      const at = clock.now() * 1000;
      assert.equal((await move()).kind, ['ended', 'reuse', 'revoked'][index]);
      clock.setBack(50);
      assert.ok((await b.now()) >= at, 'who comes later with a slower clock is not behind');
    }
  });
}
