import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

type Running = ChildProcessByStdio<Writable, Readable, null>;

/** How the examples are run: from the packages' sources. */
export const source = ['--conditions=symbolon:source'];

/** An example with its addresses and its files replaced, so that tests may run side by side. */
export function example(name: string, places: Readonly<Record<string, string>>): string {
  return withPlaces(readFileSync(`examples/${name}.ts`, 'utf8'), places);
}

/** Replaces all at one stroke: a port that took the place of one may begin like another. */
export function withPlaces(text: string, places: Readonly<Record<string, string>>): string {
  const longestFirst = Object.keys(places).sort((one, other) => other.length - one.length);
  const known = new RegExp(
    longestFirst.map((from) => from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
    'g',
  );
  return text.replace(known, (from) => places[from] ?? from);
}

/** Starts `symbolon dev` at free ports: where it is, by what stands in the examples, and its first link. */
export async function startIssuer(
  t: TestContext,
): Promise<{ places: Record<string, string>; data: string; firstLink: string }> {
  const data = mkdtempSync(join(tmpdir(), 'symbolon-example-'));
  const main = 'packages/cli/src/main.ts';
  const dev = start(t, [...source, main, 'dev', '--json', '--port', '0', '--data', data]);
  t.after(() => {
    rmSync(data, { recursive: true, force: true });
  });
  const lines = createInterface({ input: dev.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, string>> =>
    JSON.parse((await lines.next()).value ?? '{}') as Record<string, string>;
  const [ready, first] = [await next(), await next()];
  assert.deepEqual([ready['event'], first['event']], ['ready', 'first_account']);
  return {
    data,
    firstLink: first['link'] ?? '',
    places: {
      'http://localhost:4080': ready['issuer'] ?? '',
      'http://localhost:4081': ready['audience'] ?? '',
      '.symbolon/demo-client.jwk.json': ready['client_key_file'] ?? '',
    },
  };
}

/** Starts Node with these words; it ends with the test. */
export function start(
  t: TestContext,
  words: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Running {
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await ended;
  });
  return child;
}

/** Waits until somebody listens. */
export async function answers(url: string, server: Running): Promise<void> {
  while (server.exitCode === null) {
    const answered = await fetch(url).catch(() => undefined);
    if (answered !== undefined) return;
    await sleep(20);
  }
  assert.fail(`the server ended with ${String(server.exitCode)}`);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
