import type { Bench, Pair } from './harness/bench.ts';
import { runContest, type Entry } from './harness/contest.ts';
import { makeTokens, type TokenSet } from './tokens.ts';

/** What each contestant gets. */
export type CachedMaterial = TokenSet;

const peer = 'fast-jwt with cache';
const peerByText = 'fast-jwt with cache keyed by the text';

/** Verification of a token that was verified before. */
export const verifyCached: Bench = {
  name: 'verify-cached',
  title: 'A token verified again',
  measures:
    'decisions a second in one process over 512 bearer tokens that come again and again; each starts from the ' +
    'text of an Authorization header. The guard decides the whole request; fast-jwt gives back the payload',
  run: async (settings) => {
    const material = await makeTokens({ alg: 'EdDSA', count: 512, carrier: () => ({ crr: 'bearer' }) });
    return runContest(
      { module: new URL('./contestants/cached.ts', import.meta.url), material, entries, pairs },
      settings.calculation,
    );
  },
};

const entries: readonly Entry[] = [
  { name: peer },
  { name: peerByText },
  { name: 'symbolon guard, prepared as in adapters' },
  { name: 'symbolon guard.authenticate' },
  { name: 'symbolon cache alone' },
];

const pairs: readonly Pair[] = [
  { row: peerByText, against: peer },
  { row: 'symbolon guard, prepared as in adapters', against: peer, aim: 3 },
  { row: 'symbolon guard, prepared as in adapters', against: peerByText },
  { row: 'symbolon guard.authenticate', against: peer, aim: 3 },
  { row: 'symbolon cache alone', against: peer, aim: 3 },
  { row: 'symbolon cache alone', against: peerByText },
];
