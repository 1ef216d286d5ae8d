import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HolderError } from '@symbolon/holder';
import { machineScene, status, tokenText, type MachineScene } from './scene.ts';
import { challenge, startPeer } from './support.ts';

test('HOLDER-19: a token is shown to no origin but the audience’s', async (t) => {
  const { peer, machine, options } = await machineScene(t);
  const other = await startPeer({ clock: peer.state.clock, client: options.key });
  t.after(() => other.close());
  for (const url of [
    `${other.issuer}/api`,
    'https://api.example/',
    peer.audience.replace('http:', 'https:'),
  ]) {
    await assert.rejects(machine.fetch(url), TypeError);
  }
  assert.deepEqual([other.resourceRequests.length, peer.tokenRequests.length], [0, 0]);
  assert.equal(await status(machine.fetch(`${peer.issuer}/elsewhere`)), 200);
});

test('HOLDER-19: allowedOrigins names more', async (t) => {
  const { peer, machine } = await machineScene(t, { allowedOrigins: ['https://api.example'] });
  await assert.rejects(machine.fetch(peer.audience), /allowedOrigins/);
  assert.equal(peer.tokenRequests.length, 0);
});

test('HOLDER-20: a request that brings credentials of its own is a wrong call', async (t) => {
  const { peer, machine } = await machineScene(t);
  for (const name of ['Authorization', 'DPoP']) {
    await assert.rejects(machine.fetch(peer.audience, { headers: { [name]: 'x' } }), TypeError);
    await assert.rejects(machine.fetch(new Request(peer.audience, { headers: { [name]: 'x' } })), TypeError);
  }
  assert.equal(await status(machine.fetch(peer.audience, { headers: { accept: 'text/plain' } })), 200);
});

test('HOLDER-21: a nonce that the resource demands is used at once and kept', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.state.resourceNonce = 'n-1';
  for (let count = 0; count < 3; count++) assert.equal(await status(machine.fetch(peer.audience)), 200);
  assert.deepEqual(nonces(peer), [undefined, 'n-1', 'n-1', 'n-1']);
});

test('HOLDER-51: an answer of which somebody keeps a copy is given up, and holds up nothing', async (t) => {
  const kept: Response[] = [];
  const { peer, machine } = await machineScene(t, {
    fetch: async (...given) => {
      const response = await fetch(...given);
      kept.push(response.clone());
      return response;
    },
  });
  peer.state.resourceNonce = 'n-1';
  const answer = await machine.fetch(peer.audience);
  assert.equal(answer.status, 200);
  assert.deepEqual(nonces(peer), [undefined, 'n-1']);
  await Promise.all([answer, ...kept].map((each) => each.text()));
});

test('HOLDER-21: a nonce in an accepted answer is the next one', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.resourceScript.push({ status: 200, headers: { 'dpop-nonce': 'n-2' } });
  for (let count = 0; count < 2; count++) assert.equal(await status(machine.fetch(peer.audience)), 200);
  assert.deepEqual(nonces(peer), [undefined, 'n-2']);
});

test('HOLDER-21: twenty requests at once all use the nonce that the first has learnt', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.state.resourceNonce = 'n-1';
  const all = Array.from({ length: 20 }, () => status(machine.fetch(peer.audience)));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
});

test('HOLDER-21: a second demand goes to the caller', async (t) => {
  const { peer, machine } = await machineScene(t);
  for (const nonce of ['a', 'b', 'c'])
    peer.resourceScript.push(challenge('use_dpop_nonce', { 'dpop-nonce': nonce }));
  assert.equal(await status(machine.fetch(peer.audience)), 401);
  assert.deepEqual(nonces(peer), [undefined, 'a']);
});

test('HOLDER-21: a demand without a sound nonce goes to the caller', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.resourceScript.push(challenge('use_dpop_nonce'), challenge('use_dpop_nonce', { 'dpop-nonce': 'a b' }));
  assert.equal(await status(machine.fetch(peer.audience)), 401);
  assert.equal(await status(machine.fetch(peer.audience)), 401);
  assert.equal(peer.resourceRequests.length, 2);
});

test('HOLDER-22: a refused token is replaced by one request for all who meet the refusal', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  const first = await tokenText(machine.token());
  peer.dead.add(first);
  clock.forward(6000);
  const all = Array.from({ length: 20 }, () => status(machine.fetch(peer.audience)));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
  assert.equal(peer.tokenRequests.length, 2);
});

test('HOLDER-22: the refusal of a new token goes to the caller', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  for (let count = 0; count < 4; count++) peer.resourceScript.push(challenge('invalid_token'));
  assert.equal(await status(machine.fetch(peer.audience)), 401);
  assert.deepEqual([peer.tokenRequests.length, peer.resourceRequests.length], [1, 1]);
  clock.forward(6000);
  assert.equal(await status(machine.fetch(peer.audience)), 401);
  assert.deepEqual([peer.tokenRequests.length, peer.resourceRequests.length], [2, 3]);
});

test('HOLDER-22: other refusals go to the caller', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  await tokenText(machine.token());
  clock.forward(6000);
  const others = [
    challenge('insufficient_user_authentication'),
    { status: 403 },
    { status: 401 },
    { status: 503 },
  ];
  for (const answer of others) {
    peer.resourceScript.push(answer);
    assert.equal(await status(machine.fetch(peer.audience)), answer.status);
  }
  assert.equal(peer.tokenRequests.length, 1);
});

test('HOLDER-23: no 401 reaches the caller because the issuer was away', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.dead.add(await tokenText(machine.token()));
  clock.forward(6000);
  peer.script.push({ status: 503, headers: { 'retry-after': '7' } });
  await assert.rejects(machine.fetch(peer.audience), {
    name: 'HolderError',
    kind: 'transient',
    retryAfter: 7,
  });
  clock.forward(7000);
  assert.equal(await status(machine.fetch(peer.audience)), 200);
});

test('HOLDER-23: a session that ended is refused by its own name', async (t) => {
  const { peer, machine, clock } = await machineScene(t);
  peer.dead.add(await tokenText(machine.token()));
  clock.forward(6000);
  peer.script.push({
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_client","code":"client_key_blocked"}',
  });
  await assert.rejects(machine.fetch(peer.audience), { kind: 'refused', code: 'client_key_blocked' });
});

const bodies: Readonly<Record<string, (url: string) => [RequestInfo | URL, RequestInit?]>> = {
  text: (url) => [url, { method: 'POST', body: 'hello' }],
  bytes: (url) => [new URL(url), { method: 'PUT', body: new TextEncoder().encode('hello') }],
  'a Request': (url) => [new Request(url, { method: 'POST', body: 'hello' })],
  'a Request that is changed': (url) => [new Request(url), { method: 'PATCH', body: new Blob(['hello']) }],
  'a Request with a stream': (url) => [new Request(url, streaming('hello'))],
};

for (const [name, make] of Object.entries(bodies)) {
  test(`HOLDER-24: a repeated request has the whole body again: ${name}`, async (t) => {
    const { peer, machine } = await machineScene(t);
    peer.state.resourceNonce = 'n-1';
    assert.equal(await status(machine.fetch(...make(peer.audience))), 200);
    assert.deepEqual(
      peer.resourceRequests.map(({ body }) => body),
      ['hello', 'hello'],
    );
  });
}

test('HOLDER-25: a stream is sent once and never again', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.state.resourceNonce = 'n-1';
  await assert.rejects(machine.fetch(peer.audience, streaming('hello')), {
    kind: 'transient',
    code: 'body_not_repeatable',
  });
  assert.equal(await status(machine.fetch(peer.audience, streaming('again'))), 200);
  assert.deepEqual(
    peer.resourceRequests.map(({ body }) => body),
    ['hello', 'again'],
  );
});

test('HOLDER-26: a redirect to another origin is refused, and nothing is sent there', async (t) => {
  const { peer, machine, options } = await machineScene(t);
  const other = await startPeer({ clock: peer.state.clock, client: options.key });
  t.after(() => other.close());
  for (const code of [301, 302, 303, 307, 308]) {
    for (const location of [
      `${other.issuer}/api`,
      `//${new URL(other.issuer).host}/`,
      'http://:bad',
      'data:,x',
    ]) {
      peer.resourceScript.push({ status: code, headers: { location } });
      await assert.rejects(machine.fetch(peer.audience), { kind: 'refused', code: 'redirect_refused' });
    }
  }
  assert.equal(other.resourceRequests.length, 0);
});

test('HOLDER-26: a redirect that a browser hides is refused', async (t) => {
  const { machine, peer } = await machineScene(t, { fetch: hideRedirects });
  peer.resourceScript.push({ status: 307, headers: { location: '/api/b' } });
  await assert.rejects(machine.fetch(peer.audience), { kind: 'refused', code: 'redirect_refused' });
});

/** What a browser makes of `redirect: 'manual'` (Fetch standard, opaque-redirect filtered response). */
async function hideRedirects(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.headers.has('location')) return response;
  await response.body?.cancel();
  return Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' });
}

const steps: readonly (readonly [number, string, string, string])[] = [
  [301, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [303, 'PUT', 'GET', ''],
  [307, 'POST', 'POST', 'x'],
  [308, 'PUT', 'PUT', 'x'],
  [302, 'PUT', 'PUT', 'x'],
];

for (const [code, method, next, body] of steps) {
  test(`HOLDER-27: ${String(code)} for ${method} is followed as ${next} with a new proof`, async (t) => {
    const { peer, machine } = await machineScene(t);
    peer.resourceScript.push({ status: code, headers: { location: '/api/b?c' } });
    assert.equal(await status(machine.fetch(`${peer.audience}/a`, { method, body: 'x' })), 200);
    assert.deepEqual(
      peer.resourceRequests.map((seen) => [seen.method, seen.path, seen.body]),
      [
        [method, '/api/a', 'x'],
        [next, '/api/b?c', body],
      ],
    );
  });
}

test('HOLDER-27: at most five redirects are followed', async (t) => {
  const { peer, machine } = await machineScene(t);
  for (let count = 0; count < 9; count++)
    peer.resourceScript.push({ status: 302, headers: { location: '/api' } });
  await assert.rejects(machine.fetch(peer.audience), { code: 'redirect_refused' });
  assert.equal(peer.resourceRequests.length, 6);
});

test('HOLDER-27: a stream is not sent to where a redirect leads', async (t) => {
  const { peer, machine } = await machineScene(t);
  peer.resourceScript.push({ status: 307, headers: { location: '/api/b' } });
  await assert.rejects(machine.fetch(peer.audience, streaming('x')), { code: 'redirect_refused' });
});

test('HOLDER-27: a caller may ask for the redirect itself, or for an error', async (t) => {
  const { peer, machine } = await machineScene(t);
  const away = { status: 302, headers: { location: 'https://files.example/x' } };
  peer.resourceScript.push(away, away, away);
  const response = await machine.fetch(peer.audience, { redirect: 'manual' });
  assert.deepEqual([response.status, response.headers.get('location')], [302, 'https://files.example/x']);
  await assert.rejects(machine.fetch(peer.audience, { redirect: 'error' }), TypeError);
  await assert.rejects(machine.fetch(new Request(peer.audience, { redirect: 'error' })), TypeError);
});

test('HOLDER-27: 300, 304 and a redirect without Location go to the caller', async (t) => {
  const { peer, machine } = await machineScene(t);
  for (const code of [300, 304, 302]) {
    peer.resourceScript.push({ status: code });
    assert.equal(await status(machine.fetch(peer.audience)), code);
  }
});

test('HOLDER-28: an abort ends the waiting of its own request only', async (t) => {
  const scene = await machineScene(t, { fetch: slowly });
  const stop = new AbortController();
  const aborted = scene.machine.fetch(scene.peer.audience, { signal: stop.signal });
  const other = status(scene.machine.fetch(scene.peer.audience));
  stop.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  assert.equal(await other, 200);
  await assert.rejects(scene.machine.fetch(scene.peer.audience, { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
  assert.deepEqual([scene.peer.tokenRequests.length, scene.peer.resourceRequests.length], [1, 1]);
});

test('HOLDER-28: a signal that is aborted already waits for nothing', async (t) => {
  const never = Promise.withResolvers<Response>();
  const { peer, machine } = await machineScene(t, { fetch: () => never.promise });
  await assert.rejects(machine.fetch(peer.audience, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

async function slowly(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return fetch(input, init);
}

test('the errors of the platform pass through unchanged', async (t) => {
  const { peer, machine } = await machineScene(t);
  await tokenText(machine.token());
  await peer.close();
  await assert.rejects(machine.fetch(peer.audience), (error) => {
    return error instanceof TypeError && !(error instanceof HolderError);
  });
});

function streaming(text: string): RequestInit {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  return { method: 'POST', body, duplex: 'half' } as RequestInit;
}

function nonces(peer: MachineScene['peer']): (string | undefined)[] {
  return peer.resourceRequests.map(({ nonce }) => nonce);
}
