import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { importPublicKey, verifyBytes, verifySessionToken } from '@symbolon/token';
import { createIssuer, openSqlite } from '../src/index.ts';
import { ck, loadPkcs11 } from '../src/signers/pkcs11-module.ts';
import { openPkcs11, type Pkcs11Signer } from '../src/signers/pkcs11.ts';
import {
  addMachine,
  api,
  askForToken,
  createClock,
  issuerUrl,
  openLab,
  testKeyring,
  tokensOf,
} from './support.ts';

/** A real token of PKCS#11: SoftHSM. Where it or pkcs11js is missing, nothing here can be shown, and it says so. */
const libraries = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];
const library = libraries.find((path) => existsSync(path)) ?? '';
const skip = whySkip();
if (skip !== false) console.error(`\n!!! PKCS#11 IS NOT TESTED: ${skip}\n`);

function whySkip(): string | false {
  if (library === '') return 'SoftHSM is missing (apt-get install softhsm2)';
  try {
    loadPkcs11();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'symbolon-hsm-'));
const pin = '7391';
let signer: Pkcs11Signer;

before(async () => {
  if (skip !== false) return;
  mkdirSync(join(folder, 'tokens'));
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf');
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${folder}/tokens\nlog.level = ERROR\n`,
  );
  execFileSync('softhsm2-util', [
    '--init-token',
    '--free',
    '--label',
    'issuer',
    '--so-pin',
    '0000',
    '--pin',
    pin,
  ]);
  signer = await openPkcs11({ library, token: 'issuer', pin, sessions: 2 });
});

after(() => {
  if (skip === false) signer.close();
  rmSync(folder, { recursive: true, force: true });
});

void test('KEYS-60: an issuer signs with keys that never enter its process', { skip }, async () => {
  const signers = { session: signer, feed: signer, refresh: signer };
  const clock = createClock();
  const storage = openSqlite({ file: join(folder, 'store.db'), clock: clock.now });
  const { issuer, ...rest } = await openLab({ signers, storage, clock: clock.now });
  const lab = { ...rest, issuer, clock };
  const rows = await issuer.keys.list();
  assert.equal(rows.length, 8);
  for (const row of rows) {
    assert.equal(row.kekId, 'external:pkcs11');
    assert.match(row.wrappedKey ?? '', /^[0-9a-f]{32}$/);
  }
  const machine = await addMachine(issuer);
  const tokens = await Promise.all(
    Array.from({ length: 20 }, async () => tokensOf(await askForToken(lab, machine))),
  );
  const issuers = new Set([issuerUrl]);
  for (const { access_token: token } of tokens) {
    const header = token.split('.')[0] ?? '';
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const key = await importPublicKey(rows.find((row) => row.kid === kid)?.publicJwk);
    await verifySessionToken(token, {
      issuer: issuerUrl,
      audience: api,
      keys: new Map([[header, { key, issuers }]]),
      now: clock.now() / 1000,
    });
  }
  const rotated = await issuer.keys.rotate({ purpose: 'session', alg: 'ES256', by: 'test' });
  assert.equal(rotated.kind, 'promoted');
  await issuer.close();

  // Started again with the signer it signs with the same keys; without it, it says what is missing.
  const again = {
    storage: openSqlite({ file: join(folder, 'store.db'), clock: clock.now }),
    clock: clock.now,
  };
  const second = await openLab({ ...again, signers });
  await tokensOf(await askForToken({ ...second, clock }, machine));
  const without = openSqlite({ file: join(folder, 'store.db'), clock: clock.now });
  await assert.rejects(
    createIssuer({
      issuer: issuerUrl,
      audiences: [{ audience: api }],
      storage: without,
      keyring: testKeyring,
    }),
    /held by the signer pkcs11: start the issuer with it/,
  );
  await Promise.all([second.issuer.close(), without.close()]);
  const dump = readFileSync(join(folder, 'store.db'), 'latin1');
  assert.ok(!dump.includes('"d"'));
});

void test('KEYS-60: many signatures at once are each over their own bytes', { skip }, async () => {
  for (const alg of ['EdDSA', 'ES256'] as const) {
    const made = await signer.create({ purpose: 'session', alg });
    const key = await importPublicKey(made.jwk);
    const sign = await signer.open(made);
    const texts = Array.from({ length: 1000 }, (_, count) => Buffer.from(`${alg} ${String(count)}`));
    const good = await Promise.all(texts.map(async (text) => verifyBytes(key, text, await sign(text))));
    assert.deepEqual(
      good.filter((one) => !one),
      [],
    );
    await signer.destroy?.(made.id);
  }
});

void test('KEYS-61: a key in a token is sensitive and cannot be read out of it', { skip }, async () => {
  const { id } = await signer.create({ purpose: 'session', alg: 'EdDSA' });
  const module = loadPkcs11();
  module.load(library);
  const slot = module
    .C_GetSlotList(true)
    .find((each) => module.C_GetTokenInfo(each).label.trim() === 'issuer');
  assert.ok(slot !== undefined);
  const session = module.C_OpenSession(slot, ck.sessionFlags);
  module.C_FindObjectsInit(session, [
    { type: ck.class, value: ck.privateKey },
    { type: ck.id, value: Buffer.from(id, 'hex') },
  ]);
  const [key] = module.C_FindObjects(session, 1);
  module.C_FindObjectsFinal(session);
  assert.ok(key !== undefined);
  const flags = module.C_GetAttributeValue(session, key, [{ type: ck.sensitive }, { type: ck.extractable }]);
  assert.deepEqual(
    flags.map(({ value }) => value[0]),
    [1, 0],
  );
  const privateValue = 0x11;
  assert.throws(
    () => module.C_GetAttributeValue(session, key, [{ type: privateValue }]),
    /CKR_ATTRIBUTE_SENSITIVE/,
  );
  module.C_CloseSession(session);
});

void test('KEYS-62: a key that is revoked is erased from the token', { skip }, async () => {
  const { issuer } = await openLab({ signers: { feed: signer } });
  const [old] = (await issuer.keys.list()).filter((row) => row.purpose === 'feed' && row.state === 'current');
  assert.ok(typeof old?.wrappedKey === 'string');
  const { jwk } = await importPublicKey(old.publicJwk);
  const asked = { id: old.wrappedKey, jwk };
  assert.equal((await (await signer.open(asked))(Buffer.from('probe'))).length, 64);
  assert.equal((await issuer.keys.revoke(old.kid, 'test')).kind, 'revoked');
  await assert.rejects(signer.open(asked), /holds no key/);
  await issuer.close();
});

void test('KEYS-63: a wrong PIN, token or algorithm is named', { skip }, async () => {
  await assert.rejects(openPkcs11({ library, token: 'issuer-2', pin }), /no token issuer-2/);
  await assert.rejects(signer.create({ purpose: 'session', alg: 'ML-DSA-44' }), /expected EdDSA or ES256/);
  await assert.rejects(openPkcs11({ library: '/nowhere.so', token: 'issuer', pin }));
});
