import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { start, startDev, symbolon, symbolonJson, temporaryFolder, type Ready } from './command-line.ts';

/** One issuer for all. */
const data = temporaryFolder();
let ready: Ready;

before(async () => {
  ({ ready } = await startDev(['--port', '0', '--data', data]));
});

test('CLI-34: an application that nobody could be sent back to is added with a word about it', async () => {
  const bare = await symbolon('client add bare --kind public', { data });
  assert.equal(bare.code, 0, bare.stderr);
  assert.match(bare.stderr, /Nobody can be sent back to bare.*client change bare --redirect-uri URL/);
  assert.match(bare.stderr, /may ask for no scope.*client change bare --scope NAMES/);
  const address = 'https://whole.example/back';
  const whole = await symbolon(
    [
      'client',
      'add',
      'whole',
      '--public',
      '--title',
      'Whole',
      '--scope',
      'demo:read',
      '--redirect-uri',
      address,
    ],
    { data },
  );
  assert.deepEqual([whole.code, whole.stderr], [0, '']);
  const listed = await symbolon('client list', { data });
  const row = listed.stdout.split('\n').find((line) => line.startsWith('whole'));
  assert.match(row ?? '', /^whole +Whole +public .*https:\/\/whole\.example\/back/);
});

test('CLI-35: a guard that is not at its audience is called once its origin is named, and none else', async (t) => {
  const shown: (string | undefined)[] = [];
  const elsewhere = createServer(({ headers }, response) => {
    shown.push(headers.authorization?.split(' ')[0]);
    response.end('called');
  }).listen(0, '127.0.0.1');
  t.after(() => elsewhere.close());
  await once(elsewhere, 'listening');
  const origin = `http://localhost:${String((elsewhere.address() as AddressInfo).port)}`;
  const refused = await symbolon(`call ${origin}/orders`, { data });
  assert.equal(refused.code, 2);
  assert.ok(
    refused.stderr.includes(`expected ${ready.audience}: a token is shown to no other`),
    refused.stderr,
  );
  assert.ok(refused.stderr.includes(`--allow-origin ${origin}\n`), refused.stderr);
  assert.deepEqual(shown, []);
  const called = await symbolon(`call ${origin}/orders --allow-origin ${origin}`, { data });
  assert.deepEqual([called.code, called.stdout], [0, 'called'], called.stderr);
  assert.deepEqual(shown, ['DPoP']);
  const both = await symbolon(`call ${ready.demo_api}/me --allow-origin ${origin}`, { data });
  assert.equal(both.code, 0, both.stderr);
});

test('CLI-36: what is missing is named, and what cannot be written is said before anything is sent', async () => {
  const report = join(data, 'no-such-folder', 'report.html');
  for (const [line, code, said] of [
    ['token --client nope', 2, /--client nope needs --key FILE/],
    ['call http://localhost:1/ --key k.json', 2, /--key k\.json needs --client ID/],
    ['session list --client nope', 1, /no client nope; "symbolon client list" shows them/],
    [
      `attack ${ready.demo_api}/me --html ${report}`,
      2,
      /cannot write --html .*: the folder .* does not exist/,
    ],
    [`attack ${ready.demo_api}/me --sarif ${data}`, 2, /cannot write --sarif .*: it is a folder/],
  ] as const) {
    const refused = await symbolon(line, { data });
    assert.deepEqual([refused.code, refused.stdout], [code, ''], line);
    assert.match(refused.stderr, said, line);
  }
  assert.equal((await symbolon('session list --client demo', { data })).code, 0);
  assert.ok(!existsSync(report));
});

test('CLI-37: a guard that reports every few seconds hears every end, whatever the clock says meanwhile', async () => {
  const { guards } = await symbolonJson<{ guards: readonly { name: string; state: string }[] }>(
    'guard list',
    {
      data,
    },
  );
  assert.deepEqual(
    guards.map(({ name, state }) => [name, state]),
    [['demo-api', 'hears every end']],
  );
});

test('CLI-38: help says what is typed here, under npm alone', async () => {
  const helpUnder = (env: Readonly<Record<string, string>>): Promise<string> =>
    text(start(['client', 'list', '--help'], { env }).stdout);
  assert.match(
    await helpUnder({ npm_lifecycle_event: 'symbolon' }),
    /Here "symbolon" is typed: npm run symbolon --\n/,
  );
  assert.doesNotMatch(await helpUnder({}), /is typed/);
});

test('CLI-40: what changes nothing is said so', async () => {
  await symbolonJson('key file add', { data });
  const moved = await symbolon('key rewrap', { data });
  const { keys } = await symbolonJson<{ keys: readonly object[] }>('key list', { data });
  assert.match(moved.stdout, new RegExp(`^${String(keys.length + 1)} keys were brought under`));
  const again = await symbolon('key rewrap', { data });
  assert.match(again.stdout, /^every key is under [\w-]+ already\n/);
});
