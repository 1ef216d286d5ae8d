import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { headerTable, readKeySet, verifySessionToken } from '@symbolon/token';
import { createIssuer, createKeyring, liesWithin, openKeyFile, openSqlite } from '../src/index.ts';
import {
  addMachine,
  api,
  askForToken,
  createClock,
  issuerUrl,
  openLab,
  testKeyring,
  tokensOf,
  type Lab,
} from './support.ts';

async function publishedTable(lab: Lab) {
  const set: unknown = await (await lab.issuer.fetch(new Request(`${issuerUrl}/jwks`))).json();
  return headerTable(new Map([[issuerUrl, await readKeySet(set)]]));
}

const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

async function statesOf(lab: Lab): Promise<Record<string, string[]>> {
  const rows = (await lab.issuer.keys.list()).filter(
    (row) => row.purpose === 'session' && row.alg === 'EdDSA',
  );
  return Object.fromEntries(
    ['next', 'current', 'retired', 'gone'].map((state) => [
      state,
      rows.filter((row) => row.state === state).map((row) => row.kid),
    ]),
  );
}

const rotation = { purpose: 'session', alg: 'EdDSA', by: 'test' } as const;

void test('ISSUER-70: a key signs only after it was published, and stays published until all it signed has expired', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const before = await statesOf(lab);
  assert.deepEqual([before['next']?.length, before['current']?.length], [1, 1]);
  const early = await publishedTable(lab);
  const old = (await tokensOf(await askForToken(lab, machine))).access_token;
  assert.equal((await lab.issuer.keys.rotate(rotation)).kind, 'promoted');
  lab.clock.advance(2);
  const fresh = (await tokensOf(await askForToken(lab, machine))).access_token;
  assert.equal(kidOf(fresh), before['next']?.[0]);
  const expected = { issuer: issuerUrl, audience: api, now: lab.clock.now() / 1000 };
  // A guard that read the set before the rotation holds the new key already.
  await verifySessionToken(fresh, { ...expected, keys: early });
  await verifySessionToken(old, { ...expected, keys: await publishedTable(lab) });
  lab.clock.advance(290);
  await lab.issuer.keys.maintain();
  assert.deepEqual((await statesOf(lab))['retired'], before['current']);
  lab.clock.advance(3600);
  await lab.issuer.keys.maintain();
  lab.clock.advance(2);
  assert.deepEqual((await statesOf(lab))['retired'], []);
});

void test('ISSUER-71: a next key waits twice the cache time and a minute before it may sign', async () => {
  const lab = await openLab({ keySetMaxAge: 100 });
  assert.equal((await lab.issuer.keys.rotate(rotation)).kind, 'promoted');
  const early = await lab.issuer.keys.rotate(rotation);
  assert.equal(early.kind, 'not_holdable');
  lab.clock.advance(261);
  assert.equal((await lab.issuer.keys.rotate(rotation)).kind, 'promoted');
});

void test('ISSUER-72: the schedule rotates a key that is due', async () => {
  const lab = await openLab({ keyRotation: 86_400 });
  const before = await statesOf(lab);
  lab.clock.advance(86_399);
  await lab.issuer.keys.maintain();
  assert.deepEqual((await statesOf(lab))['current'], before['current']);
  lab.clock.advance(2);
  await lab.issuer.keys.maintain();
  lab.clock.advance(2);
  assert.deepEqual((await statesOf(lab))['current'], before['next']);
});

void test('ISSUER-73: a revoked key leaves the key set at once and the next one signs', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const old = (await tokensOf(await askForToken(lab, machine))).access_token;
  assert.equal((await lab.issuer.keys.revoke(kidOf(old), 'test')).kind, 'revoked');
  lab.clock.advance(2);
  const fresh = (await tokensOf(await askForToken(lab, machine))).access_token;
  assert.notEqual(kidOf(fresh), kidOf(old));
  const keys = await publishedTable(lab);
  const expected = { issuer: issuerUrl, audience: api, now: lab.clock.now() / 1000, keys };
  await assert.rejects(verifySessionToken(old, expected), { code: 'token_key_unknown' });
  await verifySessionToken(fresh, expected);
  assert.equal((await lab.issuer.keys.revoke('nobody', 'test')).kind, 'unknown');
});

void test('ISSUER-74: a private key is stored wrapped, and opens under its own name alone', async () => {
  const lab = await openLab();
  const secret = '{"kty":"OKP","d":"nobody-sees-this"}';
  const context = { kid: 'a', purpose: 'session', alg: 'EdDSA' };
  const wrapped = testKeyring.wrap(secret, context);
  assert.ok(!wrapped.includes('nobody'));
  assert.equal(testKeyring.unwrap(wrapped, { ...context, kekId: 'test' }), secret);
  for (const change of [{ kid: 'b' }, { purpose: 'refresh' }, { alg: 'ES256' }]) {
    assert.throws(() => testKeyring.unwrap(wrapped, { ...context, ...change, kekId: 'test' }));
  }
  const spoiled = (wrapped.startsWith('A') ? 'B' : 'A') + wrapped.slice(1);
  assert.throws(() => testKeyring.unwrap(spoiled, { ...context, kekId: 'test' }));
  const rows = await lab.storage.listKeys();
  for (const row of rows) assert.ok(row.wrappedKey !== null && !row.wrappedKey.includes('{'));
});

void test('ISSUER-75: with another key file the issuer does not start, and says what is missing', async () => {
  const lab = await openLab();
  const options = {
    issuer: issuerUrl,
    audiences: [{ audience: api }],
    storage: lab.storage,
    clock: lab.clock.now,
  };
  const wrong = createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(8) }]);
  await assert.rejects(
    createIssuer({ ...options, keyring: wrong }),
    /does not open with key file entry test/,
  );
  const foreign = createKeyring([{ id: 'other', secret: new Uint8Array(32).fill(7) }]);
  await assert.rejects(createIssuer({ ...options, keyring: foreign }), /has no entry test/);
  const both = createKeyring([
    { id: 'new', secret: new Uint8Array(32).fill(1) },
    { id: 'test', secret: new Uint8Array(32).fill(7) },
  ]);
  await createIssuer({ ...options, keyring: both });
});

void test('ISSUER-76: the key file is made for its owner alone, read back, and refused when others may read it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-keyfile-'));
  const path = join(folder, 'keys.json');
  const made = openKeyFile(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    openKeyFile(path).map(({ id }) => id),
    made.map(({ id }) => id),
  );
  assert.ok(!readFileSync(path, 'utf8').includes('undefined'));
  chmodSync(path, 0o640);
  assert.throws(() => openKeyFile(path), /chmod 600/);
  chmodSync(path, 0o600);
  writeFileSync(path, '{"keys":[]}');
  assert.throws(() => openKeyFile(path), /damaged/);
  rmSync(folder, { recursive: true });
  assert.ok(liesWithin('/a/b', '/a/b/c') && liesWithin('/a/b', '/a/b/../b/c'));
  assert.ok(
    !liesWithin('/a/b', '/a/bc') && !liesWithin('/a/b', '/a/b/../c') && !liesWithin('/a/b', '/a/..b'),
  );
});

void test('ISSUER-77: unsound configuration stops the start with the fix in the message', async () => {
  const clock = createClock();
  const make = (change: object) =>
    createIssuer({
      issuer: issuerUrl,
      audiences: [{ audience: api }],
      storage: openSqlite({ file: ':memory:', clock: clock.now }),
      keyring: testKeyring,
      clock: clock.now,
      ...change,
    });
  await make({});
  for (const issuer of [
    'http://issuer.example',
    `${issuerUrl}/`,
    `${issuerUrl}?a`,
    'https://u@issuer.example',
    'HTTPS://issuer.example',
    'x',
  ]) {
    await assert.rejects(make({ issuer }), /expected an https URL/, issuer);
  }
  await assert.rejects(make({ audiences: [] }), TypeError);
  await assert.rejects(make({ audiences: [{ audience: api }, { audience: api }] }), /same name/);
  await assert.rejects(make({ audiences: [{ audience: api, tokenLife: 7200 }] }), TypeError);
  await assert.rejects(make({ lifetimes: { machineIdle: 600 } }), /more than twice/);
  const storage = openSqlite({ file: ':memory:', clock: clock.now });
  await make({ storage });
  await assert.rejects(
    make({ storage, issuer: 'https://other.example' }),
    /belongs to the issuer https:\/\/issuer.example/,
  );
});
