import { generatePrivateJwk, importSigningKey, type PrivateJwk } from '@symbolon/token';
import type { Bench, Pair } from './harness/bench.ts';
import { runHttpContest, type HttpEntry } from './harness/http-contest.ts';
import { makeTokens, type TokenSet } from './tokens.ts';

/** The frameworks that a guarded route is measured in. */
export const frameworks = ['Fastify', 'Hono', 'Express'] as const;

/** A framework by its name. */
export type Framework = (typeof frameworks)[number];

/** What a server of this bench is started with. */
export interface RoutesServer {
  readonly framework: Framework;
  readonly jwk: TokenSet['jwk'];
}

/** What the load of this bench is made from. */
export interface RoutesMaterial {
  readonly bearer: readonly string[];
  readonly bound: readonly { readonly token: string; readonly holder: PrivateJwk }[];
}

const peer = 'Express, express-oauth2-jwt-bearer, bearer';

/** Guarded routes beside unguarded ones. */
export const routes: Bench = {
  name: 'routes',
  title: 'A guarded route beside the same route unguarded',
  measures:
    'requests a second to one server process that answers 60 bytes of JSON, by 16 connections of a second ' +
    'process; open, idle and bearer: the same token with every request (autocannon); idle: a middleware that does ' +
    'nothing stands where the guard would; DPoP: a token and a fresh ' +
    'proof with every request, of 128 holders, made beforehand',
  run: async (settings) => {
    const material = await makeMaterial();
    const { jwk } = material;
    return runHttpContest(
      {
        servers: frameworks.map((framework) => ({
          name: framework,
          module: new URL('./servers/routes.ts', import.meta.url),
          material: { framework, jwk } satisfies RoutesServer,
        })),
        load: new URL('./loads/routes.ts', import.meta.url),
        material: material satisfies RoutesMaterial,
        entries,
        pairs,
        measure: 'cpu',
      },
      settings.http,
    );
  },
};

async function makeMaterial(): Promise<RoutesMaterial & { jwk: TokenSet['jwk'] }> {
  const holders = await Promise.all(Array.from({ length: 128 }, () => generatePrivateJwk('EdDSA')));
  const thumbprints = await Promise.all(holders.map(async (jwk) => (await importSigningKey(jwk)).kid));
  const { tokens, jwk } = await makeTokens({
    alg: 'EdDSA',
    count: holders.length + 1,
    carrier: (index) => {
      const jkt = thumbprints[index];
      return jkt === undefined ? { crr: 'bearer' } : { cnf: { jkt } };
    },
  });
  const bound = holders.map((holder, at) => ({ holder, token: tokens[at] ?? '' }));
  return { bearer: tokens.slice(holders.length), bound, jwk };
}

const entries: readonly HttpEntry[] = [
  ...frameworks.flatMap((framework) => [
    { name: `${framework}, open`, servers: [framework] },
    { name: `${framework}, idle middleware`, servers: [framework] },
    { name: `${framework}, guarded, bearer`, servers: [framework] },
    { name: `${framework}, guarded, DPoP`, servers: [framework] },
  ]),
  { name: peer, servers: ['Express'] },
];

const pairs: readonly Pair[] = [
  ...frameworks.flatMap((framework) => [
    { row: `${framework}, guarded, bearer`, against: `${framework}, open`, aim: 0.9 },
    // What is left is the guard's own: the framework asks for its share for any middleware.
    { row: `${framework}, guarded, bearer`, against: `${framework}, idle middleware` },
    { row: `${framework}, guarded, DPoP`, against: `${framework}, open` },
  ]),
  { row: peer, against: 'Express, open' },
];
