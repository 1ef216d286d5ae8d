import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { IssuedTokens } from '@symbolon/issuer';
import { generatePrivateJwk, importSigningKey, signRevocations } from '@symbolon/token';
import { decisionOf, guardOn, until } from './doors.ts';
import { launch, type Replica } from './replica.ts';
import { issuerUrl } from './replica-orders.ts';
import { layRoad, type Road } from './road.ts';

const folder = mkdtempSync(join(tmpdir(), 'symbolon-faults-'));
const keyFile = join(folder, 'keys.json');
const store = join(folder, 'store.db');
let issuer: Replica;
const others: Replica[] = [];

before(async () => {
  issuer = await launch({ store, keyFile });
  await issuer.register();
});
after(async () => {
  await Promise.all([issuer, ...others].map((replica) => replica.kill()));
  rmSync(folder, { recursive: true, force: true });
});

async function twoTokens(): Promise<readonly [IssuedTokens, IssuedTokens]> {
  const [live, ended] = await issuer.start([{ subject: 'live' }, { subject: 'ended' }]);
  assert.ok(live !== undefined && ended !== undefined);
  return [live, ended];
}

/** A guard's clock that a test can set ahead: to the guard it is as if so much time had passed in silence. */
function clockAhead(): { now: () => number; ahead: number } {
  const clock = { ahead: 0, now: (): number => Date.now() + clock.ahead };
  return clock;
}

const minute = 60_000;

for (const staleFeed of ['accept', 'refuse'] as const) {
  void test(`FAULT-4: a feed cut for a minute, under staleFeed '${staleFeed}': the installer's choice holds, and the ends are known once it is restored`, async (t) => {
    const [live, ended] = await twoTokens();
    const early = (await issuer.start([{ subject: 'early' }]))[0];
    assert.ok(early !== undefined);
    const road = layRoad([issuer.port]);
    const clock = clockAhead();
    const guard = guardOn(road, { staleFeed, clock: clock.now });
    t.after(guard.close);
    await guard.ready();
    for (const token of [live, ended, early])
      assert.equal(await decisionOf(guard, token.access_token), 'accepted');
    await issuer.end(early.sid);
    await until('it is known', async () => (await decisionOf(guard, early.access_token)) === 'session_ended');
    road.cut = true;
    await issuer.end(ended.sid);
    clock.ahead = minute;
    assert.equal(guard.stats().feed.isStale, true);
    const whileCut = staleFeed === 'accept' ? 'accepted' : 'feed_stale';
    assert.equal(await decisionOf(guard, live.access_token), whileCut);
    assert.equal(await decisionOf(guard, early.access_token), 'session_ended');
    clock.ahead = 0;
    road.cut = false;
    await until('it is known', async () => (await decisionOf(guard, ended.access_token)) === 'session_ended');
    await until('the rest go on', async () => (await decisionOf(guard, live.access_token)) === 'accepted');
  });
}

void test('FAULT-5: a guard started while the issuer is down says so, accepts nothing, and serves once the issuer is there', async (t) => {
  const [live, ended] = await twoTokens();
  await issuer.end(ended.sid);
  const road = layRoad([issuer.port]);
  road.cut = true;
  const guard = guardOn(road);
  t.after(guard.close);
  await assert.rejects(guard.ready());
  assert.notEqual(await decisionOf(guard, live.access_token), 'accepted');
  road.cut = false;
  await until('it serves', async () => {
    await guard.ready().catch(() => undefined);
    return (await decisionOf(guard, live.access_token)) === 'accepted';
  });
  await until('it is known', async () => (await decisionOf(guard, ended.access_token)) === 'session_ended');
});

const noKeySets: Readonly<Record<string, () => Response>> = {
  'a status of 500': () => new Response('out of order', { status: 500 }),
  HTML: () =>
    new Response('<html>Sign in to the hotel network</html>', { headers: { 'content-type': 'text/html' } }),
  nothing: () => new Response(''),
  'no keys': () => Response.json({ keys: [] }),
  '50 MB': () => new Response(endless(50)),
};

for (const [what, answer] of Object.entries(noKeySets)) {
  void test(`FAULT-6: a key set answered with ${what} replaces no good one, and opens nothing to a guard that has none`, async (t) => {
    const [live, ended] = await twoTokens();
    const road = layRoad([issuer.port]);
    const guard = guardOn(road);
    t.after(guard.close);
    await guard.ready();
    assert.equal(await decisionOf(guard, live.access_token), 'accepted');
    let asked = 0;
    road.attacker = (path) => {
      if (path !== '/jwks') return undefined;
      asked++;
      return answer();
    };
    const newcomer = guardOn(road);
    t.after(newcomer.close);
    await newcomer.ready().catch(() => undefined);
    assert.notEqual(await decisionOf(newcomer, live.access_token), 'accepted');
    assert.ok(asked > 0);
    await askAgain(guard, live.access_token);
    assert.equal(await decisionOf(guard, live.access_token), 'accepted');
    await issuer.end(ended.sid);
    await until('it is known', async () => (await decisionOf(guard, ended.access_token)) === 'session_ended');
  });
}

/** A token by a key nobody has published makes a guard ask for the key set. */
async function askAgain(guard: ReturnType<typeof guardOn>, token: string): Promise<void> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const strange = { ...fields, kid: (await importSigningKey(await generatePrivateJwk('EdDSA'))).kid };
  const text = Buffer.from(JSON.stringify(strange)).toString('base64url');
  assert.notEqual(await decisionOf(guard, `${text}.${payload}.${signature}`), 'accepted');
}

function endless(megabytes: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(65_536).fill(32));
      if (++sent >= megabytes * 16) controller.close();
    },
  });
}

void test('FAULT-7: a feed rolled back by an attacker brings no ended session back, and is noticed because it stands still', async (t) => {
  const [live, ended] = await twoTokens();
  const road = layRoad([issuer.port]);
  const clock = clockAhead();
  const guard = guardOn(road, { clock: clock.now });
  t.after(guard.close);
  await guard.ready();
  const old = await (await road.fetch(`${issuerUrl}/revocations`)).text();
  await issuer.end(ended.sid);
  await until('it is known', async () => (await decisionOf(guard, ended.access_token)) === 'session_ended');
  road.attacker = (path) => (path === '/revocations' ? new Response(old) : undefined);
  const { to } = await standstill(guard, road);
  assert.equal(await decisionOf(guard, ended.access_token), 'session_ended');
  assert.equal(await decisionOf(guard, live.access_token), 'accepted');
  clock.ahead = minute;
  assert.equal(await decisionOf(guard, live.access_token), 'feed_stale');
  assert.equal(await decisionOf(guard, ended.access_token), 'session_ended');
  assert.equal(guard.stats().feed.to, to);
});

void test("FAULT-8: a feed forked with an attacker's key is refused, and one forked by a restored copy takes no end back", async (t) => {
  const [live, ended] = await twoTokens();
  const copy = join(folder, 'copy.db');
  const snapshot = new DatabaseSync(store);
  snapshot.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  snapshot.close();
  copyFileSync(store, copy);
  const road = layRoad([issuer.port]);
  const clock = clockAhead();
  const guard = guardOn(road, { clock: clock.now });
  t.after(guard.close);
  await guard.ready();
  await issuer.end(ended.sid);
  await until('it is known', async () => (await decisionOf(guard, ended.access_token)) === 'session_ended');

  await forge(road);
  const { to, failures } = await standstill(guard, road);
  assert.ok(failures > 0);
  clock.ahead = minute;
  assert.equal(await decisionOf(guard, live.access_token), 'feed_stale');
  clock.ahead = 0;

  road.attacker = undefined;
  const fork = await launch({ store: copy, keyFile });
  others.push(fork);
  road.ports = [fork.port];
  await until('it hears the fork', () => guard.stats().feed.to > to);
  assert.equal(await decisionOf(guard, ended.access_token), 'session_ended');
  assert.equal(await decisionOf(guard, live.access_token), 'accepted');
});

/** Says that nothing has ended until far ahead, by a key of the attacker's own. */
async function forge(road: Road): Promise<void> {
  const key = await importSigningKey(await generatePrivateJwk('EdDSA'));
  const to = (Date.now() + minute) * 1000;
  const keys = Buffer.alloc(32).toString('base64url');
  const text = await signRevocations({ iss: issuerUrl, from: 0, to, floor: to - 1, keys, entries: [] }, key);
  road.attacker = (path) => (path === '/revocations' ? new Response(text) : undefined);
}

/**
 * Waits until the guard has asked the attacker a few times without learning anything. It asks again only when it has
 * read the answer before.
 */
async function standstill(
  guard: ReturnType<typeof guardOn>,
  road: Road,
): Promise<{ to: number; failures: number }> {
  const { attacker } = road;
  assert.ok(attacker !== undefined);
  let asked = 0;
  road.attacker = (path) => {
    if (path === '/revocations') asked++;
    return attacker(path);
  };
  await until('it asked twice', () => asked >= 2);
  const { to } = guard.stats().feed;
  await until('it asked twice more', () => asked >= 4);
  const after = guard.stats().feed;
  assert.equal(after.to, to);
  return after;
}
