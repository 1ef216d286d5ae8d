import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqlite } from '@symbolon/issuer';
import { firstLine, start, stop, symbolon, temporaryFolder } from './command-line.ts';

/** A start of which each test spoils one word. */
function firstStart(folder: string): {
  data: string;
  keyFile: string;
  words: (said?: Readonly<Record<string, string>>) => readonly string[];
} {
  const data = join(folder, 'data');
  const keyFile = join(folder, 'keys', 'k.json');
  const words = (said: Readonly<Record<string, string>> = {}): readonly string[] => {
    const flags = {
      issuer: 'https://id.example.com',
      audience: 'https://api.example.com',
      port: '0',
      data,
      'key-file': keyFile,
      ...said,
    };
    return ['serve', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])];
  };
  return { data, keyFile, words };
}

async function startsAndStops(words: readonly string[]): Promise<void> {
  const server = start(words);
  const ready = JSON.parse(await firstLine(server)) as { event: string };
  assert.equal(ready.event, 'ready');
  assert.equal(await stop(server), 0);
}

test('CLI-31: the folder of the key file is asked for before anything is made, and then the same words start', async () => {
  const folder = temporaryFolder();
  const { data, keyFile, words } = firstStart(folder);
  const refused = await symbolon(words());
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /the folder of the key file, .*keys, does not exist\n +make it: mkdir -m 700/);
  assert.ok(!existsSync(data), 'nothing was made');

  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  await startsAndStops(words());
  rmSync(keyFile);
  const lost = await symbolon([...words(), '--json']);
  assert.equal(lost.code, 2);
  assert.deepEqual(codesOf(lost.stderr), ['key_file_lost']);
});

test('CLI-31: a store without a key, as a start that broke off leaves it, is no reason to look for a key file', async () => {
  const folder = temporaryFolder();
  const { data, words } = firstStart(folder);
  mkdirSync(data, { mode: 0o700 });
  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  await openSqlite({ file: join(data, 'symbolon.db') }).close();
  await startsAndStops(words());
});

test('CLI-30: after a refusal of the issuer itself every word can be corrected, the key file among them', async () => {
  const folder = temporaryFolder();
  const { data, words } = firstStart(folder);
  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  for (const said of [
    { issuer: 'https://10.0.0.1', people: 'Example' },
    { audience: 'nonsense' },
    { issuer: 'https://id.example.com/' },
  ]) {
    const refused = await symbolon(words(said));
    assert.equal(refused.code, 2, refused.stderr);
    assert.ok(!existsSync(data), JSON.stringify(said));
    assert.deepEqual(readdirSync(join(folder, 'keys')), []);
  }
  await startsAndStops(words({ 'key-file': join(folder, 'keys', 'other.json') }));
});

test('CLI-32: a busy port is said with what to do, and leaves nothing in the way', async (t) => {
  const folder = temporaryFolder();
  const { words } = firstStart(folder);
  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const busy = await symbolon(words({ port: String(port) }));
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, /port \d+ of 127\.0\.0\.1 is busy: .*--port/);
  const metrics = await symbolon(words({ metrics: `127.0.0.1:${port}` }));
  assert.match(metrics.stderr, /port \d+ of 127\.0\.0\.1 is busy: .*--metrics/);
  await startsAndStops(words({ metrics: '127.0.0.1:0' }));
});

function codesOf(stderr: string): readonly string[] {
  const { problems } = JSON.parse(stderr) as { problems: readonly { code: string }[] };
  return problems.map(({ code }) => code);
}
