import type { Bench, Pair } from './harness/bench.ts';
import { runContest, type Entry } from './harness/contest.ts';
import { makeTokens, type TokenSet } from './tokens.ts';

/** What each contestant gets: the same claims, signed by a key of each algorithm. */
export interface ColdMaterial {
  readonly edDsa: TokenSet;
  readonly es256: TokenSet;
}

const raw = 'raw crypto.verify, EdDSA';
const rawEs256 = 'raw crypto.verify, ES256';
const ours = 'symbolon with sodium-native, EdDSA';
const oursOnNode = 'symbolon on node:crypto, EdDSA';

/** Verification of a token that was never seen before. */
export const verifyCold: Bench = {
  name: 'verify-cold',
  title: 'A token verified for the first time',
  measures:
    'verifications a second in one process, one after the other, over 512 tokens of about 700 characters, no cache; ' +
    'each library checks signature, issuer, audience, type (where it can) and expiry; jsonwebtoken has no EdDSA',
  run: async (settings) => {
    const carrier = (): { cnf: { jkt: string } } => ({ cnf: { jkt: 'A'.repeat(43) } });
    const material: ColdMaterial = {
      edDsa: await makeTokens({ alg: 'EdDSA', count: 512, carrier }),
      es256: await makeTokens({ alg: 'ES256', count: 512, carrier }),
    };
    return runContest(
      { module: new URL('./contestants/cold.ts', import.meta.url), material, entries, pairs },
      settings.calculation,
    );
  },
};

const entries: readonly Entry[] = [
  { name: raw },
  { name: 'raw sodium-native, EdDSA' },
  { name: ours },
  { name: oursOnNode, withoutSodium: true },
  { name: 'jose, EdDSA' },
  { name: 'fast-jwt without cache, EdDSA' },
  { name: '@node-rs/jsonwebtoken, EdDSA' },
  { name: rawEs256 },
  { name: 'symbolon, ES256' },
  { name: 'jose, ES256' },
  { name: 'fast-jwt without cache, ES256' },
  { name: '@node-rs/jsonwebtoken, ES256' },
  { name: 'jsonwebtoken, ES256' },
];

const pairs: readonly Pair[] = [
  { row: 'raw sodium-native, EdDSA', against: raw },
  { row: ours, against: raw, aim: 2 },
  { row: oursOnNode, against: raw, aim: 0.95 },
  { row: 'jose, EdDSA', against: raw },
  { row: 'fast-jwt without cache, EdDSA', against: raw },
  { row: '@node-rs/jsonwebtoken, EdDSA', against: raw },
  { row: 'symbolon, ES256', against: rawEs256 },
  { row: 'jose, ES256', against: rawEs256 },
  { row: 'fast-jwt without cache, ES256', against: rawEs256 },
  { row: '@node-rs/jsonwebtoken, ES256', against: rawEs256 },
  { row: 'jsonwebtoken, ES256', against: rawEs256 },
];
