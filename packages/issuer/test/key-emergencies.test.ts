import assert from 'node:assert/strict';
import fs, { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  importPublicKey,
  importSigningKey,
  generatePrivateJwk,
  revocationsHeader,
  verifySessionToken,
} from '@symbolon/token';
import {
  addKeyFileEntry,
  createKeyring,
  listKeyFileEntries,
  openKeyFile,
  openSqlite,
  rawSignature,
  removeKeyFileEntry,
  type IssuerOptions,
  type Signer,
} from '../src/index.ts';
import { askFeed, currentOf, feedKeysOf, reaching } from './feed-support.ts';
import { createFolder } from './storage/lab.ts';
import {
  addMachine,
  api,
  askForToken,
  createClock,
  issuerUrl,
  openLab,
  refresh,
  refusalOf,
  startPerson,
  tokensOf,
  type Lab,
} from './support.ts';

const session = { purpose: 'session', alg: 'EdDSA', by: 'test' } as const;

async function lab(t: TestContext, options: Partial<IssuerOptions> = {}): Promise<Lab> {
  const opened = await openLab(options);
  t.after(() => opened.issuer.close());
  return opened;
}

async function kidIn(at: Lab, purpose: string, state: string, alg = 'EdDSA'): Promise<string> {
  const rows = await at.issuer.keys.list();
  return rows.find((row) => row.purpose === purpose && row.state === state && row.alg === alg)?.kid ?? '';
}

/** A guard process reports, as it would over HTTP. */
function report(at: Lab, name: string, keys: readonly string[]): Promise<void> {
  const instance = Buffer.from(name.padEnd(16)).toString('base64url');
  return at.storage.acknowledge({ instance, clientId: 'guards', name, audience: api, to: 0, keys });
}

void test('KEYS-50: a next key signs once every guard that was heard of has said that it holds it', async (t) => {
  const at = await lab(t);
  const [current, next] = [await kidIn(at, 'session', 'current'), await kidIn(at, 'session', 'next')];
  await report(at, 'eu-1', [current, next]);
  await report(at, 'eu-2', [current]);
  const early = await at.issuer.keys.rotate(session);
  assert.ok(early.kind === 'not_held');
  assert.equal(early.kid, next);
  assert.deepEqual(
    early.lacking.map(({ name }) => name),
    ['eu-2'],
  );
  assert.equal(await kidIn(at, 'session', 'current'), current);
  await report(at, 'eu-2', [next]);
  const done = await at.issuer.keys.rotate(session);
  assert.ok(done.kind === 'promoted' && done.current.kid === next);
  assert.equal(await kidIn(at, 'session', 'current'), next);
});

void test('KEYS-50: guards hold session keys alone, and hold up no other rotation', async (t) => {
  const at = await lab(t);
  await report(at, 'eu-1', []);
  for (const purpose of ['refresh', 'feed'] as const)
    assert.equal((await at.issuer.keys.rotate({ ...session, purpose })).kind, 'promoted');
});

void test('KEYS-50: the schedule waits for guards too, and rotates when they hold the key', async (t) => {
  const at = await lab(t, { keyRotation: 86_400 });
  const [current, next] = [await kidIn(at, 'session', 'current'), await kidIn(at, 'session', 'next')];
  at.clock.advance(86_401);
  await report(at, 'eu-1', [current]);
  const results = await at.issuer.keys.maintain();
  assert.ok(results.some((result) => result.kind === 'not_held'));
  assert.equal(await kidIn(at, 'session', 'current'), current);
  await report(at, 'eu-1', [current, next]);
  await at.issuer.keys.maintain();
  assert.equal(await kidIn(at, 'session', 'current'), next);
});

void test('KEYS-51: a guard silent for ten minutes is named and no longer waited for', async (t) => {
  const at = await lab(t);
  await report(at, 'eu-1', []);
  at.clock.advance(599);
  assert.equal((await at.issuer.keys.rotate(session)).kind, 'not_held');
  at.clock.advance(2);
  const done = await at.issuer.keys.rotate(session);
  assert.ok(done.kind === 'promoted');
  assert.deepEqual(
    done.silent.map(({ name, silentFor }) => [name, silentFor]),
    [['eu-1', 601]],
  );
  const { heard, silent } = await at.issuer.guards.list();
  assert.deepEqual([heard.length, silent.length], [0, 1]);
});

void test('KEYS-52: a retired key stays for as long as a token may live, whatever the settings say since', async (t) => {
  const clock = createClock();
  const { file, remove } = createFolder();
  const open = (tokenLife: number, personAbsolute: number) =>
    openLab({
      storage: openSqlite({ file, clock: clock.now }),
      clock: clock.now,
      audiences: [{ audience: api, scopes: ['read'], tokenLife }],
      lifetimes: { personAbsolute, personIdle: personAbsolute, machineIdle: 8000 },
    });
  const day = 86_400;
  const first = { ...(await open(3600, 90 * day)), clock };
  const audiences = [{ audience: api, scope: ['read'] }];
  const { id: clientId } = await first.issuer.clients.add({ kind: 'public', audiences });
  const person = await startPerson(first, { clientId });
  for (const purpose of ['session', 'refresh'] as const)
    assert.equal((await first.issuer.keys.rotate({ ...session, purpose })).kind, 'promoted');
  await first.issuer.close();
  const second = { ...(await open(60, 30 * day)), clock };
  t.after(async () => {
    await second.issuer.close();
    remove();
  });
  clock.advance(3500);
  await second.issuer.keys.maintain();
  const set = (await (await second.issuer.fetch(new Request(`${issuerUrl}/jwks`))).json()) as {
    keys: unknown[];
  };
  const keys = await Promise.all(set.keys.map((key) => importPublicKey(key)));
  const [header = ''] = person.tokens.access_token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const key = keys.find((one) => one.kid === kid);
  assert.ok(key !== undefined);
  const issuers = new Set([issuerUrl]);
  await verifySessionToken(person.tokens.access_token, {
    issuer: issuerUrl,
    audience: api,
    keys: new Map([[header, { key, issuers }]]),
    now: clock.now() / 1000,
  });
  clock.advance(200);
  await second.issuer.keys.maintain();
  assert.equal(await kidIn(second, 'session', 'retired'), '');
  clock.advance(40 * day);
  await second.issuer.keys.maintain();
  assert.notEqual(await kidIn(second, 'refresh', 'retired'), '');
  await tokensOf(
    await refresh(second, { clientId, holder: person.holder, refreshToken: person.tokens.refresh_token }),
  );
});

void test('KEYS-53: after a current key of any purpose is revoked the next one signs at once', async (t) => {
  const at = await lab(t);
  const machine = await addMachine(at.issuer);
  const person = await startPerson(at);
  const asked = { ...person, refreshToken: person.tokens.refresh_token };
  await tokensOf(await askForToken(at, machine));
  await currentOf(at);

  const oldSession = await kidIn(at, 'session', 'current');
  const nextSession = await kidIn(at, 'session', 'next');
  assert.equal((await at.issuer.keys.revoke(oldSession, 'test')).kind, 'revoked');
  const { access_token: token } = await tokensOf(await askForToken(at, machine));
  assert.ok(
    Buffer.from(token.split('.')[0] ?? '', 'base64url')
      .toString()
      .includes(nextSession),
  );

  const oldRefresh = await kidIn(at, 'refresh', 'current');
  assert.equal((await at.issuer.keys.revoke(oldRefresh, 'test')).kind, 'revoked');
  assert.deepEqual(await refusalOf(await refresh(at, asked)), [400, 'refresh_key_unknown']);
  const again = await startPerson(at, { clientId: person.clientId });
  await tokensOf(await refresh(at, { ...again, refreshToken: again.tokens.refresh_token }));

  const [oldFeed, nextFeed] = [await kidIn(at, 'feed', 'current'), await kidIn(at, 'feed', 'next')];
  const revoked = await at.issuer.keys.revoke(oldFeed, 'test');
  assert.ok(revoked.kind === 'revoked');
  const after = await reaching(at, revoked.position);
  assert.ok(after.entries.filter(({ kind }) => kind === 'key').length === 3);
  const text = await (await askFeed(at)).text();
  const row = (await at.issuer.keys.list()).find(({ kid }) => kid === nextFeed);
  assert.ok(text.startsWith(`${revocationsHeader(await importPublicKey(row?.publicJwk))}.`));
  assert.ok(![...(await feedKeysOf(at)).values()].some(({ kid }) => kid === oldFeed));

  // There is a next key again for each, ready for the next emergency.
  for (const purpose of ['session', 'refresh', 'feed'])
    assert.notEqual(await kidIn(at, purpose, 'next'), '', purpose);
  assert.equal((await at.issuer.keys.revoke(oldFeed, 'test')).kind, 'unknown');
});

void test('KEYS-53: two current keys in a row can be revoked, and a next key alone', async (t) => {
  const at = await lab(t);
  const machine = await addMachine(at.issuer);
  for (let count = 0; count < 2; count++) {
    assert.equal(
      (await at.issuer.keys.revoke(await kidIn(at, 'session', 'current'), 'test')).kind,
      'revoked',
    );
    await tokensOf(await askForToken(at, machine));
  }
  const [current, next] = [await kidIn(at, 'session', 'current'), await kidIn(at, 'session', 'next')];
  assert.equal((await at.issuer.keys.revoke(next, 'test')).kind, 'revoked');
  assert.equal(await kidIn(at, 'session', 'current'), current);
  assert.notEqual(await kidIn(at, 'session', 'next'), next);
});

void test('KEYS-54: every wrapped key moves to the first entry of the key file, and the others are needed no more', async (t) => {
  const old = { id: 'test', secret: new Uint8Array(32).fill(7) };
  const fresh = { id: 'fresh', secret: new Uint8Array(32).fill(9) };
  const clock = createClock();
  const { file, remove } = createFolder();
  const open = (keyring: IssuerOptions['keyring']) =>
    openLab({ storage: openSqlite({ file, clock: clock.now }), clock: clock.now, keyring });
  const before = await open(createKeyring([old]));
  assert.deepEqual(await before.issuer.keys.rewrap(), { rewrapped: [] });
  const kids = (await before.issuer.keys.list()).map(({ kid }) => kid);
  await before.issuer.close();
  const between = await open(createKeyring([fresh, old]));
  const { rewrapped } = await between.issuer.keys.rewrap();
  assert.deepEqual([...rewrapped].sort(), [...kids].sort());
  assert.deepEqual(await between.issuer.keys.rewrap(), { rewrapped: [] });
  const told = await between.storage.listAudit({ kind: 'key_rewrapped', limit: 100 });
  assert.equal(told.length, kids.length);
  assert.equal((await between.storage.verifyAudit()).kind, 'intact');
  await between.issuer.close();
  const after = await open(createKeyring([fresh]));
  t.after(async () => {
    await after.issuer.close();
    remove();
  });
  assert.deepEqual(
    (await after.issuer.keys.list()).map(({ kid }) => kid),
    kids,
  );
  await assert.rejects(open(createKeyring([old])), /has no entry fresh/);
});

void test('KEYS-54: of two that wrap the same key anew at once, one does', async (t) => {
  const at = await lab(t);
  const [row] = await at.storage.listKeys();
  assert.ok(row !== undefined);
  const anew = (kekId: string) =>
    at.storage.rewrapKey({ kid: row.kid, wrappedKey: `under ${kekId}`, kekId, instead: row.kekId });
  const kinds = (await Promise.all([anew('a'), anew('b')])).map(({ kind }) => kind);
  assert.deepEqual(kinds.sort(), ['rewrapped', 'unchanged']);
});

void test('KEYS-55: an entry is added to the key file in front, for its owner alone, and removed once it is not needed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-keyfile-'));
  const path = join(folder, 'keys.json');
  const [first] = openKeyFile(path);
  const added = addKeyFileEntry(path);
  assert.deepEqual(
    openKeyFile(path).map(({ id }) => id),
    [added, first?.id],
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => {
    removeKeyFileEntry(path, added);
  }, /wraps/);
  removeKeyFileEntry(path, first?.id ?? '');
  assert.deepEqual(
    openKeyFile(path).map(({ id }) => id),
    [added],
  );
  assert.throws(() => {
    removeKeyFileEntry(path, 'nobody');
  }, /no entry nobody/);
  chmodSync(path, 0o644);
  assert.throws(() => addKeyFileEntry(path), /chmod 600/);
  chmodSync(path, 0o600);
  writeFileSync(path, '{');
  assert.throws(() => addKeyFileEntry(path), /damaged/);
  assert.equal(readFileSync(path, 'utf8'), '{');
  assert.throws(() => listKeyFileEntries(join(folder, 'none.json')), /restore it/);
  rmSync(folder, { recursive: true });
});

void test('KEYS-55: a key file is on the disk with its folder before anybody relies on it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-keyfile-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'keys.json');
  // What is asked of the system is seen, and done.
  const flushed: string[] = [];
  const { fsyncSync } = fs;
  t.mock.method(fs, 'fsyncSync', (descriptor: number) => {
    flushed.push(fs.fstatSync(descriptor).isDirectory() ? 'folder' : 'file');
    fsyncSync(descriptor);
  });
  syncBuiltinESMExports();
  const [first] = openKeyFile(path);
  addKeyFileEntry(path);
  removeKeyFileEntry(path, first?.id ?? '');
  t.mock.restoreAll();
  syncBuiltinESMExports();
  assert.deepEqual(flushed, Array.from({ length: 3 }, () => ['file', 'folder']).flat());
});

/** A key management service as clouds have it: it answers ECDSA in DER, and names keys in its own way. */
function cloud(): Signer & { held: Map<string, { publicKey: KeyObject; privateKey: KeyObject }> } {
  const held = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();
  return {
    held,
    name: 'cloud',
    create: ({ alg }) => {
      if (alg !== 'ES256') return Promise.reject(new TypeError('this cloud has ES256 only'));
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const id = `keys/1/versions/${String(held.size + 1)}`;
      held.set(id, pair);
      const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' });
      return Promise.resolve({ id, jwk: { kty: 'EC', crv: 'P-256', alg: 'ES256', x, y } });
    },
    open: ({ id }) => {
      const pair = held.get(id);
      if (pair === undefined) return Promise.reject(new Error('404'));
      return Promise.resolve((data) => rawSignature(sign('sha256', data, pair.privateKey)));
    },
    destroy: (id) => {
      held.delete(id);
      return Promise.resolve();
    },
  };
}

void test('KEYS-56: the store keeps of a signer’s key its public half and the signer’s own id', async (t) => {
  const kms = cloud();
  // The issuer's own interfaces are signed by EdDSA, which this cloud lacks.
  await assert.rejects(openLab({ signers: { session: kms } }), /ES256 only/);
  const both: Signer = {
    ...softSigner(),
    name: 'cloud',
    create: (key) => (key.alg === 'ES256' ? kms.create(key) : soft.create(key)),
    open: (key) => (kms.held.has(key.id) ? kms.open(key) : soft.open(key)),
  };
  const audiences = [{ audience: api, scopes: ['read', 'write'], alg: 'ES256' as const }];
  const at = await lab(t, { audiences, signers: { session: both } });
  const machine = await addMachine(at.issuer);
  const { access_token: token } = await tokensOf(await askForToken(at, machine));
  const [header = ''] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const row = (await at.issuer.keys.list()).find((one) => one.kid === kid);
  assert.deepEqual([row?.kekId, row?.alg], ['external:cloud', 'ES256']);
  assert.match(row?.wrappedKey ?? '', /^keys\/1\/versions\/\d$/);
  const key = await importPublicKey(row?.publicJwk);
  const keys = new Map([[header, { key, issuers: new Set([issuerUrl]) }]]);
  await verifySessionToken(token, { issuer: issuerUrl, audience: api, keys, now: at.clock.now() / 1000 });
});

const soft = softSigner();

void test('KEYS-56: keys of a purpose move to a signer by rotation, and a refused draft is destroyed', async (t) => {
  const kms = softSigner();
  const clock = createClock();
  const { file, remove } = createFolder();
  const open = (signers?: IssuerOptions['signers']) =>
    openLab({
      storage: openSqlite({ file, clock: clock.now }),
      clock: clock.now,
      ...(signers === undefined ? {} : { signers }),
    });
  const wrapped = await open();
  await wrapped.issuer.close();
  const at = { ...(await open({ session: kms })), clock };
  t.after(remove);
  const machine = await addMachine(at.issuer);
  assert.equal(kms.held.size, 0, 'a key that stands stays where it is');
  assert.equal((await at.issuer.keys.rotate(session)).kind, 'promoted');
  assert.equal(kms.held.size, 1);
  assert.equal((await at.issuer.keys.rotate(session)).kind, 'not_holdable');
  assert.equal(kms.held.size, 1, 'nothing is made for a rotation that does not happen');
  clock.advance(700);
  assert.equal((await at.issuer.keys.rotate(session)).kind, 'promoted');
  await tokensOf(await askForToken(at, machine));
  const current = (await at.issuer.keys.list()).find(
    (row) => row.purpose === 'session' && row.alg === 'EdDSA' && row.state === 'current',
  );
  assert.deepEqual([current?.kekId, kms.held.has(current?.wrappedKey ?? '')], ['external:soft', true]);
  assert.deepEqual(await at.issuer.keys.rewrap(), { rewrapped: [] }, 'there is nothing of it to wrap');

  // What is revoked, or has served its time, is erased where it is held.
  assert.equal((await at.issuer.keys.revoke(current?.kid ?? '', 'test')).kind, 'revoked');
  assert.ok(!kms.held.has(current?.wrappedKey ?? ''));
  const retired = await kidIn(at, 'session', 'retired');
  assert.equal((await at.issuer.keys.revoke(retired, 'test')).kind, 'revoked');
  assert.equal(kms.held.size, 2, 'the current and the next one');
  await at.issuer.close();
});

/** A signer in memory for every algorithm. */
function softSigner(): Signer & { held: Map<string, Awaited<ReturnType<typeof generatePrivateJwk>>> } {
  const held = new Map<string, Awaited<ReturnType<typeof generatePrivateJwk>>>();
  let made = 0;
  return {
    held,
    name: 'soft',
    create: async ({ alg }) => {
      const jwk = await generatePrivateJwk(alg);
      const id = `key ${String(++made)}`;
      held.set(id, jwk);
      return { id, jwk: (await importSigningKey(jwk)).jwk };
    },
    open: async ({ id }) => (await importSigningKey(held.get(id))).sign,
    destroy: (id) => {
      held.delete(id);
      return Promise.resolve();
    },
  };
}

void test('KEYS-57: a signer that signs with another key, or in another form, stops the start', async (t) => {
  const good = softSigner();
  const stranger = await importSigningKey(await generatePrivateJwk());
  const wrong: Signer = { ...good, open: () => Promise.resolve(stranger.sign) };
  await assert.rejects(openLab({ signers: { feed: wrong } }), /signs with another key/);
  const der: Signer = { ...good, open: () => Promise.resolve(() => new Uint8Array(70)) };
  await assert.rejects(openLab({ signers: { feed: der } }), /expected 64 raw bytes/);
  const odd: Signer = {
    ...good,
    create: async () => ({ id: 'x', jwk: (await importSigningKey(await generatePrivateJwk('ES256'))).jwk }),
  };
  await assert.rejects(openLab({ signers: { feed: odd } }), /unexpected key for ES256/);
  await assert.rejects(openLab({ signers: { feed: { ...good, name: 'a b' } } }), /unexpected signer name/);
  await assert.rejects(
    openLab({ signers: { feed: good, refresh: softSigner() } }),
    /two signers are called soft/,
  );
  const at = await lab(t, { signers: { feed: good } });
  assert.equal((await currentOf(at)).entries.length, 0);
});

void test('KEYS-58: an ECDSA signature in DER becomes r ‖ s, and nothing else does', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (let count = 0; count < 300; count++) {
    const data = Buffer.from(String(count));
    const raw = rawSignature(sign('sha256', data, privateKey));
    assert.equal(raw.length, 64);
    assert.ok(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw));
  }
  const der = sign('sha256', Buffer.from('x'), privateKey);
  for (const bent of [
    der.subarray(1),
    der.subarray(0, -1),
    Buffer.concat([der, Buffer.from([0])]),
    Buffer.alloc(0),
    Buffer.from([0x30, 0x06, 0x02, 0x01, 0x01, 0x03, 0x01, 0x01]),
    Buffer.from([0x30, 0x04, 0x02, 0x00, 0x02, 0x00]),
  ])
    assert.throws(() => rawSignature(bent), /expected ECDSA in DER/);
  assert.throws(() => rawSignature(der, 16), /expected ECDSA in DER/);
});
