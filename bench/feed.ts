/**
 * From the command to the last refusal: `node --conditions=symbolon:source bench/feed.ts`.
 *
 * An issuer on SQLite, three guard processes that follow its stream, and 200 requests a second among them; 200
 * sessions are ended one after the other, and each guard is asked with the ended token until it refuses.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { generatePrivateJwk, importSigningKey } from '@symbolon/token';
import type { DoorQuestion } from './feed/door.ts';
import type { OfficeQuestion } from './feed/office.ts';
import { makeFolder } from './folder.ts';
import { startChild } from './harness/child.ts';
import { describeMachine } from './harness/machine.ts';

const guards = 3;
const ends = 200;
const load = 200; // requests a second
const pause = 2; // ms between two questions about one token
const aims = { p50: 250, p99: 600, max: 1000 } as const;
/** What the others can say of an ended session: it is accepted until its token expires. */
const peers = ['jose', 'express-oauth2-jwt-bearer'];
const tokenLife = 300_000;

await using stack = new AsyncDisposableStack();
const folder = stack.use(await makeFolder());
const office = stack.use(startChild(new URL('./feed/office.ts', import.meta.url)));
const port = await freePort();
const key = await generatePrivateJwk('EdDSA');
const guardKey = (await importSigningKey(key)).jwk;
const opening: OfficeQuestion = { folder: folder.path, port, guardKey, sessions: ends + 20 };
const sessions = await office.ask<readonly { sid: string; token: string }[]>(opening);
const doors: number[] = [];
for (let at = 0; at < guards; at++) {
  const door = stack.use(startChild(new URL('./feed/door.ts', import.meta.url)));
  const question: DoorQuestion = { issuer: `http://127.0.0.1:${port}`, key };
  const opened = await door.ask<{ port: number; isStreaming: boolean }>(question);
  if (!opened.isStreaming) throw new Error('a guard does not follow the stream');
  doors.push(opened.port);
}

const lasting = sessions.slice(ends);
let asked = 0;
let wrong = 0;
const pouring = setInterval(() => {
  for (let at = 0; at < (load * 20) / 1000; at++) void pour();
}, 20);

const times: number[] = [];
for (const { sid, token } of sessions.slice(0, ends)) {
  await Promise.all(doors.map((door) => ask(door, token)));
  const since = performance.now();
  const [, ...refusals] = await Promise.all([
    office.ask({ end: sid } satisfies OfficeQuestion),
    ...doors.map((door) => refusedAt(door, token)),
  ]);
  times.push(Math.max(...refusals) - since);
}
clearInterval(pouring);
report(times.toSorted((a, b) => a - b));

async function pour(): Promise<void> {
  const door = doors[asked % doors.length];
  const token = lasting[asked++ % lasting.length]?.token;
  if (door !== undefined && token !== undefined && (await ask(door, token)) !== 200) wrong++;
}

async function ask(door: number, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`http://127.0.0.1:${door}/orders`, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

async function refusedAt(door: number, token: string): Promise<number> {
  for (;;) {
    if ((await ask(door, token)) === 401) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function report(sorted: readonly number[]): void {
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? NaN;
  const found = { p50: at(0.5), p99: at(0.99), max: at(1) };
  console.log(
    `${describeMachine()}\n${ends} ended sessions, ${guards} guards, ${asked} other requests, ${wrong} refused`,
  );
  for (const [name, aim] of Object.entries(aims) as [keyof typeof aims, number][]) {
    const ms = found[name];
    console.log(`  ${name.padEnd(4)} ${ms.toFixed(0)} ms, aim ${aim} ms: ${ms < aim ? 'met' : 'NOT MET'}`);
  }
  for (const peer of peers) console.log(`  ${peer}: until the token expires, here up to ${tokenLife} ms`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}
