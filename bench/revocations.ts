import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { importPublicKey, verifyRevocations, revocationsHeader } from '@symbolon/token';
import { createRevocations, type Revocations } from '../packages/guard/src/revocations.ts';
import { createFeedOfMany } from './feed-of-many.ts';
import type { Bench, Findings } from './harness/bench.ts';
import { runContest, type Entry } from './harness/contest.ts';
import { issuer, makeTokens, type TokenSet } from './tokens.ts';

/** What each contestant gets. */
export type RevocationMaterial = TokenSet;

/** How many sessions are ended. */
export const many = 1_000_000;
const mostMegabytes = 64;
const mostMicroseconds = 1;
const plain = 'guard without a feed';
const full = 'guard that knows 1,000,000 ends';
const alone = 'the look-up among 1,000,000 alone';

/** What it costs a guard to know of a million ended sessions. */
export const revocations: Bench = {
  name: 'revocations',
  title: 'A million ended sessions in a guard',
  measures:
    'decisions a second over 512 cached bearer tokens, without a feed, with an empty one, and with 1,000,000 live ' +
    'revocations read from signed pages; the memory they take, and the time a token adds once after anything was learnt',
  run: async (settings) => {
    const material = await makeTokens({ alg: 'EdDSA', count: 512, carrier: () => ({ crr: 'bearer' }) });
    const { megabytes, milliseconds, longest } = await fillRevocations();
    const findings = await runContest(
      {
        module: new URL('./contestants/revocations.ts', import.meta.url),
        material,
        entries,
        pairs: [
          { row: 'guard that follows an empty feed', against: plain, aim: 0.95 },
          { row: full, against: plain, aim: 0.95 },
          { row: alone, against: plain },
        ],
      },
      settings.calculation,
    );
    console.log(`  memory: ${megabytes.toFixed(1)} MB  ${verdict(megabytes, mostMegabytes, 'MB')}`);
    const added = cpuOf(findings, full) - cpuOf(findings, plain);
    console.log(
      `  added to a cached token: ${added.toFixed(3)} µs  ${verdict(added, mostMicroseconds, 'µs')}`,
    );
    const once = cpuOf(findings, alone);
    console.log(
      `  added once after anything was learnt: ${once.toFixed(3)} µs  ${verdict(once, mostMicroseconds, 'µs')}`,
    );
    console.log(`  taking in 100 pages: ${milliseconds.toFixed(0)} ms, the longest ${longest.toFixed(0)} ms`);
    return findings;
  },
};

const entries: readonly Entry[] = [
  { name: plain },
  { name: 'guard that follows an empty feed' },
  { name: full },
  { name: alone },
];

/** Takes a million entries in, statement by statement, and measures what that takes. */
export async function fillRevocations(): Promise<{
  revocations: Revocations;
  megabytes: number;
  milliseconds: number;
  longest: number;
}> {
  const feed = await createFeedOfMany({ count: many, kid: 'k' });
  const published = await Promise.all(feed.keys.map((jwk) => importPublicKey(jwk)));
  const keys = new Map(published.map((key) => [revocationsHeader(key), key]));
  const made = createRevocations({ elapsed: () => performance.now() });
  const take = async (path: string): Promise<number> => {
    const text = await (await feed.answer(path)).text();
    const start = performance.now();
    const statement = await verifyRevocations(text, { keys, issuer });
    made.merge(statement);
    const gap = made.gapBefore(statement.to);
    milliseconds += performance.now() - start;
    longest = Math.max(longest, performance.now() - start);
    return gap ?? 0;
  };
  let milliseconds = 0;
  let longest = 0;
  const before = await memory();
  for (let to = await take(''); to > 0;) to = await take(`/pages/${to}`);
  const megabytes = ((await memory()) - before) / 1e6;
  if (made.size().entries !== many) throw new Error('not every entry was taken in');
  return { revocations: made, megabytes, milliseconds, longest };
}

/** What is held, in bytes: buffers and texts outside the heap are let go only a turn after what held them was collected. */
async function memory(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external; // array buffers are among the external
}

function cpuOf({ rows }: Findings, name: string): number {
  return rows.find((row) => row.name === name)?.cpu ?? Number.NaN;
}

function verdict(value: number, most: number, unit: string): string {
  return `aim < ${most} ${unit}: ${value < most ? 'met' : 'NOT MET'}`;
}
