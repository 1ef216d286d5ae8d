import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMachine, HolderError, memoryKey, type Machine } from '@symbolon/holder';
import { machineScene, status, tokenText } from './scene.ts';

test('HOLDER-1: a machine fetches with a token bound to its key and a proof', async (t) => {
  const { peer, machine } = await machineScene(t, { scope: 'read' });
  const response = await machine.fetch(`${peer.audience}/orders?page=2`, { method: 'post', body: 'x' });
  assert.deepEqual([response.status, await response.json()], [200, { hello: 'holder' }]);
  const [asked] = peer.tokenRequests;
  assert.equal(asked?.asserted, true);
  assert.deepEqual(
    ['grant_type', 'resource', 'scope'].map((name) => asked.form.get(name)),
    ['client_credentials', peer.audience, 'read'],
  );
  assert.deepEqual(
    peer.resourceRequests.map(({ method, path, body }) => [method, path, body]),
    [['POST', '/api/orders?page=2', 'x']],
  );
});

test('HOLDER-2: fifty requests at once cost one token request', async (t) => {
  const { peer, machine } = await machineScene(t);
  const all = Array.from({ length: 50 }, () => status(machine.fetch(`${peer.audience}/orders`)));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
  assert.deepEqual([peer.tokenRequests.length, peer.state.metadataRequests], [1, 1]);
});

test('HOLDER-3: a token is renewed beside the requests from 75 % of its life', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const first = await tokenText(machine.token());
  clock.forward(224_000);
  assert.equal(await tokenText(machine.token()), first);
  assert.equal(peer.tokenRequests.length, 1);
  clock.forward(2000);
  assert.equal(await tokenText(machine.token()), first);
  await settled(() => peer.tokenRequests.length === 2);
  assert.notEqual(await eventually(machine, first), first);
});

test('HOLDER-3: in the last 30 seconds requests wait for the new token', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const first = await tokenText(machine.token());
  clock.forward(271_000);
  assert.notEqual(await tokenText(machine.token()), first);
  assert.equal(peer.tokenRequests.length, 2);
});

test('HOLDER-4: a token is used until it expires while the issuer is away', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const first = await tokenText(machine.token());
  peer.script.push({ status: 503 }, 'cut', { status: 502, body: '<html>' }, { status: 500 });
  for (const step of [230_000, 45_000, 24_000]) {
    clock.forward(step);
    assert.equal(await tokenText(machine.token()), first);
    assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
  }
  clock.forward(1000);
  await assert.rejects(machine.fetch(`${peer.audience}/orders`), (error) => {
    return error instanceof HolderError && error.kind === 'transient' && error.code !== 'session_ended';
  });
  clock.forward(30_000);
  peer.script.length = 0;
  assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
});

test('HOLDER-5: a wall clock that is put back does not make a token live longer', async (t) => {
  let wall = Date.UTC(2026, 0, 2);
  let monotonic = 0;
  const { peer, machine } = await machineScene(t, { clock: () => wall, monotonicClock: () => monotonic });
  peer.state.clock = () => wall;
  const first = await tokenText(machine.token());
  wall -= 3_600_000;
  monotonic += 100_000;
  assert.equal(await tokenText(machine.token()), first);
  monotonic += 200_000;
  assert.notEqual(await tokenText(machine.token()), first);
});

test('HOLDER-5: a machine that slept knows that its token has expired', async (t) => {
  let wall = Date.UTC(2026, 0, 2);
  const { peer, machine } = await machineScene(t, { clock: () => wall, monotonicClock: () => 0 });
  peer.state.clock = () => wall;
  const first = await tokenText(machine.token());
  wall += 8 * 3_600_000;
  assert.notEqual(await tokenText(machine.token()), first);
});

test('HOLDER-5: expiresAt is on the clock of this machine', async (t) => {
  const { machine, clock } = await machineScene(t);
  const result = await machine.token();
  assert.equal(result.kind === 'ok' && result.expiresAt, clock() + 300_000);
});

for (const alg of ['EdDSA', 'ES256', 'ML-DSA-44'] as const) {
  test(`HOLDER-6: tokens and proofs are those of the ${alg} holder key`, async (t) => {
    const { peer, machine } = await machineScene(t, { holderKey: await memoryKey(alg) });
    assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
  });
}

test('HOLDER-7: an ended machine gets no more tokens', async (t) => {
  const { peer, machine } = await machineScene(t);
  const token = await tokenText(machine.token());
  assert.deepEqual(await machine.end(), { kind: 'ok' });
  assert.deepEqual(peer.revoked, [token]);
  const after = await machine.token();
  assert.equal(after.kind === 'refused' && after.code, 'session_ended');
  await assert.rejects(machine.fetch(`${peer.audience}/orders`), { kind: 'refused', code: 'session_ended' });
});

test('HOLDER-7: a session whose end was not heard of goes on', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.state.metadata = { issuer: peer.issuer, token_endpoint: `${peer.issuer}/token` };
  const done = await machine.end();
  assert.equal(done.kind === 'refused' && done.code, 'revocation_unsupported');
  clock.forward(1000);
  assert.equal((await machine.token()).kind, 'ok');
});

test('HOLDER-8: options that can never be safe are refused at once', async () => {
  const key = await memoryKey();
  const sound = { issuer: 'https://issuer.example', audience: 'https://api.example', clientId: 'm1', key };
  createMachine(sound);
  createMachine({ ...sound, issuer: 'http://localhost:3000', audience: 'http://127.0.0.1/api' });
  const unsound = [
    'http://issuer.example',
    'https://u:p@issuer.example',
    'https://issuer.example/?x',
    'x',
    'ftp://x',
  ];
  for (const url of unsound) {
    assert.throws(() => createMachine({ ...sound, issuer: url }), TypeError);
    assert.throws(() => createMachine({ ...sound, audience: url }), TypeError);
    assert.throws(() => createMachine({ ...sound, allowedOrigins: [url] }), TypeError);
  }
  assert.throws(() => createMachine({ ...sound, clientId: '' }), TypeError);
});

async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** Asks until the answer is another than `old`; a renewal beside the requests takes its time. */
async function eventually(machine: Machine, old: string): Promise<string> {
  for (;;) {
    const text = await tokenText(machine.token());
    if (text !== old) return text;
    await new Promise(setImmediate);
  }
}
