import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHolder, memoryKey, memoryPairStore, type PairStore } from '@symbolon/holder';
import { sessionScene, status, tokenText } from './scene.ts';
import { json } from './support.ts';

const superseded = json(400, { error: 'invalid_grant', code: 'refresh_superseded' });

test('HOLDER-30: a session is used, refreshed, and goes on in another process', async (t) => {
  const { peer, holder, store, clock, options } = await sessionScene(t);
  assert.equal(await status(holder.fetch(peer.audience)), 200);
  assert.equal(peer.tokenRequests.length, 0);
  const { refreshToken } = await kept(store);
  clock.forward(300_000);
  assert.equal(await status(holder.fetch(peer.audience)), 200);
  assert.deepEqual(presented(peer), [refreshToken]);
  assert.equal((await kept(store)).generation, 1);
  const restarted = createHolder(options);
  assert.equal(await tokenText(restarted.token()), await tokenText(holder.token()));
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-30: what another process has refreshed is used without a request', async (t) => {
  const { peer, holder, clock, options } = await sessionScene(t);
  const other = createHolder(options);
  await Promise.all([holder.token(), other.token()]);
  clock.forward(290_000);
  const fresh = await tokenText(other.token());
  assert.equal(await tokenText(holder.token()), fresh);
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-30: a process that starts while the issuer is away uses what is left in the store', async (t) => {
  const { peer, store, clock, options } = await sessionScene(t);
  clock.forward(280_000);
  peer.script.push({ status: 503 }, { status: 503 });
  const restarted = createHolder(options);
  assert.equal(await tokenText(restarted.token()), (await kept(store)).token);
  assert.equal(await status(restarted.fetch(peer.audience)), 200);
});

test('HOLDER-30: fifty requests at the end of a token cost one refresh', async (t) => {
  const { peer, holder, clock } = await sessionScene(t);
  clock.forward(300_000);
  await Promise.all(Array.from({ length: 50 }, () => status(holder.fetch(peer.audience))));
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-30: a token that the resource refused is not taken from the store again', async (t) => {
  const { peer, holder, clock } = await sessionScene(t);
  peer.dead.add(await tokenText(holder.token()));
  clock.forward(6000);
  assert.equal(await status(holder.fetch(peer.audience)), 200);
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-30: a pair from the future, by a clock that was put back, is refreshed', async (t) => {
  const { peer, clock, options } = await sessionScene(t);
  clock.forward(-3_600_000);
  const restarted = createHolder(options);
  await tokenText(restarted.token());
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-31: a pair is saved over an older one of its session only', async () => {
  const store = memoryPairStore();
  const pair = { token: 't', refreshToken: 'r', sessionId: 'A', generation: 5, obtainedAt: 0, life: 300 };
  await store.save(pair);
  assert.equal(await store.load(), undefined);
  await store.replace(pair);
  await store.save({ ...pair, generation: 4 });
  await store.save({ ...pair, generation: 5, token: 'u' });
  await store.save({ ...pair, generation: 6, sessionId: 'B' });
  assert.deepEqual(await store.load(), pair);
  await store.save({ ...pair, generation: 6 });
  assert.equal((await store.load())?.generation, 6);
});

test('HOLDER-31: a refresh that ends after another session was adopted does not overwrite it', async (t) => {
  const { peer, holder, store, clock } = await sessionScene(t);
  clock.forward(300_000);
  const late = holder.token();
  const before = await peer.startSession();
  const other = { ...before, sid: 'TTTTTTTTTTTTTTTTTTTTTA' };
  await holder.adopt(other);
  await late;
  assert.equal((await kept(store)).sessionId, 'TTTTTTTTTTTTTTTTTTTTTA');
  assert.equal(await tokenText(holder.token()), before['access_token']);
});

test('HOLDER-31: an answer of another session is not taken', async (t) => {
  const { peer, holder, store, clock } = await sessionScene(t);
  clock.forward(300_000);
  peer.script.push(json(200, { ...(await peer.startSession()), sid: 'TTTTTTTTTTTTTTTTTTTTTA' }));
  const result = await holder.token();
  assert.equal(result.kind === 'transient' && result.code, 'issuer_answer_malformed');
  assert.equal((await kept(store)).sessionId, 'SSSSSSSSSSSSSSSSSSSSSA');
});

test('HOLDER-32: superseded means that the store is read again', async (t) => {
  const inner = memoryPairStore();
  const newer: Parameters<PairStore['save']>[0][] = [];
  let loads = 0;
  const store: PairStore = {
    ...inner,
    load: async () => {
      const pair = await inner.load();
      // Somebody saves after the pair was read to be presented, and before the answer.
      if (++loads === 2) for (const other of newer) await inner.save(other);
      return pair;
    },
  };
  const { peer, holder, clock } = await sessionScene(t, { store });
  clock.forward(300_000);
  const pair = await kept(inner);
  loads = 0;
  newer.push({ ...pair, token: 'new.er.token', refreshToken: 'r', generation: 3, obtainedAt: clock() });
  peer.script.push(superseded);
  assert.equal(await tokenText(holder.token()), 'new.er.token');
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-32: superseded without a newer pair is transient and ends nothing', async (t) => {
  const { peer, holder, store, clock } = await sessionScene(t);
  const before = await kept(store);
  await tokenText(holder.token());
  clock.forward(280_000);
  peer.script.push(superseded);
  assert.equal(await tokenText(holder.token()), before.token);
  clock.forward(20_000);
  peer.script.push(superseded);
  const result = await holder.token();
  assert.ok(result.kind === 'transient', JSON.stringify(result));
  assert.deepEqual([result.code, result.retryAfter], ['refresh_superseded', 1]);
  assert.deepEqual(await kept(store), before);
  clock.forward(1000);
  await tokenText(holder.token());
});

test('HOLDER-33: after a lost answer the same refresh token is presented again', async (t) => {
  const { peer, holder, store, clock } = await sessionScene(t);
  clock.forward(300_000);
  const { refreshToken } = await kept(store);
  peer.script.push('cut');
  assert.equal((await holder.token()).kind, 'transient');
  clock.forward(1000);
  await tokenText(holder.token());
  assert.deepEqual(presented(peer), [refreshToken, refreshToken]);
});

test('HOLDER-33: a crash between answer and saving presents the same refresh token', async (t) => {
  const inner = memoryPairStore();
  let crashes = true;
  const store: PairStore = {
    ...inner,
    save: (pair) => {
      if (crashes) throw new Error('killed');
      return inner.save(pair);
    },
  };
  const { peer, holder, options, clock } = await sessionScene(t, { store });
  clock.forward(300_000);
  const { refreshToken } = await kept(inner);
  await holder.token();
  crashes = false;
  await tokenText(createHolder(options).token());
  assert.deepEqual(presented(peer), [refreshToken, refreshToken]);
});

test('HOLDER-42: a holder frozen after reading never presents a pair that is two rotations old', async (t) => {
  const { peer, options, store, clock } = await sessionScene(t);
  const { promise: frozen, resolve } = Promise.withResolvers<undefined>();
  let reads = 0;
  const slow: PairStore = {
    ...store,
    load: async () => {
      const pair = await store.load();
      if (++reads === 1) await frozen;
      return pair;
    },
  };
  clock.forward(300_000);
  const waking = createHolder({ ...options, store: slow }).token();
  const awake = createHolder(options);
  await tokenText(awake.token());
  clock.forward(300_000);
  await tokenText(awake.token());
  const before = presented(peer);
  const { refreshToken } = await kept(store);
  resolve(undefined);
  await tokenText(waking);
  assert.equal(before.length, 2);
  assert.deepEqual(presented(peer).slice(before.length), [refreshToken]);
});

for (const code of ['refresh_reused', 'refresh_refused', 'refresh_expired']) {
  test(`HOLDER-34: ${code} means that the session has ended`, async (t) => {
    const { peer, holder, store, clock } = await sessionScene(t);
    const before = await kept(store);
    await tokenText(holder.token());
    clock.forward(280_000);
    peer.script.push(json(400, { error: 'invalid_grant', code }));
    const result = await holder.token();
    assert.ok(result.kind === 'refused', JSON.stringify(result));
    assert.deepEqual([result.error, result.code], ['invalid_grant', code]);
    await assert.rejects(holder.fetch(peer.audience), { kind: 'refused', error: 'invalid_grant', code });
    assert.equal(peer.tokenRequests.length, 1);
    assert.deepEqual(await kept(store), before);
  });
}

test('HOLDER-34: a new session after the end of one is used at once', async (t) => {
  const { peer, holder, clock } = await sessionScene(t);
  clock.forward(300_000);
  peer.script.push(json(400, { error: 'invalid_grant', code: 'refresh_reused' }));
  assert.equal((await holder.token()).kind, 'refused');
  await holder.adopt(await peer.startSession());
  assert.equal(await status(holder.fetch(peer.audience)), 200);
});

test('HOLDER-35: a store that fails stops nothing while the token lives', async (t) => {
  const inner = memoryPairStore();
  let broken = false;
  const fail = (): void => {
    if (broken) throw new Error('disk full');
  };
  const store: PairStore = {
    ...inner,
    save: (pair) => {
      fail();
      return inner.save(pair);
    },
  };
  const { peer, holder, clock } = await sessionScene(t, { store });
  const first = await tokenText(holder.token());
  broken = true;
  clock.forward(280_000);
  assert.equal(await tokenText(holder.token()), first);
  clock.forward(20_000);
  const result = await holder.token();
  assert.ok(result.kind === 'transient', JSON.stringify(result));
  assert.match(String(result.cause), /disk full/);
  broken = false;
  clock.forward(10_000);
  assert.notEqual(await tokenText(holder.token()), first);
  const [one, ...others] = presented(peer);
  for (const other of others) assert.equal(other, one);
});

test('HOLDER-36: an answer that started no renewable session is not adopted', async (t) => {
  const { peer, holder, store } = await sessionScene(t);
  const before = await kept(store);
  const answer = await peer.startSession();
  const unsound: unknown[] = [
    null,
    'x',
    {},
    { ...answer, token_type: 'Bearer' },
    { ...answer, access_token: 7 },
  ];
  for (const name of ['refresh_token', 'sid', 'generation']) unsound.push({ ...answer, [name]: undefined });
  for (const value of unsound) await assert.rejects(holder.adopt(value), TypeError);
  assert.deepEqual(await kept(store), before);
  await holder.adopt(answer);
  assert.equal((await kept(store)).token, answer['access_token']);
});

test('HOLDER-36: an empty store is refused as session_missing', async (t) => {
  const { peer, options } = await sessionScene(t);
  const holder = createHolder({ ...options, store: memoryPairStore() });
  await assert.rejects(holder.fetch(peer.audience), { kind: 'refused', code: 'session_missing' });
});

test('HOLDER-37: end revokes by the refresh token and empties the store', async (t) => {
  const { peer, holder, store } = await sessionScene(t);
  const { refreshToken } = await kept(store);
  assert.deepEqual(await holder.end(), { kind: 'ok' });
  assert.deepEqual(peer.revoked, [refreshToken]);
  assert.equal(await store.load(), undefined);
  const result = await holder.token();
  assert.equal(result.kind === 'refused' && result.code, 'session_missing');
  assert.deepEqual(await holder.end(), { kind: 'ok' });
  assert.equal(peer.revoked.length, 1);
});

test('HOLDER-37: an end that did not arrive empties nothing', async (t) => {
  const { peer, holder, store } = await sessionScene(t);
  await peer.close();
  assert.equal((await holder.end()).kind, 'transient');
  assert.notEqual(await store.load(), undefined);
});

test('HOLDER-38: a public client names itself', async (t) => {
  const { peer, holder, clock } = await sessionScene(t);
  clock.forward(300_000);
  await tokenText(holder.token());
  const [asked] = peer.tokenRequests;
  assert.deepEqual([asked?.asserted, asked?.form.get('client_id')], [false, 'web']);
});

test('HOLDER-38: a client with a key authenticates, and its assertion names the holder’s key', async (t) => {
  const { peer, holder, clock } = await sessionScene(t, { clientKey: await memoryKey('ES256') });
  clock.forward(300_000);
  await tokenText(holder.token());
  const [asked] = peer.tokenRequests;
  assert.deepEqual([asked?.asserted, asked?.form.get('client_id')], [true, null]);
});

async function kept(store: PairStore): Promise<NonNullable<Awaited<ReturnType<PairStore['load']>>>> {
  const pair = await store.load();
  assert.ok(pair !== undefined);
  return pair;
}

function presented(peer: { tokenRequests: { form: URLSearchParams }[] }): (string | null)[] {
  return peer.tokenRequests.map(({ form }) => form.get('refresh_token'));
}
