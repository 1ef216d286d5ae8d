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
    const secret = randomBytes(32).toString('base64url');
    const cluster = await openCluster();
    stack.defer(cluster.remove);
    // What is answered is on the disk, and here that is what is measured.
    const database = cluster.create('server', ['-c', 'fsync=on']);
    await database.start();
    stack.defer(database.stop);
    await createDatabases(database, ['few', 'many']);
    const fill = (sessions: number): Pick<StoreOfficeMaterial, 'secret' | 'fill'> => ({
      secret,
      fill: { holders: material.holders, awake, asleep: sessions - awake },
    });
    const onSqlite = (name: string): Pick<StoreOfficeMaterial, 'store'> => ({
      store: { kind: 'sqlite', file: join(folder.path, `${name}.db`) },
    });
    const onPostgres = (name: string): Pick<StoreOfficeMaterial, 'store'> => ({
      store: { kind: 'postgres', url: urlOf(database, name) },
    });
    const servers = [
      plan('SQLite, few', { ...onSqlite('few'), ...fill(few) }),
      plan('SQLite, many', { ...onSqlite('many'), ...fill(many) }),
      plan('PostgreSQL, few', { ...onPostgres('few'), ...fill(few) }),
      plan('PostgreSQL, few, again', { ...onPostgres('few'), secret }),
      plan('PostgreSQL, many', { ...onPostgres('many'), ...fill(many) }),
      plan('PostgreSQL, many, again', { ...onPostgres('many'), secret }),
    ];
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
      http,
    );
  },
};

function plan(name: string, material: StoreOfficeMaterial): ServerPlan {
  return { name, module: new URL('./servers/store-office.ts', import.meta.url), material };
}

function comparisons(many: number): { entries: readonly HttpEntry[]; pairs: readonly Pair[] } {
  const [small, large] = [few, many].map((count) => `${count.toLocaleString('en')} sessions`);
  const names = {
    sqliteFew: `SQLite, ${small}`,
    sqliteMany: `SQLite, ${large}`,
    few: `PostgreSQL, ${small}, 1 issuer`,
    fewByTwo: `PostgreSQL, ${small}, 2 issuers`,
    many: `PostgreSQL, ${large}, 1 issuer`,
    manyByTwo: `PostgreSQL, ${large}, 2 issuers`,
  };
  return {
    entries: [
      { name: names.sqliteFew, servers: ['SQLite, few'] },
      { name: names.sqliteMany, servers: ['SQLite, many'] },
      { name: names.few, servers: ['PostgreSQL, few'] },
      { name: names.fewByTwo, servers: ['PostgreSQL, few', 'PostgreSQL, few, again'] },
      { name: names.many, servers: ['PostgreSQL, many'] },
      { name: names.manyByTwo, servers: ['PostgreSQL, many', 'PostgreSQL, many, again'] },
    ],
    pairs: [
      { row: names.sqliteMany, against: names.sqliteFew },
      { row: names.few, against: names.sqliteFew },
      { row: names.fewByTwo, against: names.few },
      { row: names.many, against: names.few },
      { row: names.manyByTwo, against: names.many },
    ],
  };
}

async function createDatabases(server: Postgres, names: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: urlOf(server) });
  await client.connect();
  for (const name of names) await client.query(`CREATE DATABASE ${name}`);
  await client.end();
}
