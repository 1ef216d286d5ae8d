import { generatePrivateJwk, importSigningKey, type PrivateJwk } from '@symbolon/token';
import type { Bench, Pair } from './harness/bench.ts';
import { runContest, type Entry } from './harness/contest.ts';
import { makeTokens, type TokenSet } from './tokens.ts';

/** What each contestant gets: tokens, and the key that each of them is bound to, in the same order. */
export interface ProofMaterial {
  readonly set: TokenSet;
  readonly holders: readonly PrivateJwk[];
}

const raw = 'raw crypto.verify of the proof';
const ours = 'symbolon guard with sodium-native';
const oursOnNode = 'symbolon guard on node:crypto';
const library = 'express-oauth2-jwt-bearer';
const byHand = 'jose by hand';

/** A request with a token that came before and a proof that never did. */
export const proof: Bench = {
  name: 'proof',
  title: 'A bound token that comes again, with a fresh proof (DPoP)',
  measures:
    'decisions a second in one process over 64 holders; proofs (EdDSA) are made before each turn. The guard ' +
    'checks token, proof, binding and replay; jose by hand does the same; express-oauth2-jwt-bearer has no replay check',
  run: async (settings) => {
    const keys = await Promise.all(Array.from({ length: 64 }, () => generatePrivateJwk('EdDSA')));
    const thumbprints = await Promise.all(keys.map(async (jwk) => (await importSigningKey(jwk)).kid));
    const carrier = (index: number): { cnf: { jkt: string } } => ({ cnf: { jkt: thumbprints[index] ?? '' } });
    const material: ProofMaterial = {
      set: await makeTokens({ alg: 'EdDSA', count: keys.length, carrier }),
      holders: keys,
    };
    return runContest(
      { module: new URL('./contestants/proof.ts', import.meta.url), material, entries, pairs },
      settings.calculation,
    );
  },
};

const entries: readonly Entry[] = [
  { name: raw },
  { name: ours },
  { name: oursOnNode, withoutSodium: true },
  { name: library },
  { name: byHand },
];

const pairs: readonly Pair[] = [
  { row: ours, against: raw },
  { row: ours, against: library },
  { row: ours, against: byHand },
  { row: oursOnNode, against: raw },
  { row: oursOnNode, against: library },
  { row: oursOnNode, against: byHand },
];
