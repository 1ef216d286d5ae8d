import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  AuthError,
  encodeBase64url,
  generatePrivateJwk,
  headerTable,
  importPublicKey,
  importSigningKey,
  publishedJwk,
  readKeySet,
  sessionTokenHeader,
  signSessionToken,
  thumbprintOf,
  verifySessionToken,
  type PublicJwk,
  type SigningKey,
} from '../src/index.ts';
import { readPublicJwk } from '../src/jwk.ts';
import { signBytes, verifyBytes } from '../src/keys.ts';
import { algorithmNames, audience, issuer, now, party, refused, scene, sharedVectors } from './given.ts';

const privateJwks = await Promise.all(algorithmNames.map((alg) => generatePrivateJwk(alg)));
const signingKeys = await Promise.all(privateJwks.map(importSigningKey));
const publicJwks = signingKeys.map(({ jwk }) => jwk);
const [okp, ec, akp] = publicJwks as [PublicJwk, PublicJwk, PublicJwk];

const importJson = (text: string): Promise<unknown> => importPublicKey(JSON.parse(text));

/** Each value is refused as a public key, between imports of sound ones. */
async function refusesKeys(values: readonly unknown[]): Promise<void> {
  for (const jwk of publicJwks) await importPublicKey(jwk);
  for (const value of values) await refused('key_invalid', JSON.stringify(value ?? null), importJson);
}

test('KEYS-1: type and curve tell the one algorithm', async () => {
  for (const [at, alg] of algorithmNames.entries())
    assert.equal((await importPublicKey(publicJwks[at])).jwk.alg, alg);
  assert.equal((await importPublicKey({ ...okp, alg: undefined })).jwk.alg, 'EdDSA');
  assert.equal((await importPublicKey({ ...ec, alg: undefined })).jwk.alg, 'ES256');
  await refusesKeys([
    null,
    [],
    'key',
    7,
    {},
    { ...okp, kty: 'EC' },
    { ...okp, kty: 'okp' },
    { ...okp, crv: 'Ed448' },
    { ...okp, crv: 'X25519' },
    { ...okp, crv: undefined },
    { ...ec, crv: 'secp256k1' },
    { ...ec, crv: 'P-384' },
    { ...ec, kty: 'RSA' },
    { ...akp, alg: 'ML-DSA-65' },
    { ...akp, alg: undefined },
    { ...akp, crv: 'Ed25519' },
    { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
    { kty: 'oct', alg: 'HS256' },
    { kty: ['OKP'], crv: 'Ed25519', x: okp.x },
  ]);
});

test('KEYS-2: alg, use and key_ops must allow what is done', async () => {
  await importPublicKey({
    ...okp,
    alg: 'Ed25519',
    use: 'sig',
    key_ops: ['verify', 'sign'],
    ext: true,
    kid: 'x',
  });
  await refusesKeys([
    { ...okp, alg: 'ES256' },
    { ...okp, alg: 'none' },
    { ...okp, alg: 'HS256' },
    { ...okp, alg: null },
    { ...ec, alg: 'ES384' },
    { ...ec, alg: 'ECDH-ES' },
    { ...ec, alg: ['ES256'] },
    { ...okp, use: 'enc' },
    { ...okp, use: null },
    { ...okp, key_ops: [] },
    { ...okp, key_ops: ['sign'] },
    { ...okp, key_ops: 'verify' },
    { ...okp, key_ops: null },
  ]);
  for (const jwk of privateJwks) {
    await importSigningKey({ ...jwk, use: 'sig', key_ops: ['sign'] });
    for (const change of [
      { alg: 'HS256' },
      { use: 'enc' },
      { key_ops: ['verify'] },
      { key_ops: ['deriveBits'] },
    ]) {
      await assert.rejects(importSigningKey({ ...jwk, ...change }), TypeError);
    }
  }
});

test('KEYS-3: a private or symmetric member is refused, even an empty one', async () => {
  const members = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
  await refusesKeys(
    members.flatMap((name) =>
      publicJwks.flatMap((jwk) => [
        { ...jwk, [name]: 'AAAA' },
        { ...jwk, [name]: null },
      ]),
    ),
  );
  for (const jwk of privateJwks) await assert.rejects(importPublicKey(jwk), { code: 'key_invalid' });
});

test('KEYS-4: each member has its exact length in canonical base64url', async () => {
  const x = okp.x ?? '';
  const pub = akp.pub ?? '';
  const unused = x.slice(0, -1) + (x.endsWith('B') ? 'C' : 'B');
  await refusesKeys([
    { ...okp, x: x.slice(1) },
    { ...okp, x: `${x}A` },
    { ...okp, x: `${x}=` },
    { ...okp, x: unused },
    { ...okp, x: '' },
    { ...okp, x: [x] },
    { ...okp, x: { length: 43 } },
    { ...okp, x: undefined },
    { ...okp, x: x.replace(/./, '+') },
    { ...ec, y: undefined },
    { ...ec, y: x.slice(1) },
    { ...akp, pub: pub.slice(4) },
    { ...akp, pub: `${pub}AAAA` },
    { ...akp, pub: undefined },
    { ...akp, pub: undefined, x: pub },
  ]);
});

test('KEYS-4: any value is a key with just its members, or none, and never throws', () => {
  const member = fc.oneof(
    fc.constantFrom(
      okp.x,
      ec.y,
      akp.pub,
      'OKP',
      'EC',
      'AKP',
      'Ed25519',
      'P-256',
      'EdDSA',
      'ES256',
      'ML-DSA-44',
    ),
    fc.jsonValue(),
  );
  const name = fc.constantFrom('kty', 'crv', 'alg', 'x', 'y', 'pub', 'd', 'use', 'key_ops', 'kid');
  const changed = fc
    .tuple(fc.constantFrom(...publicJwks), fc.dictionary(name, member, { maxKeys: 2 }))
    .map(([jwk, change]) => ({ ...jwk, ...change }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), changed, fc.dictionary(name, member)), (value) => {
      const jwk = readPublicJwk(value);
      if (jwk === undefined) return;
      assert.ok(Object.keys(jwk).every((key) => ['kty', 'crv', 'alg', 'x', 'y', 'pub'].includes(key)));
      assert.deepEqual(readPublicJwk(jwk), jwk);
    }),
    { numRuns: 2000 },
  );
});

const littleEndian = (value: bigint): string =>
  encodeBase64url(Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn)));

const smallOrder = sharedVectors('ed25519-small-order-points.json');
test(
  'KEYS-5: the 14 small-order encodings are refused',
  { skip: 'skip' in smallOrder && smallOrder.skip },
  async () => {
    if ('skip' in smallOrder) return;
    const { results } = smallOrder.value as { results: { A: string }[] };
    assert.equal(results.length, 14);
    await refusesKeys(results.map(({ A }) => ({ ...okp, x: Buffer.from(A, 'hex').toString('base64url') })));
  },
);

test('KEYS-5: an unreduced y is refused, with and without the sign bit', async () => {
  const prime = 2n ** 255n - 19n;
  const unreduced = Array.from({ length: 19 }, (_, at) => prime + BigInt(at));
  await refusesKeys(
    unreduced.flatMap((y) => [
      { ...okp, x: littleEndian(y) },
      { ...okp, x: littleEndian(y | (1n << 255n)) },
    ]),
  );
  await refusesKeys([0n, 1n, prime - 1n].map((y) => ({ ...okp, x: littleEndian(y) })));
  await importPublicKey({ ...okp, x: littleEndian(prime - 2n) });
});

test('KEYS-6: an EC point off its curve is refused', async () => {
  const zero = encodeBase64url(new Uint8Array(32));
  const full = encodeBase64url(new Uint8Array(32).fill(255));
  await refusesKeys([
    { ...ec, y: ec.x },
    { ...ec, x: zero, y: zero },
    { ...ec, x: full, y: full },
    { ...ec, x: ec.y, y: ec.x },
    { ...ec, y: zero },
  ]);
});

const rfc = sharedVectors('rfc-examples.json');
test(
  'KEYS-7: the thumbprint is that of RFC 8037 A.3 and RFC 9449',
  { skip: 'skip' in rfc && rfc.skip },
  async () => {
    if ('skip' in rfc) return;
    const examples = rfc.value as Record<
      string,
      { jwk: PublicJwk & { d?: string }; thumbprint: string; jkt: string; proof: string }
    >;
    const { rfc8037_a4: okpExample, rfc9449_token_request: ecExample } = examples;
    assert.equal((await importSigningKey(okpExample?.jwk)).kid, okpExample?.thumbprint);
    const header = JSON.parse(Buffer.from(ecExample?.proof.split('.')[0] ?? '', 'base64url').toString()) as {
      jwk: unknown;
    };
    assert.equal((await importPublicKey(header.jwk)).kid, ecExample?.jkt);
  },
);

test('KEYS-7: members that are not part of the key do not change its name', async () => {
  for (const jwk of publicJwks) {
    const name = await thumbprintOf(jwk);
    const reordered = Object.fromEntries(
      Object.entries({ ...jwk, kid: 'another', use: 'sig', note: 1 }).reverse(),
    );
    assert.equal((await importPublicKey(reordered)).kid, name);
    assert.match(name, /^[A-Za-z0-9_-]{43}$/);
  }
});

test('KEYS-8: halves that do not fit are refused, and no error shows a private key', async () => {
  for (const [at, alg] of algorithmNames.entries()) {
    const jwk = privateJwks[at];
    const other = await generatePrivateJwk(alg);
    const secret = jwk?.d ?? jwk?.priv ?? '';
    assert.equal(secret.length, 43);
    const wrong: unknown[] = [
      { ...other, ...(jwk?.d === undefined ? { priv: secret } : { d: secret }) },
      { ...jwk, d: `${secret}A`, priv: `${secret}A` },
      { ...jwk, kty: 'RSA' },
      secret,
    ];
    for (const value of wrong) {
      await assert.rejects(
        importSigningKey(value),
        (error) =>
          error instanceof TypeError &&
          !inspect(error, { depth: Infinity, showHidden: true }).includes(secret),
      );
    }
    assert.ok(!inspect(await importSigningKey(jwk), { depth: Infinity, showHidden: true }).includes(secret));
  }
});

test('KEYS-9: what a key signs verifies with its public half, over those bytes only', async () => {
  const keys = await Promise.all(
    signingKeys.map(async (signing) => ({ signing, key: await importPublicKey(signing.jwk) })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...keys),
      fc.uint8Array({ maxLength: 64 }),
      fc.nat(20_000),
      async ({ signing, key }, data, flip) => {
        const signature = await signBytes(signing, data);
        assert.ok(await verifyBytes(key, data, signature));
        assert.ok(!(await verifyBytes(key, Uint8Array.of(...data, 0), signature)));
        const changed = Uint8Array.from(signature, (byte, at) =>
          at === (flip >> 3) % signature.length ? byte ^ (1 << (flip & 7)) : byte,
        );
        assert.ok(!(await verifyBytes(key, data, changed)));
        assert.ok(!(await verifyBytes(key, data, signature.subarray(1))));
      },
    ),
    { numRuns: 120 },
  );
});

test('KEYS-11: a signer’s upper s is brought to the lower half', async () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const scalar = (signature: Uint8Array): bigint =>
    BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const signing = await importSigningKey(privateJwks[1]);
  const key = await importPublicKey(signing.jwk);
  const data = new TextEncoder().encode('text');
  for (const half of ['lower', 'upper']) {
    const answer = async (): Promise<Uint8Array> => {
      const signature = await signing.sign(data);
      const isUpper = scalar(signature) > order / 2n;
      if (isUpper === (half === 'upper')) return signature;
      const twin = (order - scalar(signature)).toString(16).padStart(64, '0');
      return Buffer.concat([signature.subarray(0, 32), Buffer.from(twin, 'hex')]);
    };
    const made = await signBytes({ ...signing, sign: answer }, data);
    assert.ok(scalar(made) <= order / 2n);
    assert.ok(await verifyBytes(key, data, made));
  }
});

test('KEYS-12: a signer that answers in another form fails', async () => {
  for (const signing of signingKeys) {
    const data = Uint8Array.of(1);
    const raw = await signing.sign(data);
    await signBytes(signing, data);
    for (const answer of [new Uint8Array(), raw.subarray(1), Buffer.concat([Buffer.of(0x30, 0x45), raw])]) {
      await assert.rejects(signBytes({ ...signing, sign: () => answer }, data), TypeError);
    }
  }
});

test('KEYS-13: ML-DSA signatures are made and verified with an empty context', async () => {
  const [, , signing] = signingKeys as [SigningKey, SigningKey, SigningKey];
  const data = new TextEncoder().encode('text');
  const key = await importPublicKey(signing.jwk);
  const privateKey = createPrivateKey({ key: { ...privateJwks[2] }, format: 'jwk' });
  const made = (context: string): Uint8Array =>
    sign(null, data, { key: privateKey, context: Buffer.from(context) });
  assert.ok(await verifyBytes(key, data, made('')));
  assert.ok(!(await verifyBytes(key, data, made('another'))));
  const publicKey = createPublicKey({ key: { ...signing.jwk }, format: 'jwk' });
  assert.ok(verify(null, data, publicKey, await signBytes(signing, data)));
});

test('KEYS-14: a key set is an object with a list of at most 64 keys', async () => {
  const one = await party();
  const jwk = publishedJwk(one.key, 'session');
  assert.equal((await readKeySet({ keys: [jwk], more: 1 })).length, 1);
  assert.equal((await readKeySet({ keys: [jwk, ...Array.from({ length: 63 }, () => ({}))] })).length, 1);
  for (const value of [
    null,
    [],
    [jwk],
    'keys',
    {},
    { keys: {} },
    { keys: null },
    { keys: jwk },
    { keys: [jwk, ...Array.from({ length: 64 }, () => ({}))] },
  ]) {
    await assert.rejects(readKeySet(value), TypeError);
  }
});

test('KEYS-15: an unsound key is dropped alone', async () => {
  const keys = (await Promise.all(algorithmNames.map(party))).map(({ key }) => key);
  const sound = keys.map((key) => publishedJwk(key, 'session'));
  const [first, second] = sound;
  const [identity] = [publishedJwk((await party()).key, 'identity')];
  const unsound = [
    null,
    7,
    'x',
    [],
    {},
    identity,
    { ...first, purpose: undefined },
    { ...first, purpose: ['session'] },
    { ...first, alg: undefined },
    { ...first, alg: 'Ed25519' },
    { ...first, alg: 'ES256' },
    { ...first, kid: second?.kid },
    { ...first, kid: undefined },
    { ...first, kid: '__proto__' },
    { ...first, use: 'enc' },
    { ...first, x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', kid: 'x' },
    { ...first, d: 'AAAA' },
    { ...second, y: second?.x },
    { kty: 'RSA', purpose: 'session', alg: 'RS256' },
    { kty: 'oct', k: 'AAAA', alg: 'HS256', purpose: 'session', kid: first?.kid },
  ];
  const read = await readKeySet({ keys: [...unsound, ...sound, ...sound, ...unsound] });
  assert.deepEqual(
    read.map(({ kid }) => kid),
    keys.map(({ kid }) => kid),
  );
  for (const value of unsound) await assert.rejects(readKeySet({ keys: [value] }), TypeError);
});

test('KEYS-16: no session key left is no key set', async () => {
  const { key } = await party();
  await assert.rejects(readKeySet({ keys: [] }), /at least one sound session key/);
  await assert.rejects(
    readKeySet({ keys: [publishedJwk(key, 'identity')] }),
    /at least one sound session key/,
  );
});

test('KEYS-17: a published key holds nothing private', () => {
  for (const signing of signingKeys) {
    const names = Object.keys(publishedJwk(signing, 'session')).sort();
    const members = { EdDSA: ['crv', 'x'], ES256: ['crv', 'x', 'y'], 'ML-DSA-44': ['pub'] }[signing.jwk.alg];
    assert.deepEqual(names, [...members, 'alg', 'kid', 'kty', 'purpose', 'use'].sort());
  }
});

test('KEYS-18: a key counts for the issuers that publish it, each once', async () => {
  const given = await scene();
  const elsewhere = 'https://other.example';
  const another = await party();
  const table = headerTable(
    new Map([
      [issuer, [given.office.key, another.key]],
      [elsewhere, [another.key]],
    ]),
  );
  assert.equal(table.size, 2);
  assert.deepEqual([...(table.get(sessionTokenHeader(another.key))?.issuers ?? [])], [issuer, elsewhere]);
  const check = (text: string, from: string): Promise<unknown> =>
    verifySessionToken(text, { keys: table, issuer: from, audience, now });
  await check(given.token, issuer);
  for (const from of [issuer, elsewhere])
    await check(await signSessionToken({ ...given.claims, iss: from }, another.signing), from);
  const theirs = await signSessionToken({ ...given.claims, iss: elsewhere }, given.office.signing);
  await refused('token_issuer_unexpected', theirs, (text) => check(text, elsewhere));
});

test('an error about a key keeps its cause', async () => {
  const error: unknown = await importPublicKey({ ...ec, y: ec.x }).catch((reason: unknown) => reason);
  assert.ok(error instanceof AuthError && error.cause instanceof Error);
});
