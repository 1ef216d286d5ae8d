import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDev, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

interface Listed {
  readonly entries: readonly { id: string; wraps: boolean; keys: number }[];
}

test('CLI-1: a word too many is refused by a command that takes none, and by one that takes one', async () => {
  const data = temporaryFolder();
  const dev = await startDev(['--port', '0', '--data', data]);
  await stop(dev.child);
  for (const line of ['key list more', 'key file add more', 'client end demo more', 'subject end a b']) {
    const { code, stderr } = await symbolon(line, { data });
    assert.equal(code, 2, line);
    assert.match(stderr, /too many arguments|unexpected b/, line);
  }
  assert.equal((await symbolon('key list', { data })).code, 0);
  const { entries } = await symbolonJson<Listed>('key file list', { data });
  assert.equal(entries.length, 1, 'nothing was added');
});

test('CLI-2, CLI-3: the key file is renewed, and an entry that is needed is not removed', async () => {
  const data = temporaryFolder();
  const first = await startDev(['--port', '0', '--data', data]);
  await stop(first.child);
  const list = () => symbolonJson<Listed>('key file list', { data });
  const kids = async () =>
    (await symbolonJson<{ keys: readonly { kid: string }[] }>('key list', { data })).keys.map(
      ({ kid }) => kid,
    );
  const before = await kids();
  const [old, ...none] = (await list()).entries;
  assert.deepEqual([old?.wraps, old?.keys, none], [true, before.length + 1, []]);

  const { added } = await symbolonJson<{ added: string }>('key file add', { data });
  assert.deepEqual((await list()).entries, [
    { id: added, wraps: true, keys: 0 },
    { id: old?.id, wraps: false, keys: before.length + 1 },
  ]);
  const early = await symbolon(`key file remove ${old?.id ?? ''} --json`, { data });
  assert.deepEqual(
    [early.code, (JSON.parse(early.stderr) as { code: string }).code],
    [1, 'key_file_entry_needed'],
  );
  const { rewrapped } = await symbolonJson<{ rewrapped: readonly string[] }>('key rewrap', { data });
  assert.deepEqual(rewrapped.toSorted(), before.toSorted());
  const wrapping = await symbolon(`key file remove ${added}`, { data });
  assert.equal(wrapping.code, 1, 'the one that wraps is needed');
  assert.equal((await symbolon(`key file remove ${old?.id ?? ''}`, { data })).code, 0);
  assert.deepEqual((await list()).entries, [{ id: added, wraps: true, keys: before.length + 1 }]);
  assert.equal((await symbolon('key file remove nobody', { data })).code, 2);

  const again = await startDev(['--data', data]);
  assert.deepEqual(await kids(), before);
  assert.equal((await symbolon('token', { data })).code, 0);
  await stop(again.child);
  const { secret } = (
    JSON.parse(readFileSync(join(data, 'dev-keys.json'), 'utf8')) as { keys: [{ secret: string }] }
  ).keys[0];
  const shown = await symbolon('key file list', { data });
  assert.ok(!shown.stdout.includes(secret));
});
