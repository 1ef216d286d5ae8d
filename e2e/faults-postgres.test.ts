import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { migratePostgres, type IssuedTokens } from '@symbolon/issuer';
import { Client } from 'pg';
import { decisionOf, guardOn, until } from './doors.ts';
import {
  assertNothingLost,
  refreshAll,
  refreshOnce,
  startHolders,
  type Holder,
  type Load,
} from './holders.ts';
import { openAddress, openCluster, urlOf, type Address, type Cluster, type Postgres } from './postgres.ts';
import { launch, type Replica } from './replica.ts';
import { layRoad, type Road } from './road.ts';

/** Two issuers on one database, sessions that are being refreshed, and a guard. */
const keys = mkdtempSync(join(tmpdir(), 'symbolon-faults-'));
let cluster: Cluster;
let primary: Postgres;
let standby: Postgres;
let address: Address;
let road: Road;
let [one, two] = [] as unknown as [Replica, Replica];

before(async () => {
  cluster = await openCluster();
  // What is answered stands on two servers, so that losing one loses nothing.
  primary = cluster.create('primary', ['-c', 'synchronous_standby_names=*']);
  standby = cluster.createStandby('standby', primary);
  await primary.start();
  await standby.start();
  address = await openAddress(cluster, primary);
  await migratePostgres({ url: address.url });
  one = await launchOnDatabase();
  two = await launchOnDatabase();
  await one.register();
  road = layRoad([one.port, two.port]);
});

after(async () => {
  await Promise.all([one.kill(), two.kill()]);
  address.close();
  await Promise.all([primary.stop(), standby.stop()]);
  cluster.remove();
  rmSync(keys, { recursive: true, force: true });
});

function launchOnDatabase(clockOffset = 0): Promise<Replica> {
  return launch({ store: address.url, keyFile: join(keys, 'keys.json'), clockOffset });
}

async function generations(of: Postgres): Promise<ReadonlyMap<string, number>> {
  const client = new Client({ connectionString: urlOf(of) });
  await client.connect();
  const { rows } = await client.query<{ id: string; generation: string }>(
    'SELECT id, generation FROM sessions',
  );
  await client.end();
  return new Map(rows.map(({ id, generation }) => [id, Number(generation)]));
}

interface Scene {
  readonly holders: readonly Holder[];
  readonly load: Load;
  /** Waits until so many more refreshes are answered. */
  readonly goesOn: (count?: number) => Promise<void>;
}

const refreshes = 4000;

async function underLoad(t: TestContext): Promise<Scene> {
  const holders = await startHolders(one, 16);
  const load = refreshAll(holders, road);
  t.after(load.stop);
  const goesOn = async (count = 60): Promise<void> => {
    const since = load.answered();
    await until('refreshes go on', () => load.answered() >= since + count, 60_000);
  };
  await goesOn(100);
  return { holders, load, goesOn };
}

/** Something is ended in the middle of it all: `never` is about this session. */
async function endOne(replica: Replica): Promise<IssuedTokens> {
  const [token] = await replica.start([{ subject: 'ended' }]);
  assert.ok(token !== undefined);
  assert.equal((await replica.end(token.sid)).kind, 'ended');
  return token;
}

async function assertEnded(t: TestContext, token: IssuedTokens): Promise<void> {
  const guard = guardOn(road);
  t.after(guard.close);
  await until('the guard knows', async () => {
    await guard.ready().catch(() => undefined);
    return (await decisionOf(guard, token.access_token)) === 'session_ended';
  });
}

void test('FAULT-9: one of two issuers killed in the middle of 4,000 refreshes has lost nothing that it answered, and the other goes on', async (t) => {
  const { holders, load, goesOn } = await underLoad(t);
  const ended = await endOne(one);
  await goesOn(refreshes / 2 - load.answered());
  await one.kill();
  const answeredByBoth = load.answered();
  assert.ok(answeredByBoth < refreshes * 0.6, `${answeredByBoth} of ${refreshes} is not the middle`);
  await goesOn(refreshes - answeredByBoth);
  t.diagnostic(`${answeredByBoth} refreshes answered before the kill, ${load.answered()} in all`);
  one = await launchOnDatabase();
  road.ports = [one.port, two.port];
  await goesOn();
  await load.stop();
  assert.deepEqual(load.refused, []);
  await assertNothingLost(holders, { stored: await generations(primary), road });
  await assertEnded(t, ended);
});

void test('FAULT-10: issuers restarted one after the other refuse no refresh', async (t) => {
  const { holders, load, goesOn } = await underLoad(t);
  await one.stop();
  await goesOn();
  one = await launchOnDatabase();
  road.ports = [one.port, two.port];
  await goesOn();
  await two.stop();
  await goesOn();
  two = await launchOnDatabase();
  road.ports = [one.port, two.port];
  await goesOn();
  await load.stop();
  assert.deepEqual(load.refused, []);
  await assertNothingLost(holders, { stored: await generations(primary), road });
});

for (const offset of [30_000, -30_000]) {
  void test(`FAULT-11: a process whose clock is off by ${offset / 1000} s ends sessions and makes tokens like any other`, async (t) => {
    const skewed = await launchOnDatabase(offset);
    t.after(skewed.kill);
    const [live] = await skewed.start([{ subject: 'live' }]);
    assert.ok(live !== undefined);
    const ended = await endOne(skewed);
    for (const ports of [[one.port], [skewed.port]]) {
      const guard = guardOn(layRoad(ports));
      t.after(guard.close);
      await guard.ready();
      assert.equal(await decisionOf(guard, live.access_token), 'accepted');
      await until(
        'it is known',
        async () => (await decisionOf(guard, ended.access_token)) === 'session_ended',
      );
    }
    const [holder] = await startHolders(skewed, 1);
    assert.ok(holder !== undefined);
    await refreshOnce(holder, layRoad([skewed.port]));
    assert.equal(await refreshOnce(holder, layRoad([one.port])), 'answered');
  });
}

void test('FAULT-12: a database killed and restarted under load has lost nothing that was answered', async (t) => {
  const { holders, load, goesOn } = await underLoad(t);
  const ended = await endOne(two);
  await primary.kill();
  await primary.start();
  await goesOn();
  await load.stop();
  assert.deepEqual(load.refused, []);
  assert.ok(load.disturbed() > 0, 'the kill was felt');
  await assertNothingLost(holders, { stored: await generations(primary), road });
  await assertEnded(t, ended);
});

void test('FAULT-13: a primary lost for good and its standby promoted have lost nothing that was answered', async (t) => {
  const { holders, load, goesOn } = await underLoad(t);
  const ended = await endOne(two);
  await primary.kill();
  const client = new Client({ connectionString: urlOf(standby) });
  await client.connect();
  await client.query('SELECT pg_promote()');
  await client.end();
  address.pointTo(standby);
  await goesOn();
  await load.stop();
  assert.deepEqual(load.refused, []);
  await assertNothingLost(holders, { stored: await generations(standby), road });
  await assertEnded(t, ended);
});
