import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import {
  createKeyring,
  diagnose,
  inspectSqlite,
  openSqlite,
  type Finding,
  type Patient,
} from '../src/index.ts';
import { openSqliteEngine } from '../src/storage/sqlite/engine.ts';
import { createFolder, runOn } from './storage/lab.ts';
import { api, createClock, issuerUrl, openLab, otherApi, testKeyring, type TestClock } from './support.ts';

/** A store in which an issuer was started and closed, which a test then spoils. */
async function openPatient(t: TestContext): Promise<{
  patient: Patient;
  clock: TestClock;
  run: (sql: string) => Promise<unknown>;
}> {
  const clock = createClock();
  const { file, remove } = createFolder();
  const lab = await openLab({ storage: openSqlite({ file, clock: clock.now }), clock: clock.now });
  await lab.issuer.close();
  const storage = openSqlite({ file, clock: clock.now });
  const engine = openSqliteEngine({ file, clock: clock.now });
  t.after(async () => {
    await Promise.all([storage.close(), engine.close()]);
    remove();
  });
  const audiences = [{ audience: api }, { audience: otherApi, alg: 'ES256' as const }];
  const patient = {
    options: { issuer: issuerUrl, audiences },
    storage,
    keyring: testKeyring,
    clock: clock.now,
  };
  return { patient, clock, run: runOn(engine) };
}

async function codesOf(patient: Patient): Promise<readonly string[]> {
  const findings = await diagnose(patient);
  for (const { what, why, fix } of findings) for (const text of [what, why, fix]) assert.ok(text.length > 5);
  return findings.map(({ level, code }) => `${level} ${code}`);
}

function report(
  { storage }: Patient,
  said: { name: string; keys: readonly string[]; to: number },
): Promise<void> {
  const instance = Buffer.from(said.name.padEnd(16)).toString('base64url');
  return storage.acknowledge({ instance, clientId: 'guards', audience: api, ...said });
}

void test('ISSUER-95: a sound store has no findings', async (t) => {
  const { patient } = await openPatient(t);
  assert.deepEqual(await codesOf(patient), []);
  const fresh = openSqlite({ file: ':memory:' });
  assert.deepEqual(await codesOf({ ...patient, storage: fresh }), ['note never_started']);
});

void test('ISSUER-95: settings that the issuer refuses, and a store of another issuer, are found', async (t) => {
  const { patient } = await openPatient(t);
  const { options } = patient;
  for (const change of [
    { lifetimes: { machineIdle: 500 } },
    {
      audiences: [
        { audience: api, tokenLife: 3600 },
        { audience: otherApi, alg: 'ES256' as const },
      ],
    },
    { audiences: [...options.audiences, { audience: api }] },
  ])
    assert.deepEqual(await codesOf({ ...patient, options: { ...options, ...change } }), [
      'error settings_unsound',
    ]);
  const other = { ...options, issuer: 'https://other.example' };
  assert.deepEqual(await codesOf({ ...patient, options: other }), ['error store_of_other_issuer']);
});

void test('ISSUER-95: keys that are missing or do not open are found', async (t) => {
  const { patient, run } = await openPatient(t);
  const missing = {
    ...patient.options,
    audiences: [...patient.options.audiences, { audience: 'https://pq.example', alg: 'ML-DSA-44' as const }],
  };
  assert.deepEqual(await codesOf({ ...patient, options: missing }), ['error key_current_missing']);
  const foreign = createKeyring([{ id: 'other', secret: new Uint8Array(32).fill(7) }]);
  const wrong = createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(8) }]);
  for (const keyring of [foreign, wrong])
    assert.deepEqual(await codesOf({ ...patient, keyring }), [
      ...Array.from({ length: 8 }, () => 'error key_does_not_open'),
      'error lookup_key_does_not_open',
    ]);
  const { keyring: _, ...without } = patient;
  assert.deepEqual(await codesOf(without), []);
  await run(`DELETE FROM signing_keys WHERE purpose = 'feed' AND state = 'next'`);
  assert.deepEqual(await codesOf(patient), ['error key_next_missing']);
  await run(`UPDATE signing_keys SET wrapped_key = 'AAAA' WHERE purpose = 'feed'`);
  assert.deepEqual(await codesOf(patient), ['error key_next_missing', 'error key_does_not_open']);
  await run(`UPDATE signing_keys SET wrapped_key = 'id', kek_id = 'external:hsm' WHERE purpose = 'feed'`);
  assert.deepEqual(await codesOf(patient), ['error key_next_missing', 'note key_held_by_signer']);
});

void test('ISSUER-95: a key that should have been replaced long ago is found', async (t) => {
  const { patient, clock } = await openPatient(t);
  clock.advance(31 * 86_400);
  assert.deepEqual(await codesOf(patient), ['note not_running']);
  clock.advance(2 * 86_400);
  const found = await codesOf(patient);
  assert.deepEqual(found.filter((code) => code === 'warning key_overdue').length, 4);
});

void test('ISSUER-95: a clock behind the feed, and a feed that stands still, are found', async (t) => {
  const { patient, clock } = await openPatient(t);
  const shifted = (seconds: number) => ({ ...patient, clock: () => clock.now() + seconds * 1000 });
  assert.deepEqual(await codesOf(shifted(-1)), []);
  assert.deepEqual(await codesOf(shifted(-30)), ['error clock_behind']);
  assert.deepEqual(await codesOf(shifted(4)), []);
  assert.deepEqual(await codesOf(shifted(30)), ['note not_running']);
});

void test('ISSUER-95: guards that are silent, behind or without a key are found', async (t) => {
  const { patient, clock } = await openPatient(t);
  const rows = (await patient.storage.listKeys()).filter(({ purpose }) => purpose === 'session');
  const all = rows.map(({ kid }) => kid);
  const { head } = await patient.storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  await report(patient, { name: 'eu-1', keys: all, to: head });
  assert.deepEqual(await codesOf(patient), []);
  const [next] = rows.filter(({ state }) => state === 'next');
  const [current] = rows.filter(({ state }) => state === 'current');
  await report(patient, { name: 'eu-1', keys: all.filter((kid) => kid !== next?.kid), to: head });
  assert.deepEqual(await codesOf(patient), ['warning guard_lacks_next_key']);
  await report(patient, { name: 'eu-1', keys: all.filter((kid) => kid !== current?.kid), to: head });
  assert.deepEqual(await codesOf(patient), ['error guard_lacks_key']);
  await report(patient, { name: 'eu-1', keys: all, to: head });
  await report(patient, { name: 'eu-2', keys: all, to: head - 60_000_000 });
  assert.deepEqual(await codesOf(patient), ['error guard_behind']);
  clock.advance(700);
  const found: readonly Finding[] = await diagnose(patient);
  const silent = found.find(({ code }) => code === 'guard_silent');
  assert.match(silent?.what ?? '', /^the guard eu-[12] .* for 12 min/);
  assert.ok(!found.some(({ code }) => code === 'guard_lacks_key'));
});

void test('ISSUER-95: an audit log that was changed is found', async (t) => {
  const { patient, run } = await openPatient(t);
  await run(`UPDATE audit SET fields = '{}' WHERE seq = 3`);
  assert.deepEqual(await codesOf(patient), ['error audit_broken']);
});

void test('ISSUER-96: a look into a store’s file tells what is wrong with it and changes nothing', async () => {
  const { file, remove } = createFolder();
  assert.deepEqual(inspectSqlite(file), { kind: 'missing' });
  await openSqlite({ file }).close();
  const sound = inspectSqlite(file);
  assert.ok(sound.kind === 'sound' && sound.schema === sound.known && sound.writable && sound.free > 0);
  const engine = openSqliteEngine({ file });
  await runOn(engine)(`UPDATE meta SET value = '99' WHERE key = 'schema'`);
  await engine.close();
  const newer = inspectSqlite(file);
  assert.ok(newer.kind === 'sound' && newer.schema === 99 && newer.known < 99);
  writeFileSync(file, Buffer.alloc(8192, 1));
  const damaged = inspectSqlite(file);
  assert.ok(damaged.kind === 'damaged' && damaged.reason.includes('not a database'));
  chmodSync(file, 0o600);
  remove();
});
