import type { FollowersQuestion } from './feed/followers.ts';
import type { OfficeQuestion, StartedSession } from './feed/office.ts';
import { openFeedOffice } from './feed/opening.ts';
import type { Bench } from './harness/bench.ts';
import { startChild, type Child } from './harness/child.ts';
import { delayOf } from './harness/delays.ts';
import { audience } from './tokens.ts';

const guards = 1000;
const ends = 10;
const quiet = 3000; // ms in which nothing is ended: the price of the statement a second
const limits = { p99: 1000 };

/** What it costs an issuer that many guards follow its stream. */
export const guardsOnStream: Bench = {
  name: 'guards-on-stream',
  title: `${guards.toLocaleString('en')} guards on one issuer's stream`,
  measures:
    'ms from the command that ends a session until one connection has the signed statement, over all connections; ' +
    'they are in one process and only read: what a guard does with it is not measured here. The CPU time of the issuer',
  run: async () => {
    await using stack = new AsyncDisposableStack();
    const { office, issuer, key } = await openFeedOffice(stack);
    const followers = stack.use(startChild(new URL('./feed/followers.ts', import.meta.url)));
    const sessions = await office.ask<readonly StartedSession[]>({
      start: ends,
      audience,
    } satisfies OfficeQuestion);
    await followers.ask({ issuer, key, streams: guards } satisfies FollowersQuestion);
    const idle = await cpuOver(office, () => new Promise((resolve) => setTimeout(resolve, quiet)));
    const times: number[] = [];
    const busy = await cpuOver(office, async () => {
      for (const { sid } of sessions) times.push(...(await timeToHear(sid, { office, followers })));
    });
    return {
      kind: 'delays',
      rows: [{ name: `${guards} streams, ${ends} ends`, times: delayOf(times), limits }],
      notes: [
        `CPU of the issuer: ${percent(idle)} of a core in silence, ${percent(busy)} while sessions are ended`,
      ],
    };
  },
};

async function timeToHear(
  sid: string,
  { office, followers }: { office: Child; followers: Child },
): Promise<readonly number[]> {
  await followers.ask('listen' satisfies FollowersQuestion);
  const since = performance.timeOrigin + performance.now();
  await office.ask({ end: sid } satisfies OfficeQuestion);
  const heard = await followers.ask<readonly number[]>('heard' satisfies FollowersQuestion);
  return heard.map((at) => at - since);
}

/** The share of a core that the issuer used during some work. */
async function cpuOver(office: Child, work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  const before = await office.ask<number>('cpu' satisfies OfficeQuestion);
  await work();
  const after = await office.ask<number>('cpu' satisfies OfficeQuestion);
  return (after - before) / 1000 / (performance.now() - since);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
