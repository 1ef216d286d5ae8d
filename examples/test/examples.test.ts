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
import { text } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

type Running = ChildProcessByStdio<Writable, Readable, null>;

const source = ['--conditions=symbolon:source'];

test('the README shows the examples as they are, in under 25 lines together', () => {
  const examples = ['express', 'machine'].map((name) => readFileSync(`examples/${name}.ts`, 'utf8'));
  const readme = readFileSync('README.md', 'utf8');
  for (const example of examples) assert.ok(readme.includes(`\`\`\`ts\n${example}\`\`\``));
  assert.ok(examples.join('').split('\n').length <= 25);
});

test('the machine of the examples is let in by the Express route of the examples', async (t) => {
  const issuer = await startIssuer(t);
  const port = await freePort();
  const places = {
    ...issuer,
    'http://localhost:3000': `http://localhost:${String(port)}`,
    '3000': String(port),
  };

  const express = start(t, [...source, '--input-type=module-typescript'], example('express', places));
  await answers(`http://localhost:${String(port)}/orders`, express);
  const refused = await fetch(`http://localhost:${String(port)}/orders`);
  assert.equal(refused.status, 401);

  const machine = start(t, [...source, '--input-type=module-typescript'], example('machine', places));
  assert.match(await text(machine.stdout), /^200 \{ orders: \[\], of: '[\w-]{22}' \}\n$/);
});

/** An example with its addresses and its file replaced, so that tests may run side by side. */
function example(name: string, places: Readonly<Record<string, string>>): string {
  const code = readFileSync(`examples/${name}.ts`, 'utf8');
  return Object.entries(places).reduce((changed, [from, to]) => changed.replaceAll(from, to), code);
}

async function startIssuer(t: TestContext): Promise<Record<string, string>> {
  const data = mkdtempSync(join(tmpdir(), 'symbolon-example-'));
  const main = 'packages/cli/src/main.ts';
  const dev = start(t, [...source, main, 'dev', '--json', '--port', '0', '--data', data]);
  t.after(() => {
    rmSync(data, { recursive: true, force: true });
  });
  const lines = createInterface({ input: dev.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const ready = JSON.parse(line) as Record<'issuer' | 'audience' | 'client_key_file', string>;
  return {
    'http://localhost:4080': ready.issuer,
    'http://localhost:4081': ready.audience,
    '.symbolon/demo-client.jwk.json': ready.client_key_file,
  };
}

function start(t: TestContext, words: readonly string[], input = ''): Running {
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await ended;
  });
  return child;
}

/** Waits until somebody listens. */
async function answers(url: string, server: Running): Promise<void> {
  while (server.exitCode === null) {
    const answered = await fetch(url).catch(() => undefined);
    if (answered !== undefined) return;
    await sleep(20);
  }
  assert.fail(`the server ended with ${String(server.exitCode)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
