import {
  postgresReplayStore,
  postgresReplayTable,
  redisReplayStore,
  type ReplayStore,
} from '@symbolon/guard';
import { equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startPostgres, type PostgresForTests } from './postgres-for-tests.ts';
import { startRedis, type RedisForTests } from './redis-for-tests.ts';
import { createScene, refuses, settled, view } from './support.ts';

const newId = (): string => randomBytes(32).toString('base64url');
const soon = (): number => Math.floor(Date.now() / 1000) + 36;

/** What every replay store must do; two of them are two processes that share one database. */
async function contract(first: ReplayStore, second: ReplayStore): Promise<void> {
  const id = newId();
  equal(await first.insertIfAbsent(id, soon()), true);
  equal(await first.insertIfAbsent(id, soon()), false);
  equal(await second.insertIfAbsent(id, soon()), false);
  equal(await second.insertIfAbsent(newId(), soon()), true);
  for (let round = 0; round < 10; round++) {
    const raced = newId();
    const stores = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? first : second));
    const outcomes = await Promise.all(stores.map((store) => store.insertIfAbsent(raced, soon())));
    equal(outcomes.filter((isFirst) => isFirst).length, 1);
  }
}

/** One captured request at two guards that share a store. */
async function captureIsRefused(first: ReplayStore, second: ReplayStore): Promise<void> {
  const { guard, another, holder, clock } = await createScene({ replayStore: first });
  const colleague = await another({ replayStore: second });
  clock.advance(10_000);
  const token = await holder.token();
  const captured = view(await holder.headers({ token }));
  await guard.authenticate(captured, { once: true });
  await refuses(colleague.authenticate(captured, { once: true }), 'proof_replayed');
  await colleague.authenticate(view(await holder.headers({ token })), { once: true });
}

describe('PostgreSQL', () => {
  let postgres: PostgresForTests;
  before(async () => {
    postgres = await startPostgres();
    const pool = postgres.createPool();
    await pool.query(postgresReplayTable);
    await pool.query(postgresReplayTable);
  });
  after(() => postgres.stop());

  test('GUARD-26: PostgreSQL lets exactly one process take a proof', async () => {
    const [one, other] = [postgres.createPool(), postgres.createPool()];
    await contract(postgresReplayStore(one), postgresReplayStore(other));
    await captureIsRefused(postgresReplayStore(one), postgresReplayStore(other));
    const { rows } = await one.query<{ id: string }>('SELECT id FROM symbolon_replays');
    for (const { id } of rows) match(id, /^[A-Za-z0-9_-]{43}$/);
  });

  test('GUARD-26: rows in PostgreSQL leave once their proof cannot pass, and not before', async () => {
    const pool = postgres.createPool();
    const store = postgresReplayStore(pool);
    const [past, present] = [newId(), newId()];
    await store.insertIfAbsent(past, 1);
    await store.insertIfAbsent(present, soon());
    await Promise.all(Array.from({ length: 998 }, () => store.insertIfAbsent(newId(), soon())));
    const count = async (id: string): Promise<number | null> =>
      (await pool.query('SELECT 1 FROM symbolon_replays WHERE id = $1', [id])).rowCount;
    for (let tries = 0; tries < 100 && (await count(past)) !== 0; tries++) await settled();
    equal(await count(past), 0);
    equal(await count(present), 1);
  });

  test('GUARD-25: a PostgreSQL without its table refuses the request', async () => {
    const elsewhere = {
      query: (text: string, values?: unknown[]) =>
        pool.query(text.replace('symbolon_replays', 'gone'), values),
    };
    const pool = postgres.createPool();
    const { guard, holder } = await createScene({ replayStore: postgresReplayStore(elsewhere) });
    const request = view(await holder.headers({ token: await holder.token() }));
    await refuses(guard.authenticate(request, { once: true }), 'replay_store_unavailable');
  });
});

describe('Redis', () => {
  let redis: RedisForTests | undefined;
  before(async () => {
    redis = await startRedis();
  });
  after(async () => redis?.stop());
  const missing = 'SKIPPED: no redis-server on this machine (apt-get install redis-server)';

  test('GUARD-26: Redis lets exactly one process take a proof', async (t) => {
    if (redis === undefined) {
      t.skip(missing);
      return;
    }
    const [one, other] = [await redis.connect(), await redis.connect()];
    await contract(redisReplayStore(one), redisReplayStore(other));
    await captureIsRefused(redisReplayStore(one), redisReplayStore(other));
  });

  test('GUARD-26: an entry in Redis outlives its proof, and leaves by itself', async (t) => {
    if (redis === undefined) {
      t.skip(missing);
      return;
    }
    const client = await redis.connect();
    const id = newId();
    await redisReplayStore(client, { prefix: 'mine:' }).insertIfAbsent(id, soon());
    const life = Number(await client.sendCommand(['PTTL', `mine:${id}`]));
    ok(life > 90_000 && life < 120_000, String(life));
    const late = newId();
    await redisReplayStore(client).insertIfAbsent(late, 1);
    ok(Number(await client.sendCommand(['PTTL', `symbolon:replay:${late}`])) > 0);
  });

  test('GUARD-25: a Redis that went away refuses the request', async (t) => {
    if (redis === undefined) {
      t.skip(missing);
      return;
    }
    const client = await redis.connect();
    const { guard, holder } = await createScene({ replayStore: redisReplayStore(client) });
    const token = await holder.token();
    await guard.authenticate(view(await holder.headers({ token })), { once: true });
    client.close();
    await refuses(
      guard.authenticate(view(await holder.headers({ token })), { once: true }),
      'replay_store_unavailable',
    );
  });
});

test('GUARD-26: a client of ioredis is spoken to by call, one of node-redis by sendCommand', async () => {
  const sent: string[][] = [];
  const answer = (command: string[]) => Promise.resolve(sent.push(command) === 1 ? 'OK' : null);
  const ioredis = {
    call: (...command: string[]) => answer(command),
    sendCommand: () => Promise.reject(new Error()),
  };
  const nodeRedis = { sendCommand: answer };
  equal(await redisReplayStore(ioredis, { clock: () => 1_000_000 }).insertIfAbsent('id', 1036), true);
  equal(await redisReplayStore(nodeRedis, { clock: () => 1_000_000 }).insertIfAbsent('id', 1036), false);
  for (const command of sent) match(command.join(' '), /^SET symbolon:replay:id 1 NX PX 96000$/);
});
