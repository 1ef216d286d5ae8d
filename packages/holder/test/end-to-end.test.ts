import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';
import { createHolder, createMachine, memoryKey, memoryPairStore } from '@symbolon/holder';
import {
  createIssuer,
  createKeyring,
  openSqlite,
  serveIssuer,
  type Issuer,
  type IssuerOptions,
} from '@symbolon/issuer';
import { status, tokenText } from './scene.ts';
import { handClock, type HandClock } from './support.ts';

const keyring = createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(7) }]);

test('a machine, an issuer and a guard over HTTP', async (t) => {
  const port = await freePort();
  const issuerUrl = `http://localhost:${String(port)}`;
  const api = createServer();
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const audience = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}/api`;
  const issuer = await openIssuer({ issuer: issuerUrl, audiences: [{ audience, scopes: ['read'] }] });
  const server = await serveIssuer(issuer, { port, host: 'localhost' });
  const guard = createGuard({
    issuer: issuerUrl,
    audience,
    publicUrl: new URL(audience).origin,
    staleFeed: 'refuse',
  });
  api.on(
    'request',
    protect(guard, (_request, response, session) => response.end(session.clientId), { scope: 'read' }),
  );
  t.after(async () => {
    guard.close();
    api.closeAllConnections();
    api.close();
    await server.close();
  });

  const key = await memoryKey();
  const client = await issuer.clients.add({
    keys: [{ ...key.jwk }],
    audiences: [{ audience, scope: ['read'] }],
  });
  const clock = (): number => Date.now() + 600_000;
  const machine = createMachine({ issuer: issuerUrl, clientId: client.id, key, audience, clock });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, page) =>
      (await machine.fetch(`${audience}?page=${String(page)}`)).text(),
    ),
  );
  assert.deepEqual(new Set(answers), new Set([client.id]));
  assert.equal((await issuer.sessions.list()).length, 1);

  const stranger = createMachine({
    issuer: issuerUrl,
    clientId: client.id,
    key: await memoryKey(),
    audience,
  });
  await assert.rejects(stranger.fetch(audience), { kind: 'refused', error: 'invalid_client' });
  assert.deepEqual(await machine.end(), { kind: 'ok' });
  assert.equal((await issuer.sessions.list({ only: 'alive' })).length, 0);
  await assert.rejects(machine.fetch(audience), { kind: 'refused', code: 'session_ended' });
});

for (const alg of ['EdDSA', 'ES256', 'ML-DSA-44'] as const) {
  test(`a session that an application started lives through refreshes, by a ${alg} key`, async (t) => {
    const house = await openHouse(t);
    const key = await memoryKey(alg);
    const holder = createHolder({ ...house.options, key, store: memoryPairStore() });
    await holder.adopt(
      await house.issuer.sessions.start({ clientId: 'web', subject: 'alice', jkt: key.kid }),
    );
    for (let hour = 0; hour < 12; hour++) {
      assert.equal(await status(holder.fetch(`${house.audience}/orders`)), 200);
      house.clock.forward(3_600_000);
    }
    assert.equal((await issuerSessions(house)).length, 1);
    await house.issuer.sessions.endAll({ clientId: 'web' });
    const result = await holder.token();
    assert.ok(result.kind === 'refused', JSON.stringify(result));
    assert.deepEqual([result.error, result.code], ['invalid_grant', 'refresh_refused']);
  });
}

test('two processes with one store, and every other answer lost, never lose their session', async (t) => {
  const house = await openHouse(t);
  const key = await memoryKey();
  let count = 0;
  const lossy: typeof fetch = async (input, init) => {
    const response = await house.options.fetch(input, init);
    const { pathname } = new URL(response.url === '' ? urlOf(input) : response.url);
    if (pathname === '/token' && count++ % 2 === 0) throw new TypeError('connection reset');
    return response;
  };
  const options = { ...house.options, key, store: memoryPairStore(), fetch: lossy };
  const holders = [createHolder(options), createHolder(options)];
  await holders[0]?.adopt(
    await house.issuer.sessions.start({ clientId: 'web', subject: 'alice', jkt: key.kid }),
  );
  for (let round = 0; round < 40; round++) {
    const kinds = await Promise.all(holders.map(async (holder) => (await holder.token()).kind));
    assert.ok(!kinds.includes('refused'), `round ${String(round)}: ${kinds.join()}`);
    house.clock.forward(round % 3 === 0 ? 280_000 : 11_000);
  }
  assert.ok(count > 10);
  assert.equal((await issuerSessions(house)).length, 1);
});

test('a copy of the pair that falls behind ends the session of both', async (t) => {
  const house = await openHouse(t);
  const key = await memoryKey();
  const started = await house.issuer.sessions.start({ clientId: 'web', subject: 'alice', jkt: key.kid });
  const [owner, thief] = [0, 1].map(() => createHolder({ ...house.options, key, store: memoryPairStore() }));
  assert.ok(owner && thief);
  await owner.adopt(started);
  await thief.adopt(started);
  for (let hour = 0; hour < 3; hour++) {
    house.clock.forward(3_600_000);
    await tokenText(owner.token());
  }
  house.clock.forward(3_600_000);
  const found = await thief.token();
  assert.equal(found.kind === 'refused' && found.code, 'refresh_reused');
  const after = await owner.token();
  assert.equal(after.kind === 'refused' && after.error, 'invalid_grant');
});

interface House {
  readonly issuer: Issuer;
  readonly audience: string;
  readonly clock: HandClock;
  readonly options: {
    issuer: string;
    audience: string;
    clientId: string;
    clock: () => number;
    fetch: typeof fetch;
  };
}

/** Issuer, guard and holder in one process, on one clock: what goes over the wire is the same. */
async function openHouse(t: TestContext): Promise<House> {
  const clock = handClock();
  const [issuerUrl, audience] = ['https://issuer.example', 'https://api.example'];
  const issuer = await openIssuer({ issuer: issuerUrl, audiences: [{ audience }], clock });
  const guard = createGuard({
    issuer: issuerUrl,
    audience,
    clock,
    // The clock leaps by hours here, and between two leaps nobody tells the guard anything.
    staleFeed: 'accept',
    fetch: async (...call) => route(...call),
  });
  const api = guard.protect(() => new Response('hello'));
  const route: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    return request.url.startsWith(issuerUrl) ? issuer.fetch(request) : api(request);
  };
  t.after(async () => {
    guard.close();
    await issuer.close();
  });
  await issuer.clients.add({ id: 'web', kind: 'public', audiences: [{ audience }] });
  const options = { issuer: issuerUrl, audience, clientId: 'web', clock, fetch: route };
  return { issuer, audience, clock, options };
}

async function openIssuer(options: Omit<IssuerOptions, 'storage' | 'keyring'>): Promise<Issuer> {
  const { clock } = options;
  const storage = openSqlite({ file: ':memory:', ...(clock === undefined ? {} : { clock }) });
  return createIssuer({ ...options, storage, keyring });
}

async function issuerSessions({ issuer }: House): ReturnType<Issuer['sessions']['list']> {
  return issuer.sessions.list({ clientId: 'web', only: 'alive' });
}

function urlOf(input: RequestInfo | URL): string {
  return input instanceof Request ? input.url : String(input);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
