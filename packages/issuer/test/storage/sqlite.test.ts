import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageContract } from './contract.ts';
import { furnish, openFileLab, openMemoryLab, started } from './lab.ts';

storageContract('SQLite, one file, two connections', openFileLab);
storageContract('SQLite, in memory', openMemoryLab);

test('STORE-19: in one shared commit, each start falls on its side of each cut', async () => {
  const { a: store, close } = await openMemoryLab();
  await furnish(store);
  const { subject } = await started(store);
  const cut = () => store.endSessionsOf({ subject, by: 'test' });
  const start = () => started(store);
  const [one, , two, , , three] = await Promise.all([start(), cut(), start(), cut(), cut(), start()]);
  const alive = await Promise.all(
    [one, two, three].map(async ({ sid }) => (await store.findSession(sid))?.alive),
  );
  assert.deepEqual(alive, [false, false, true]);
  await close();
});
