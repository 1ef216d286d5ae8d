import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { firstLine, start, startDev, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

interface Unsafe {
  readonly problems: readonly { readonly code: string; readonly fix: string }[];
}

async function problemsOf(words: readonly string[]): Promise<Unsafe['problems']> {
  const { code, stdout, stderr } = await symbolon(['serve', '--json', ...words]);
  assert.deepEqual([code, stdout], [2, '']);
  return (JSON.parse(stderr) as Unsafe).problems;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  return address.port;
}

test('serve does not start in an unsafe way, and says what to do about each', async () => {
  const folder = temporaryFolder();
  const [open, kept] = [join(folder, 'open'), join(folder, 'kept')];
  mkdirSync(open);
  mkdirSync(kept, { mode: 0o700 });
  chmodSync(open, 0o755);
  writeFileSync(join(folder, 'keys.json'), '{}', { mode: 0o644 });
  symlinkSync(kept, join(folder, 'link'));
  const good = [
    '--issuer',
    'https://i.example',
    '--audience',
    'https://a.example',
    '--key-file',
    join(folder, 'new.json'),
  ];
  const rows: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['--data', kept],
      ['issuer_missing', 'audience_missing', 'key_file_missing'],
    ],
    [['--data', open, ...good], ['data_open']],
    [['--data', kept, ...good, '--issuer', 'http://i.example'], ['issuer_not_private']],
    [['--data', kept, ...good, '--audience', 'http://a.example'], ['audience_not_private']],
    [['--data', kept, ...good, '--key-file', join(kept, 'keys.json')], ['key_file_in_data']],
    [['--data', kept, ...good, '--key-file', join(folder, 'link', 'keys.json')], ['key_file_in_data']],
    [['--data', kept, ...good, '--key-file', join(folder, 'keys.json')], ['key_file_open']],
    [['--data', kept, ...good, '--host', '0.0.0.0'], ['port_open']],
  ];
  await Promise.all(
    rows.map(async ([words, codes]) => {
      const problems = await problemsOf(words);
      assert.deepEqual(
        problems.map(({ code }) => code),
        codes,
      );
      assert.ok(problems.every(({ fix }) => fix !== ''));
    }),
  );
});

test('serve does not take a folder that dev has made, nor dev one of serve', async () => {
  const data = temporaryFolder();
  const dev = await startDev(['--port', '0', '--data', data]);
  await stop(dev.child);
  const [problem] = await problemsOf(['--data', data]);
  assert.equal(problem?.code, 'data_of_dev');
});

test('serve serves what a file says, logs no credential, and is found by the other commands', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const config = {
    issuer,
    port,
    data: 'data',
    keyFile: 'keys.json',
    audiences: [{ audience: 'https://a.example', scopes: ['read'] }],
    people: {},
  };
  writeFileSync(join(folder, 'serve.json'), JSON.stringify(config));
  const server = start(['serve', '--config', join(folder, 'serve.json')]);
  const ready = JSON.parse(await firstLine(server)) as Record<string, unknown>;
  assert.deepEqual([ready['event'], ready['issuer'], ready['data_dir']], ['ready', issuer, data]);
  const log = text(server.stdout);

  const key = join(folder, 'shop.jwk.json');
  await symbolonJson(`client add shop --generate ${key} --scope read`, { data });
  const asked = [
    'token',
    '--issuer',
    issuer,
    '--client',
    'shop',
    '--key',
    key,
    '--audience',
    'https://a.example',
  ];
  const token = await symbolon(asked);
  assert.equal(token.code, 0, token.stderr);
  await fetch(`${issuer}/jwks?secret=1`, { headers: { authorization: `DPoP ${token.stdout.trim()}` } });
  await fetch(`${issuer}/${token.stdout.trim()}`);
  await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'password' }) });
  await fetch(`${issuer}/authorize?request=secret`);
  assert.equal(await stop(server), 0);
  const lines = (await log)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.filter(({ path }) => path === '/token').map(({ status, code }) => [status, code]),
    [
      [200, undefined],
      [400, 'grant_unsupported'],
    ],
  );
  // ISSUER-105
  assert.equal(lines.find(({ path }) => path === '/authorize')?.['code'], 'request_uri_unknown');
  assert.ok(!JSON.stringify(lines).includes('secret'));
  for (const part of token.stdout.trim().split('.')) assert.ok(!JSON.stringify(lines).includes(part));

  const again = await symbolon(`dev --data ${data}`);
  assert.equal(again.code, 2);
  rmSync(join(folder, 'keys.json'));
  const [lost] = await problemsOf(['--data', data]);
  assert.equal(lost?.code, 'key_file_lost');
  const managed = await symbolon('client list', { data });
  assert.equal(managed.code, 2);
  assert.match(managed.stderr, /restore it from its backup/);
});

test('serve refuses settings that are unsound, naming each member', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'serve.json');
  writeFileSync(path, JSON.stringify({ isuer: 'https://i.example', port: 'x' }));
  const { code, stderr } = await symbolon(`serve --config ${path}`);
  assert.equal(code, 2);
  assert.match(stderr, /isuer/);
  assert.match(stderr, /port/);

  const keyFile = join(folder, 'keys.json');
  const config = { issuer: 'https://i.example', keyFile, audiences: [{ audience: 'https://a.example' }] };
  writeFileSync(path, JSON.stringify({ ...config, data: 'data', lifetimes: { machineIdle: 300 } }));
  const short = await symbolon(`serve --config ${path}`);
  assert.equal(short.code, 2);
  assert.match(
    short.stderr,
    /lifetimes.machineIdle is 300 s, expected more than twice the longest token life/,
  );
});

test('CLI-6: figures are served at an address of their own, on loopback unless more is said', async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const words = [
    '--issuer',
    `http://localhost:${port}`,
    '--audience',
    'https://a.example',
    '--port',
    `${port}`,
  ];
  const where = [...words, '--data', join(folder, 'data'), '--key-file', join(folder, 'keys.json')];
  const [open] = await problemsOf([...where, '--metrics', '0.0.0.0:0']);
  assert.equal(open?.code, 'metrics_open');
  assert.equal((await symbolon(['serve', ...where, '--metrics', '9464'])).code, 2);
  assert.match((await symbolon(['serve', ...where, '--metrics-open'])).stderr, /needs --metrics/);

  const server = start(['serve', ...where, '--metrics', '127.0.0.1:0']);
  const ready = JSON.parse(await firstLine(server)) as { metrics: string };
  const figures = await (await fetch(ready.metrics)).text();
  assert.match(figures, /^symbolon_feed_live 1$/m);
  assert.equal((await fetch(`http://localhost:${port}/metrics`)).status, 404);
  assert.equal((await fetch(`http://localhost:${port}/healthz`)).status, 200);
  assert.equal(await stop(server), 0);
});
