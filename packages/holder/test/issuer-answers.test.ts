import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { createMachine, HolderError, memoryKey } from '@symbolon/holder';
import { machineScene, status, tokenText } from './scene.ts';
import { json, startPeer, type Scripted } from './support.ts';

const noise: Readonly<Record<string, Scripted | 'cut'>> = {
  'a connection that breaks': 'cut',
  'a 500': { status: 500 },
  'a 503 in HTML': { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>later</h1>' },
  'a 429': json(429, { error: 'invalid_client' }),
  'a redirect': { status: 302, headers: { location: '/elsewhere' } },
  'a login page': { status: 200, headers: { 'content-type': 'text/html' }, body: '<form>' },
  'broken JSON': { status: 200, headers: { 'content-type': 'application/json' }, body: '{"access_token":' },
  'JSON that is a list': json(200, []),
  'an error in HTML': { status: 401, headers: { 'content-type': 'text/html' }, body: '<h1>no</h1>' },
  'an error that OAuth does not register': json(400, { error: 'bad_request' }),
  'a refusal by a firewall': json(403, { error: 'access_denied' }),
  'an empty error': json(401, {}),
  'an answer without end': {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"access_token":"a.b.c","token_type":"DPoP","expires_in":300}${' '.repeat(70_000)}`,
  },
};

for (const [name, answer] of Object.entries(noise)) {
  test(`HOLDER-9: ${name} is transient`, async (t) => {
    const { peer, machine, clock } = await machineScene(t);
    peer.script.push(answer);
    const result = await machine.token();
    assert.equal(result.kind, 'transient');
    clock.forward(10_000);
    assert.equal(await status(machine.fetch(`${peer.audience}/orders`)), 200);
  });
}

test('HOLDER-9: credentials are not sent to where the token endpoint redirects', async (t) => {
  const { peer, machine, options } = await machineScene(t);
  const other = await startPeer({ clock: peer.state.clock, client: options.key });
  t.after(() => other.close());
  peer.script.push({ status: 307, headers: { location: `${other.issuer}/token` } });
  assert.equal((await machine.token()).kind, 'transient');
  assert.deepEqual([other.tokenRequests.length, other.refusals], [0, 0]);
});

test('HOLDER-9: an issuer that is down is transient', async (t) => {
  const { peer, machine } = await machineScene(t);
  await peer.close();
  const result = await machine.token();
  assert.equal(result.kind === 'transient' && result.code, 'issuer_unreachable');
  await assert.rejects(machine.fetch(`${peer.audience}/orders`), { name: 'HolderError', kind: 'transient' });
});

test('HOLDER-9: a key that cannot sign now is transient', async (t) => {
  const key = await memoryKey();
  let plugged = false;
  const sign: typeof key.sign = (data) => {
    if (!plugged) throw new Error('no token in the slot');
    return key.sign(data);
  };
  const { machine, clock } = await machineScene(t, { key: { ...key, sign } });
  const result = await machine.token();
  assert.equal(result.kind === 'transient' && result.code, 'holder_fault');
  plugged = true;
  clock.forward(1000);
  await tokenText(machine.token());
});

test('HOLDER-10: nobody asks again for Retry-After', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.script.push({ status: 429, headers: { 'retry-after': '20' } });
  assert.deepEqual(await retryAfters(machine, clock, [0, 15_000]), [20, 5]);
  assert.equal(peer.tokenRequests.length, 1);
  clock.forward(5000);
  await tokenText(machine.token());
});

test('HOLDER-10: Retry-After may be a date, and is never believed for more than five minutes', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const date = new Date(clock() + 30_000).toUTCString();
  peer.script.push({ status: 503, headers: { 'retry-after': date } });
  peer.script.push({ status: 503, headers: { 'retry-after': '86400' } });
  assert.deepEqual(await retryAfters(machine, clock, [0, 30_000]), [30, 300]);
});

test('HOLDER-10: a date in Retry-After is by the clock of the issuer', async (t) => {
  const { peer, machine, clock } = await machineScene(t, (right) => ({ clock: () => right() - 600_000 }));
  const date = new Date(clock() + 30_000).toUTCString();
  peer.script.push(null, { status: 503, headers: { 'retry-after': date } });
  const result = await machine.token();
  assert.equal(result.kind === 'transient' && result.retryAfter, 30);
});

test('HOLDER-10: without Retry-After the pauses grow to ten seconds', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.script.push(...Array.from({ length: 6 }, () => ({ status: 500 })));
  for (const pause of [1, 2, 4, 8, 10, 10]) {
    assert.equal((await machine.token()).kind, 'transient');
    const [left] = await retryAfters(machine, clock, [0]);
    assert.equal(left, pause);
    clock.forward(pause * 1000);
  }
  await tokenText(machine.token());
});

test('HOLDER-11: a refusal is final, precise, and not repeated for 30 seconds', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  await tokenText(machine.token());
  const blocked = { error: 'invalid_client', code: 'client_key_blocked', error_description: 'Blocked.' };
  peer.script.push(json(401, blocked));
  clock.forward(280_000);
  const expected = {
    kind: 'refused',
    code: 'client_key_blocked',
    error: 'invalid_client',
    description: 'Blocked.',
  };
  assert.deepEqual(await machine.token(), expected);
  await assert.rejects(machine.fetch(`${peer.audience}/orders`), (error) => {
    const { kind, code, message } = error as HolderError;
    return kind === 'refused' && code === 'client_key_blocked' && message === 'Blocked.';
  });
  assert.equal(peer.tokenRequests.length, 2);
  clock.forward(30_000);
  await tokenText(machine.token());
});

test('HOLDER-11: a real refusal by the issuer is read', async (t) => {
  const { peer, options } = await machineScene(t);
  const stranger = createMachine({ ...options, key: await memoryKey(), holderKey: options.key });
  const result = await stranger.token();
  assert.ok(result.kind === 'refused', JSON.stringify(result));
  assert.deepEqual([result.error, result.code], ['invalid_client', 'assertion_key_unknown']);
  assert.equal(peer.tokenRequests.length, 0);
});

test('HOLDER-11: a description that is no plain text is replaced', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.script.push(json(400, { error: 'invalid_scope', code: 'A B', error_description: '\u001b[31mred' }));
  const result = await machine.token();
  assert.deepEqual(result, {
    kind: 'refused',
    code: 'invalid_scope',
    error: 'invalid_scope',
    description: 'refused: invalid_scope',
  });
});

test('HOLDER-12: a nonce that the token endpoint demands is used at once and kept', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.state.tokenNonce = 'n-1';
  await tokenText(machine.token());
  clock.forward(280_000);
  await tokenText(machine.token());
  assert.deepEqual(
    peer.tokenRequests.map(({ nonce }) => nonce),
    [undefined, 'n-1', 'n-1'],
  );
});

test('HOLDER-12: a second demand in a row is transient', async (t) => {
  const { peer, machine } = await machineScene(t);
  const demand = (nonce: string): Scripted => json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': nonce });
  peer.script.push(demand('a'), demand('b'), demand('c'));
  assert.equal((await machine.token()).kind, 'transient');
  assert.equal(peer.tokenRequests.length, 2);
});

for (const [code, error] of [
  ['assertion_replayed', 'invalid_client'],
  ['proof_replayed', 'invalid_dpop_proof'],
]) {
  test(`HOLDER-13: ${String(code)} is transient`, async (t) => {
    const { peer, machine, clock } = await machineScene(t);
    peer.script.push(json(400, { error, code }));
    assert.equal((await machine.token()).kind, 'transient');
    clock.forward(1000);
    await tokenText(machine.token());
  });
}

test('HOLDER-14: metadata of another issuer is refused', async (t) => {
  const { peer, machine } = await machineScene(t);
  const { metadata } = peer.state;
  peer.state.metadata = { ...metadata, issuer: `${peer.issuer}/` };
  const result = await machine.token();
  assert.equal(result.kind === 'refused' && result.code, 'issuer_unexpected');
  assert.equal(peer.tokenRequests.length, 0);
});

test('HOLDER-14: an endpoint that is not secure, or missing, gets nothing', async (t) => {
  for (const endpoint of [
    'http://issuer.example/token',
    'https://u@issuer.example/token',
    'token',
    7,
    undefined,
  ]) {
    const { peer, machine, clock } = await machineScene(t);
    const { metadata } = peer.state;
    peer.state.metadata = { issuer: peer.issuer, token_endpoint: endpoint };
    const result = await machine.token();
    assert.equal(result.kind === 'transient' && result.code, 'issuer_answer_malformed');
    peer.state.metadata = metadata;
    clock.forward(1000);
    await tokenText(machine.token());
  }
});

test('HOLDER-14: the metadata is looked up again when the endpoint has moved', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  await tokenText(machine.token());
  clock.forward(300_000);
  await tokenText(machine.token());
  assert.equal(peer.state.metadataRequests, 1);
  peer.script.push({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'not here' });
  clock.forward(300_000);
  assert.equal((await machine.token()).kind, 'transient');
  clock.forward(1000);
  await tokenText(machine.token());
  assert.equal(peer.state.metadataRequests, 2);
});

test('HOLDER-14: the metadata of an issuer with a path lies before that path', async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (input) => {
    asked.push(input instanceof Request ? input.url : String(input));
    return Promise.reject(new TypeError('offline'));
  };
  const key = await memoryKey();
  const issuer = 'https://issuer.example/eu';
  await createMachine({ issuer, audience: 'https://api.example', clientId: 'm1', key, fetch }).token();
  assert.deepEqual(asked, ['https://issuer.example/.well-known/oauth-authorization-server/eu']);
});

const sound = { access_token: 'a.b.c', token_type: 'DPoP', expires_in: 300 };
const unsound: readonly Record<string, unknown>[] = [
  { access_token: undefined },
  { access_token: '' },
  { access_token: 'a b' },
  { access_token: 'a\r\nb' },
  { access_token: 'a'.repeat(8193) },
  { token_type: undefined },
  { expires_in: undefined },
  { expires_in: '300' },
  { expires_in: 0 },
  { expires_in: -1 },
  { expires_in: 1e300 },
  { scope: 7 },
  { sid: 'short' },
  { refresh_token: ['r'] },
  { generation: 1.5 },
];

test('HOLDER-15: a token answer is read strictly', async (t) => {
  for (const change of unsound) {
    const { peer, machine, clock } = await machineScene(t);
    peer.script.push(json(200, { ...sound, ...change }), json(200, sound));
    const result = await machine.token();
    assert.equal(result.kind === 'transient' && result.code, 'issuer_answer_malformed', inspect(change));
    clock.forward(1000);
    assert.equal(await tokenText(machine.token()), 'a.b.c');
  }
});

test('HOLDER-15: a token that is bound to no key is refused', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.script.push(json(200, { ...sound, token_type: 'Bearer' }));
  const result = await machine.token();
  assert.equal(result.kind === 'refused' && result.code, 'token_type_unexpected');
});

test('HOLDER-16: no error holds a credential', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const seen: unknown[] = [];
  const token = await tokenText(machine.token());
  const note = (error: unknown): void => void seen.push(error);
  clock.forward(300_000);
  peer.script.push('cut');
  await machine.fetch(`${peer.audience}/orders`).catch(note);
  clock.forward(10_000);
  peer.script.push(json(400, { error: 'invalid_grant' }));
  await machine.fetch(`${peer.audience}/orders`).catch(note);
  await machine.fetch('https://elsewhere.example/').catch(note);
  assert.equal(seen.length, 3);
  const text = inspect(seen, { depth: 20, showHidden: true, maxStringLength: Infinity });
  const assertions = peer.tokenRequests.map(({ form }) => form.get('client_assertion') ?? '');
  for (const secret of [token, ...assertions]) assert.ok(!text.includes(secret.slice(-40)));
  assert.ok(!text.includes('eyJ'));
});

async function retryAfters(
  machine: { token(): Promise<{ kind: string; retryAfter?: number }> },
  clock: { forward(milliseconds: number): void },
  steps: readonly number[],
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const step of steps) {
    clock.forward(step);
    await machine.token();
    found.push((await machine.token()).retryAfter);
  }
  return found;
}
