import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createGuard, type Guard } from '@symbolon/guard';
import { createMachine, memoryKey } from '@symbolon/holder';
import { signProof, type SigningKey } from '@symbolon/token';
import {
  createIssuer,
  openSqlite,
  serveIssuer,
  type IssuedTokens,
  type Issuer,
  type IssuerServer,
} from '../src/index.ts';
import { sleep } from './feed-support.ts';
import { api, newKey, testKeyring } from './support.ts';
import { createFolder } from './storage/lab.ts';

/** An issuer that listens, and three guards that follow it under an identity of their own. */
const { file, remove } = createFolder();
const guards: Guard[] = [];
/** The store's clock runs ahead of the wall where a test needs a minute to pass. */
let ahead = 0;
let issuer: Issuer;
let server: IssuerServer;

before(async () => {
  const port = await freePort();
  const url = `http://localhost:${String(port)}`;
  issuer = await createIssuer({
    issuer: url,
    audiences: [{ audience: api, scopes: ['read'] }],
    storage: openSqlite({ file, clock: () => Date.now() + ahead }),
    keyring: testKeyring,
  });
  server = await serveIssuer(issuer, { port, host: 'localhost' });
  for (const name of ['eu-1', 'eu-2', 'us-1']) guards.push(await startGuard(name));
  await issuer.clients.add({ id: 'web', kind: 'public', audiences: [{ audience: api, scope: ['read'] }] });
  await issuer.clients.add({ id: 'shop', kind: 'public', audiences: [{ audience: api, scope: ['read'] }] });
});

after(async () => {
  for (const guard of guards) guard.close();
  await server.close();
  remove();
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startGuard(name: string): Promise<Guard> {
  const key = await memoryKey();
  const audience = `${issuer.issuer}/revocations`;
  const { id } = await issuer.clients.add({ name, keys: [{ ...key.jwk }], audiences: [{ audience }] });
  const machine = createMachine({ issuer: issuer.issuer, clientId: id, key, audience });
  const guard = createGuard({
    issuer: issuer.issuer,
    audience: api,
    name,
    staleFeed: 'refuse',
    maxStale: 600,
    identity: machine.fetch,
  });
  await guard.ready();
  return guard;
}

/** Waits until all three guards have told that they follow. */
async function allFollow(): Promise<void> {
  for (let count = 0; count < 500; count++) {
    const { heard } = await issuer.guards.list();
    if (heard.length === 3 && guards.every((guard) => guard.stats().feed.isStreaming)) return;
    await sleep(20);
  }
  assert.fail('the guards never came');
}

interface Person {
  readonly holder: SigningKey;
  readonly tokens: IssuedTokens;
}

async function signIn(clientId = 'web', subject = 'alice'): Promise<Person> {
  const holder = await newKey();
  return { holder, tokens: await issuer.sessions.start({ clientId, subject, jkt: holder.kid }) };
}

/** What each guard answers: `accepted`, or the code of its refusal. */
async function askAll({ holder, tokens }: Person): Promise<readonly string[]> {
  return Promise.all(guards.map((guard) => ask(guard, { holder, token: tokens.access_token })));
}

async function ask(guard: Guard, by: { holder: SigningKey; token: string }): Promise<string> {
  // A guard takes no proof from before it was started, and asks again.
  for (let nonce = ''; ;) {
    const asked = { method: 'GET', url: api, now: Date.now() / 1000, token: by.token };
    const proof = await signProof({ ...asked, ...(nonce === '' ? {} : { nonce }) }, by.holder);
    const headers = { authorization: `DPoP ${by.token}`, dpop: proof };
    try {
      await guard.authenticate(new Request(api, { headers }));
      return 'accepted';
    } catch (error) {
      const { code, detail } = error as { code: string; detail?: { nonce?: string } };
      if (detail?.nonce === undefined || nonce !== '') return code;
      nonce = detail.nonce;
    }
  }
}

const all = (answer: string) => [answer, answer, answer];

async function applied(position: number): Promise<void> {
  const { guards: count, applied: done, missing } = await issuer.waitUntilApplied(position, 20_000);
  assert.deepEqual([count, done, missing], [3, 3, []]);
}

void test('ISSUER-92: an ended session is refused by every guard that has acknowledged it, and no other is', async () => {
  await allFollow();
  const [alice, bob] = [await signIn(), await signIn('web', 'bob')];
  assert.deepEqual(await askAll(alice), all('accepted'));
  const ended = await issuer.sessions.end({ sid: alice.tokens.sid });
  assert.ok(ended.kind === 'ended');
  await applied(ended.position);
  assert.deepEqual(await askAll(alice), all('session_ended'));
  assert.deepEqual(await askAll(bob), all('accepted'));
});

void test('ISSUER-92: an ended subject is refused in all its sessions, and a sign-in right after is accepted', async () => {
  const [phone, laptop, bob] = [await signIn(), await signIn(), await signIn('web', 'bob')];
  assert.deepEqual(await askAll(phone), all('accepted'));
  const subject = await subjectOf(phone);
  const cut = await issuer.sessions.endAll({ subject });
  const again = await signIn();
  assert.ok(cut.kind === 'cut');
  await applied(cut.position);
  assert.deepEqual(await askAll(phone), all('session_ended'));
  assert.deepEqual(await askAll(laptop), all('session_ended'));
  assert.deepEqual(await askAll(again), all('accepted'));
  assert.deepEqual(await askAll(bob), all('accepted'));
});

async function subjectOf({ tokens }: Person): Promise<string> {
  const rows = await issuer.sessions.list({ limit: 1000 });
  return rows.find(({ sid }) => sid === tokens.sid)?.subject ?? '';
}

void test('ISSUER-92: an ended client is refused, and no other client', async () => {
  const [web, shop] = [await signIn('web'), await signIn('shop')];
  assert.deepEqual(await askAll(shop), all('accepted'));
  const cut = await issuer.sessions.endAll({ clientId: 'shop' });
  const again = await signIn('shop');
  assert.ok(cut.kind === 'cut');
  await applied(cut.position);
  assert.deepEqual(await askAll(shop), all('session_ended'));
  assert.deepEqual(await askAll(again), all('accepted'));
  assert.deepEqual(await askAll(web), all('accepted'));
});

/** What all answer once none accepts any more. */
async function untilRefused(person: Person): Promise<readonly string[]> {
  for (let count = 0; count < 500; count++) {
    const answers = await askAll(person);
    if (!answers.includes('accepted')) return answers;
    await sleep(20);
  }
  assert.fail('some guard accepts still');
}

void test('ISSUER-92: a revoked key beats every cache: its tokens are refused, and the next key’s accepted', async () => {
  const old = await signIn();
  assert.deepEqual(await askAll(old), all('accepted'));
  const kid = kidOf(old.tokens.access_token);
  const revoked = await issuer.keys.revoke(kid, 'test');
  const fresh = await signIn();
  assert.notEqual(kidOf(fresh.tokens.access_token), kid);
  assert.ok(revoked.kind === 'revoked');
  await applied(revoked.position);
  assert.deepEqual(await askAll(old), all('token_key_unknown'));
  assert.deepEqual(await askAll(fresh), all('accepted'));
});

void test('ISSUER-92: after an end of everything the guards themselves sign in again, and hear the next end', async () => {
  const person = await signIn();
  assert.deepEqual(await askAll(person), all('accepted'));
  const cut = await issuer.sessions.endAll({ everything: true });
  assert.ok(cut.kind === 'cut');
  const again = await signIn();
  assert.deepEqual(await untilRefused(person), all('session_ended'));
  assert.deepEqual(await askAll(again), all('accepted'));
  const ended = await issuer.sessions.end({ sid: again.tokens.sid });
  assert.ok(ended.kind === 'ended');
  assert.deepEqual(await untilRefused(again), all('session_ended'));
  await applied(ended.position);
});

void test('ISSUER-92: a reused refresh token ends the session at every guard', async () => {
  const thief = await signIn();
  const refresh = async (refreshToken: string): Promise<Response> => {
    const url = `${issuer.issuer}/token`;
    const proof = await signProof({ method: 'POST', url, now: Date.now() / 1000 }, thief.holder);
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'web',
      refresh_token: refreshToken,
    });
    return fetch(url, { method: 'POST', body, headers: { dpop: proof } });
  };
  const stolen = thief.tokens.refresh_token ?? '';
  const second = (await (await refresh(stolen)).json()) as IssuedTokens;
  const third = (await (await refresh(second.refresh_token ?? '')).json()) as IssuedTokens;
  assert.deepEqual(await askAll({ ...thief, tokens: third }), all('accepted'));
  ahead += 61_000;
  assert.equal((await refresh(stolen)).status, 400);
  const reused = await issuer.sessions.end({ sid: thief.tokens.sid });
  assert.equal(reused.kind, 'already_ended');
  const [last] = await untilRefused({ ...thief, tokens: third });
  assert.equal(last, 'session_ended');
});

const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
