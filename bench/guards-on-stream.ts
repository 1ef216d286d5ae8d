/**
 * A thousand guards on one issuer's stream: `node --conditions=symbolon:source bench/guards-on-stream.ts`.
 *
 * Simulated: connections that read what the stream says, in one process; what a guard does with it is not measured
 * here. Ten sessions are ended; a latency is from the command until one connection has the statement.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { generatePrivateJwk, importSigningKey } from '@symbolon/token';
import type { FollowersQuestion } from './feed/followers.ts';
import type { OfficeQuestion } from './feed/office.ts';
import { makeFolder } from './folder.ts';
import { startChild } from './harness/child.ts';
import { describeMachine } from './harness/machine.ts';

const guards = 1000;
const ends = 10;
const quiet = 3000; // ms in which nothing is ended: the price of the statement a second
const aim = 1000; // ms, p99

await using stack = new AsyncDisposableStack();
const folder = stack.use(await makeFolder());
const office = stack.use(startChild(new URL('./feed/office.ts', import.meta.url)));
const followers = stack.use(startChild(new URL('./feed/followers.ts', import.meta.url)));
const port = await freePort();
const key = await generatePrivateJwk('EdDSA');
const guardKey = (await importSigningKey(key)).jwk;
const opening: OfficeQuestion = { folder: folder.path, port, guardKey, sessions: ends };
const sessions = await office.ask<readonly { sid: string; token: string }[]>(opening);
const issuer = `http://127.0.0.1:${port}`;
await followers.ask({ issuer, key, streams: guards } satisfies FollowersQuestion);

const idleCpu = await cpuOver(() => new Promise((resolve) => setTimeout(resolve, quiet)));
const times: number[] = [];
const busyCpu = await cpuOver(async () => {
  for (const { sid } of sessions) {
    const heard = followers.ask<readonly number[]>('heard' satisfies FollowersQuestion);
    await new Promise((resolve) => setTimeout(resolve, 200)); // until they listen
    const since = performance.timeOrigin + performance.now();
    await office.ask({ end: sid } satisfies OfficeQuestion);
    times.push(...(await heard).map((at) => at - since));
  }
});

const sorted = times.toSorted((a, b) => a - b);
const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? NaN;
console.log(`${describeMachine()}\n${guards} streams, ${ends} ends`);
console.log(`  p50 ${at(0.5).toFixed(0)} ms, max ${at(1).toFixed(0)} ms`);
console.log(`  p99 ${at(0.99).toFixed(0)} ms, aim ${aim} ms: ${at(0.99) < aim ? 'met' : 'NOT MET'}`);
console.log(
  `  CPU of the issuer: ${percent(idleCpu)} of a core in silence, ${percent(busyCpu)} while sessions are ended`,
);

async function cpuOver(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  const before = await office.ask<number>('cpu' satisfies OfficeQuestion);
  await work();
  const after = await office.ask<number>('cpu' satisfies OfficeQuestion);
  return (after - before) / 1000 / (performance.now() - since);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}
