import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PrivateJwk } from '@symbolon/token';
import { Client } from 'pg';
import { openCluster, urlOf, type Postgres } from '../e2e/postgres.ts';
import { makeFolder } from './folder.ts';
import type { Bench, Pair } from './harness/bench.ts';
import { runHttpContest, type HttpEntry, type ServerPlan } from './harness/http-contest.ts';
import { makeParties, type Party } from './offices.ts';

/** What an issuer of this bench is started with. */
export interface StoreOfficeMaterial {
  readonly store:
    { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };
  /** The wrapping key, the same for all who share a store. */
  readonly secret: string;
  /** What the first at a store puts into it. */
  readonly fill?: { readonly holders: readonly Party[]; readonly awake: number; readonly asleep: number };
}

/** What the load is made from. */
export interface StoreLoadMaterial {
  readonly holders: readonly PrivateJwk[];
  readonly entries: readonly HttpEntry[];
}

const few = 10_000;
const awake = 4000; // sessions that are refreshed in turn, the same number in every store

/** Durable refreshes on both engines, as the store grows, and by a second replica. */
export const refreshStore: Bench = {
  name: 'refresh-store',
  title: 'A session refreshed, in a small store and in a large one, by one issuer and by two',
  measures:
    'refreshes a second that are on the disk, by one or two issuer processes, on 32 connections of another process, ' +
    'over 4,000 sessions in turn, which lie scattered among those that sleep. ' +
    'PostgreSQL as it is set up by itself, on a socket of this machine; its CPU time is not in the column',
  run: async ({ http, sessions: many }) => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await makeFolder());
    const { material, load } = await makeParties(folder.path);
    const database = await openDatabase(stack);
    const servers = [few, many].flatMap((sessions) => {
      const fill = { holders: material.holders, awake, asleep: sessions - awake };
      const secret = randomBytes(32).toString('base64url');
      const file = join(folder.path, `${sessions}.db`);
      const url = urlOf(database, databaseOf(sessions));
      const { sqlite, first, second } = serverNames(sessions);
      return [
        plan(sqlite, { store: { kind: 'sqlite', file }, secret, fill }),
        plan(first, { store: { kind: 'postgres', url }, secret, fill }),
        plan(second, { store: { kind: 'postgres', url }, secret }),
      ];
    });
    await createDatabases(database, [few, many].map(databaseOf));
    const { entries, pairs } = comparisons(many);
    return await runHttpContest(
      {
        servers,
        load: new URL('./loads/refresh-store.ts', import.meta.url),
        material: { holders: load.holders, entries } satisfies StoreLoadMaterial,
        entries,
        pairs,
        measure: 'elapsed',
      },
      // A turn must be long beside a checkpoint of the store.
      { ...http, turn: http.turn * 2.5 },
    );
  },
};

/** What is answered is on the disk, and here that is what is measured. */
async function openDatabase(stack: AsyncDisposableStack): Promise<Postgres> {
  const cluster = await openCluster();
  stack.defer(cluster.remove);
  const database = cluster.create('server', ['-c', 'fsync=on']);
  await database.start();
  stack.defer(database.stop);
  return database;
}

async function createDatabases(server: Postgres, names: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: urlOf(server) });
  await client.connect();
  for (const name of names) await client.query(`CREATE DATABASE ${name}`);
  await client.end();
}

function databaseOf(sessions: number): string {
  return `of_${sessions}`;
}

function serverNames(sessions: number): { sqlite: string; first: string; second: string } {
  return {
    sqlite: `SQLite, ${sessions}`,
    first: `PostgreSQL, ${sessions}, first`,
    second: `PostgreSQL, ${sessions}, second`,
  };
}

function plan(name: string, material: StoreOfficeMaterial): ServerPlan {
  return { name, module: new URL('./servers/store-office.ts', import.meta.url), material };
}

/** Each store alone, the one on PostgreSQL also by two issuers; the large beside the small, two issuers beside one. */
function comparisons(many: number): { entries: readonly HttpEntry[]; pairs: readonly Pair[] } {
  const [small, large] = [entriesOf(few), entriesOf(many)];
  return {
    entries: [...Object.values(small), ...Object.values(large)],
    pairs: [
      { row: large.sqlite.name, against: small.sqlite.name },
      { row: small.one.name, against: small.sqlite.name },
      { row: small.two.name, against: small.one.name },
      { row: large.one.name, against: small.one.name },
      { row: large.two.name, against: large.one.name },
    ],
  };
}

function entriesOf(sessions: number): Readonly<Record<'sqlite' | 'one' | 'two', HttpEntry>> {
  const { sqlite, first, second } = serverNames(sessions);
  const size = `${sessions.toLocaleString('en')} sessions`;
  return {
    sqlite: { name: `SQLite, ${size}`, servers: [sqlite] },
    one: { name: `PostgreSQL, ${size}, 1 issuer`, servers: [first] },
    two: { name: `PostgreSQL, ${size}, 2 issuers`, servers: [first, second] },
  };
}
