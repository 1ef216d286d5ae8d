import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { memoryKey, type TokenPair } from '@symbolon/holder';
import { fileKey, filePairStore } from '@symbolon/holder/node';
import { machineScene, status } from './scene.ts';

const pair: TokenPair = {
  token: 'a.b.c',
  refreshToken: 'd.e.f',
  sessionId: 'SSSSSSSSSSSSSSSSSSSSSA',
  generation: 1,
  obtainedAt: 1_700_000_000_000,
  life: 300,
};

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holder-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('HOLDER-39: a key file is made once, for its owner alone', async (t) => {
  const path = join(await folder(t), 'deep', 'machine.jwk');
  const key = await fileKey(path, { alg: 'ES256' });
  assert.equal(key.jwk.alg, 'ES256');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await fileKey(path)).kid, key.kid);
  const { peer, machine } = await machineScene(t, { key: await fileKey(path) });
  assert.equal(await status(machine.fetch(peer.audience)), 200);
});

test('HOLDER-39: all who start at once get one key, and nothing else stays behind', async (t) => {
  const place = await folder(t);
  const keys = await Promise.all(Array.from({ length: 20 }, () => fileKey(join(place, 'machine.jwk'))));
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, 1);
  assert.deepEqual(await readdir(place), ['machine.jwk']);
});

for (const mode of [0o640, 0o604, 0o660, 0o620]) {
  test(`HOLDER-40: permissions ${mode.toString(8)} are refused with the fix`, async (t) => {
    const place = await folder(t);
    const path = join(place, 'machine.jwk');
    const key = await fileKey(path);
    await chmod(path, mode);
    await assert.rejects(fileKey(path), (error) => {
      return error instanceof TypeError && error.message.includes(`chmod 600 ${path}`);
    });
    await chmod(path, 0o600);
    assert.equal((await fileKey(path)).kid, key.kid);
    const store = filePairStore(join(place, 'pair'));
    await store.replace(pair);
    await chmod(join(place, 'pair'), mode);
    await assert.rejects(async () => store.load(), TypeError);
  });
}

test('HOLDER-40: a file with another key, or none, is refused and not quoted', async (t) => {
  const path = join(await folder(t), 'machine.jwk');
  await fileKey(path, { alg: 'EdDSA' });
  await assert.rejects(fileKey(path, { alg: 'ES256' }), TypeError);
  const { d } = JSON.parse(await readFile(path, 'utf8')) as { d: string };
  for (const text of [
    '',
    d,
    `{"d":"${d}"`,
    `{"kty":"OKP","d":"${d}"}`,
    JSON.stringify((await memoryKey()).jwk),
  ]) {
    await writeFile(path, text);
    await assert.rejects(fileKey(path), (error) => {
      return error instanceof TypeError && !`${String(error)}${String(error.cause)}`.includes(d.slice(0, 8));
    });
  }
});

test('HOLDER-41: a pair file is for its owner alone and keeps the newer pair', async (t) => {
  const place = await folder(t);
  const path = join(place, 'pair');
  const store = filePairStore(path);
  assert.equal(await store.load(), undefined);
  await store.save(pair);
  assert.equal(await store.load(), undefined);
  await store.replace(pair);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await store.save({ ...pair, token: 'other', generation: 1 });
  assert.deepEqual(await store.load(), pair);
  await store.save({ ...pair, token: 'next', generation: 2, scope: 'read' });
  assert.deepEqual(await filePairStore(path).load(), {
    ...pair,
    token: 'next',
    generation: 2,
    scope: 'read',
  });
  await store.replace(undefined);
  assert.equal(await store.load(), undefined);
  assert.deepEqual(await readdir(place), ['pair']);
});

test('HOLDER-41: of many writers at once the newest pair stays', async (t) => {
  const path = join(await folder(t), 'pair');
  await filePairStore(path).replace(pair);
  const generations = [7, 3, 9, 2, 8, 4, 10, 6, 5];
  await Promise.all(generations.map(async (generation) => filePairStore(path).save({ ...pair, generation })));
  assert.equal((await filePairStore(path).load())?.generation, 10);
});

test('HOLDER-41: a lock that a crash left behind is taken over', async (t) => {
  const path = join(await folder(t), 'pair');
  await writeFile(`${path}.lock`, '');
  await filePairStore(path).replace(pair);
  assert.deepEqual(await filePairStore(path).load(), pair);
});

test('HOLDER-41: whatever else a pair file holds counts as empty', async (t) => {
  const path = join(await folder(t), 'pair');
  const store = filePairStore(path);
  await store.replace(pair);
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(...Object.keys(pair)).map((name) => JSON.stringify({ ...pair, [name]: null })),
    fc.constantFrom(...Object.keys(pair)).map((name) => JSON.stringify({ ...pair, [name]: undefined })),
    fc.constant(JSON.stringify({ ...pair, scope: 7 })),
  );
  const unfit = fc.asyncProperty(texts, async (text) => {
    await writeFile(path, text);
    assert.equal(await store.load(), undefined);
  });
  await fc.assert(unfit, { numRuns: 100 });
});
