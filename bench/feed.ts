import type { DoorQuestion } from './feed/door.ts';
import type { CrowdCount, CrowdQuestion } from './feed/crowd.ts';
import { knock } from './feed/knock.ts';
import type { OfficeQuestion, StartedSession } from './feed/office.ts';
import { openFeedOffice, type FeedOffice } from './feed/opening.ts';
import type { PeersQuestion } from './feed/peers.ts';
import { shortAudience, shortLife } from './feed/short-audience.ts';
import type { Bench } from './harness/bench.ts';
import { startChild, type Child } from './harness/child.ts';
import { openConnection, type Connection } from './harness/connection.ts';
import { delayOf } from './harness/delays.ts';
import { audience } from './tokens.ts';

const guards = 3;
const rate = 200; // other requests a second, all guards together
const pause = 5; // ms between two questions about one token
const limits = { p50: 250, p99: 600, max: 1000 };
/** They know nothing of ended sessions. */
const peers = ['jose', 'express-oauth2-jwt-bearer'];
const endsForPeers = 20;

/** Where a token is shown again and again until it is refused. */
interface Door {
  readonly port: number;
  readonly path?: string;
  readonly connection: Connection;
}

/** From the command that ends a session to the last refusal. */
export const feed: Bench = {
  name: 'feed',
  title: 'From the end of a session to the last refusal',
  measures:
    `ms from the command until all of ${guards} guard processes, which follow the stream of an issuer on SQLite, have ` +
    `refused the ended token over HTTP, while they answer ${rate} other requests a second; for the others, whose bound ` +
    `is the token's life, until each has refused a token that lives ${shortLife} s and was ended as soon as it was issued`,
  run: async ({ ends }) => {
    await using stack = new AsyncDisposableStack();
    const opened = await openFeedOffice(stack);
    const doors = await openDoors(stack, opened);
    const crowd = stack.use(startChild(new URL('./feed/crowd.ts', import.meta.url)));
    const lasting = await startSessions(opened.office, { start: 20, audience });
    const tokens = lasting.map(({ token }) => token);
    await crowd.ask({ doors: doors.map(({ port }) => port), tokens, rate } satisfies CrowdQuestion);
    const times: number[] = [];
    for (const session of await startSessions(opened.office, { start: ends, audience }))
      times.push(await timeToRefusal(session, { office: opened.office, doors }));
    const count = await crowd.ask<CrowdCount>('stop' satisfies CrowdQuestion);
    return {
      kind: 'delays',
      rows: [
        { name: `symbolon, ${guards} guards, ${ends} ends`, times: delayOf(times), limits },
        ...(await timePeers(stack, opened)),
      ],
      notes: [describeCrowd(count)],
    };
  },
};

async function openDoors(stack: AsyncDisposableStack, { issuer, key }: FeedOffice): Promise<readonly Door[]> {
  const doors: Door[] = [];
  while (doors.length < guards) {
    const child = stack.use(startChild(new URL('./feed/door.ts', import.meta.url)));
    const { port, isStreaming } = await child.ask<{ port: number; isStreaming: boolean }>({
      issuer,
      key,
    } satisfies DoorQuestion);
    if (!isStreaming) throw new Error('a guard does not follow the stream');
    doors.push(stack.adopt({ port, connection: await openConnection(port) }, closeDoor));
  }
  return doors;
}

function closeDoor({ connection }: Door): void {
  connection.close();
}

function startSessions(
  office: Child,
  wanted: { start: number; audience: string },
): Promise<readonly StartedSession[]> {
  return office.ask(wanted satisfies OfficeQuestion);
}

/** Ends a session that every door accepts, and waits for the last of them to refuse it. */
async function timeToRefusal(
  { sid, token }: StartedSession,
  { office, doors }: { office: Child; doors: readonly Door[] },
): Promise<number> {
  const first = await Promise.all(doors.map((door) => knock(door.connection, { ...door, token })));
  if (first.some((status) => status !== 200)) throw new Error('a live session was refused');
  const since = performance.now();
  const refusals = doors.map((door) => refusedAt(door, token));
  await office.ask({ end: sid } satisfies OfficeQuestion);
  return Math.max(...(await Promise.all(refusals))) - since;
}

async function refusedAt(door: Door, token: string): Promise<number> {
  while ((await knock(door.connection, { ...door, token })) !== 401)
    await new Promise((resolve) => setTimeout(resolve, pause));
  return performance.now();
}

/** Asks those who know nothing of the end until the token is too old; all at once, since each takes the token's life. */
async function timePeers(
  stack: AsyncDisposableStack,
  { office, issuer }: FeedOffice,
): Promise<readonly { name: string; times: ReturnType<typeof delayOf> }[]> {
  const child = stack.use(startChild(new URL('./feed/peers.ts', import.meta.url)));
  const { port } = await child.ask<{ port: number }>({ issuer } satisfies PeersQuestion);
  const times = new Map(peers.map((name): [string, number[]] => [name, []]));
  const running: Promise<void>[] = [];
  for (let at = 0; at < endsForPeers; at++) {
    const [session] = await startSessions(office, { start: 1, audience: shortAudience });
    if (session === undefined) throw new TypeError('no session was started');
    const doors = await Promise.all(
      peers.map(async (name) => ({ name, port, path: `/${name}`, connection: await openConnection(port) })),
    );
    for (const door of doors) {
      stack.adopt(door, closeDoor);
      if ((await knock(door.connection, { ...door, token: session.token })) !== 200)
        throw new Error(`${door.name} refused a live session`);
    }
    const since = performance.now();
    await office.ask({ end: session.sid } satisfies OfficeQuestion);
    for (const door of doors)
      running.push(
        refusedAt(door, session.token).then((refused) => void times.get(door.name)?.push(refused - since)),
      );
  }
  await Promise.all(running);
  return peers.map((name) => ({
    name: `${name}, token life ${shortLife} s, ${endsForPeers} ends`,
    times: delayOf(times.get(name) ?? []),
  }));
}

function describeCrowd({ asked, refused, seconds }: CrowdCount): string {
  return (
    `other requests meanwhile: ${asked} in ${seconds.toFixed(1)} s, ${(asked / seconds).toFixed(1)}/s ` +
    `of ${rate}/s wanted, ${refused} refused`
  );
}
