import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AuthError,
  checkTimes,
  encodeBase64url,
  headerTable,
  signSessionToken,
  verifySessionToken,
  type AuthErrorCode,
  type SessionTokenClaims,
} from '../src/index.ts';
import { splitCompact } from '../src/jws.ts';
import {
  algorithmNames,
  audience,
  forge,
  issuer,
  now,
  party,
  refused,
  scene,
  segment,
  signedText,
} from './given.ts';

const given = await scene();
const { token, verify, minted } = given;
const [header = '', payload = '', signature = ''] = token.split('.');

const accepts = async (text: string): Promise<void> => {
  await verify(text);
};

/** Each changed claim is refused by this code, between two tokens that are accepted. */
async function refusesClaims(
  code: AuthErrorCode,
  changes: readonly Record<string, unknown>[],
): Promise<void> {
  await accepts(await minted({}));
  for (const change of changes) await refused(code, await minted(change), verify);
  await accepts(token);
}

test('TOKEN-1: three non-empty segments, or it is malformed', async () => {
  await accepts(token);
  const texts = [
    '',
    '.',
    '..',
    '...',
    'a',
    'a.b',
    header,
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `.${payload}.${signature}`,
    `${header}..${signature}`,
    `${token}.`,
    `${token}.a`,
    `.${token}`,
    '.'.repeat(8192),
    '..'.concat(signature),
  ];
  for (const text of texts) await refused('token_malformed', text, verify);
});

test('TOKEN-1: any text splits into the segments it was joined from, or is malformed', () => {
  const segments = fc.array(fc.string({ unit: fc.constantFrom('a', 'B', '-', '=', ' ', 'é') }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(segments, (parts) => {
      const sound = parts.length === 3 && parts.every((part) => part.length > 0);
      const splitting = (): unknown => splitCompact(parts.join('.'), 'token', 8192);
      if (!sound) {
        assert.throws(splitting, { code: 'token_malformed' });
        return;
      }
      const split = splitCompact(parts.join('.'), 'token', 8192);
      assert.deepEqual([split.header, split.payload, split.signature], parts);
      assert.equal(`${split.signed}.${split.signature}`, parts.join('.'));
    }),
  );
});

test('TOKEN-2: 8,192 characters are looked at, one more is not', async () => {
  const long = token + 'A'.repeat(8192 - token.length);
  await refused('token_signature_malformed', long, verify);
  await refused('token_too_long', `${long}A`, verify);
  await refused('token_too_long', '.'.repeat(8_000_000), verify);
});

test('TOKEN-3: the header is exactly alg, kid and typ, in this text', async () => {
  for (const alg of algorithmNames) {
    const one = await scene(alg);
    const text = new TextDecoder().decode(Buffer.from(one.token.split('.')[0] ?? '', 'base64url'));
    assert.equal(text, `{"alg":"${alg}","kid":"${one.office.key.kid}","typ":"at+jwt"}`);
    assert.equal((await one.verify(one.token)).kid, one.office.key.kid);
  }
});

test('TOKEN-4: a header that is not the exact text of a trusted key is refused, whatever it says', async () => {
  const { office } = given;
  const { kid, jwk } = office.key;
  const own = { alg: 'EdDSA', kid, typ: 'at+jwt' };
  const headers = [
    { kid, alg: 'EdDSA', typ: 'at+jwt' },
    { ...own, jwk },
    { ...own, crit: [] },
    { ...own, typ: 'JWT' },
    { ...own, typ: 'application/at+jwt' },
    { ...own, typ: 'AT+JWT' },
    { alg: 'EdDSA', kid },
    { ...own, alg: 'Ed25519' },
    `{"alg":"EdDSA", "kid":"${kid}","typ":"at+jwt"}`,
    `{"alg":"EdDSA","alg":"EdDSA","kid":"${kid}","typ":"at+jwt"}`,
    `\ufeff{"alg":"EdDSA","kid":"${kid}","typ":"at+jwt"}`,
    '[]',
    '"',
    '',
  ];
  await accepts(await forge(segment(own), given.claims, office.signing));
  for (const value of headers.slice(0, -1)) {
    await refused('token_key_unknown', await forge(segment(value), given.claims, office.signing), verify);
  }
  for (const text of ['constructor', '__proto__', 'toString', `${header}=`, `${header} `]) {
    await refused('token_key_unknown', await forge(text, given.claims, office.signing), verify);
  }
});

test('TOKEN-5: a signature of another length or spelling is malformed', async () => {
  await accepts(token);
  const last = signature.at(-1) ?? '';
  const twins = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').filter(
    (one) => one !== last && sameTopBits(one, last),
  );
  assert.equal(twins.length, 15);
  const spellings = [
    ...twins.map((twin) => signature.slice(0, -1) + twin),
    signature.slice(0, -1),
    `${signature}A`,
    `${signature}=`,
    `${signature}==`,
    `${signature}\n`,
    ` ${signature}`,
    signature.slice(0, 40),
    'A',
    `${signature.slice(0, 20)} ${signature.slice(20)}`,
    `${signature.slice(0, -1)}!`,
    `${signature.slice(0, -1)}+`,
    `${signature.slice(0, -1)}/`,
    `${signature.slice(0, -1)}é`,
  ];
  for (const text of spellings)
    await refused('token_signature_malformed', `${header}.${payload}.${text}`, verify);
});

function sameTopBits(one: string, other: string): boolean {
  const bits = (character: string): number => Buffer.from(`A${character}`, 'base64url')[0] ?? 0;
  return bits(one) === bits(other);
}

test('TOKEN-6: an ES256 signature has one spelling: the twin (r, n − s) is refused', async () => {
  const es256 = await scene('ES256');
  const [head = '', body = '', text = ''] = es256.token.split('.');
  const raw = Buffer.from(text, 'base64url');
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const twin = Buffer.concat([
    raw.subarray(0, 32),
    Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'),
  ]);
  assert.ok(s <= order / 2n);
  await es256.verify(es256.token);
  await refused('token_signature_malformed', `${head}.${body}.${encodeBase64url(twin)}`, es256.verify);
});

test('TOKEN-7: a signature by another key, over another text, or of zeros is refused, for every algorithm', async () => {
  for (const alg of algorithmNames) {
    const [one, other] = await Promise.all([scene(alg), party(alg)]);
    const [head = '', body = '', text = ''] = one.token.split('.');
    await one.verify(one.token);
    await refused('token_signature_invalid', await forge(head, one.claims, other.signing), one.verify);
    await refused(
      'token_signature_invalid',
      `${head}.${segment({ ...one.claims, sub: 'sub-2' })}.${text}`,
      one.verify,
    );
    const zeros = encodeBase64url(new Uint8Array(Buffer.from(text, 'base64url').length));
    await refused('token_signature_invalid', `${head}.${body}.${zeros}`, one.verify);
    await one.verify(one.token);
  }
});

test('TOKEN-8: a payload that is none is not looked at before the signature', async () => {
  const bodies = [
    '!!!!',
    segment('not JSON'),
    segment(Uint8Array.of(255)),
    segment(`{"a":1,"a":2}`),
    segment({ exp: 0 }),
  ];
  for (const body of bodies) {
    await refused('token_signature_invalid', `${header}.${body}.${signature}`, verify);
  }
  await refused('token_payload_malformed', await forge(header, 'not JSON', given.office.signing), verify);
});

test('TOKEN-9: no other text passes: one changed, one missing, one more character', async () => {
  const characters = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('.', '=', 'A', ' ', '_'),
  );
  const edit = fc.record({
    at: fc.nat(token.length),
    remove: fc.nat(3),
    insert: fc.oneof(fc.constant(''), characters),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const changed = edits.reduce(
        (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
        token,
      );
      if (changed === token) return accepts(changed);
      await assert.rejects(verify(changed), AuthError);
    }),
    { numRuns: 1500 },
  );
});

test('TOKEN-10: the payload is one JSON object that every reader understands alike', async () => {
  const { office, claims } = given;
  const json = JSON.stringify(claims);
  await accepts(await forge(header, json, office.signing));
  const payloads = [
    'null',
    '[]',
    `[${json}]`,
    JSON.stringify(json),
    '1',
    '{}{}',
    `${json}//`,
    `\ufeff${json}`,
    json.replace('{', '{"sub":"a",'),
    json.replace('{', '{"\\u0073ub":"a",'),
    json.replace('{', '{"__proto__":{"admin":true},'),
    json.replace('{', '{"uid":9007199254740993,'),
    json.replace('{', '{"n":1e999,'),
    json.replace('{', '{"n":"\\ud800",'),
    json.replace(/"exp":\d+/, '"exp":1e999'),
    json.replace('}', `,"deep":${'['.repeat(9)}${']'.repeat(9)}}`),
    Buffer.from(json, 'utf16le'),
    Buffer.concat([
      Buffer.from(json.slice(0, -1)),
      Buffer.from(',"x":"'),
      Buffer.of(0xc0, 0x80),
      Buffer.from('"}'),
    ]),
  ];
  for (const value of payloads) {
    await refused('token_payload_malformed', await forge(header, value, office.signing), verify);
  }
  for (const text of [`${payload}=`, `${payload} `, 'A', `${payload}\n`]) {
    await refused('token_payload_malformed', await signedText(`${header}.${text}`, office.signing), verify);
  }
});

const required = ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'sid', 'sst', 'sh'] as const;

test('TOKEN-11: every required claim is required, typed, and named by the refusal', async () => {
  for (const claim of required) {
    for (const value of [undefined, null, true, {}, [], ['a'], '', -1]) {
      const error = await refused('token_claim_invalid', await minted({ [claim]: value }), verify);
      assert.equal(error.detail['claim'], claim);
    }
    const cased = { [claim]: undefined, [claim.toUpperCase()]: given.claims[claim] };
    await refused('token_claim_invalid', await minted(cased), verify);
  }
  await accepts(token);
});

test('TOKEN-12: texts are visible, well-formed, trimmed and not endless', async () => {
  const texts = [
    '',
    ' ',
    'admin ',
    ' admin',
    'a\u0000',
    'a\u0007b',
    'a\nb',
    'a\u007f',
    'a\u0085b',
    'a\u200bb',
    '\u202eabc',
    'a\ufeffb',
    'a\u2028b',
    'a\u00a0',
    'x'.repeat(2049),
  ];
  await accepts(await minted({ sub: 'x'.repeat(2048) }));
  await accepts(await minted({ sub: 'größe 名 😀' }));
  await refusesClaims(
    'token_claim_invalid',
    texts.flatMap((text) => [{ sub: text }, { client_id: text }]),
  );
});

test('TOKEN-13: ids have 22 characters of base64url', async () => {
  const id = given.claims.jti;
  const bad = [
    '',
    id.slice(1),
    `${id}A`,
    `${id.slice(1)}.`,
    `${id.slice(1)}=`,
    `${id.slice(1)}é`,
    `${id}\n`,
    1,
  ];
  await refusesClaims(
    'token_claim_invalid',
    bad.flatMap((value) => [{ jti: value }, { sid: value }, { sh: value }]),
  );
});

test('TOKEN-14: times are non-negative safe integers', async () => {
  const bad = ['1', `${now}`, 1.5, -1, true, null, [now], { n: now }];
  await refusesClaims(
    'token_claim_invalid',
    bad.flatMap((time) => [{ exp: time }, { iat: time }, { sst: time }, { auth_time: time }]),
  );
  const json = JSON.stringify(given.claims);
  const negativeZero = json.replace('{', '{"auth_time":-0,');
  await refused('token_claim_invalid', await forge(header, negativeZero, given.office.signing), verify);
  await refused('token_life_too_long', await minted({ exp: now * 1000 }), verify);
});

test('TOKEN-15: auth_time, amr and scope may be absent, and are typed where present', async () => {
  await accepts(await minted({ scope: undefined }));
  const full = await verify(await minted({ auth_time: now - 5, amr: ['hwk', 'user'], scope: 'a b:c/d' }));
  assert.deepEqual(
    [full.claims.auth_time, full.claims.amr, full.claims.scope],
    [now - 5, ['hwk', 'user'], 'a b:c/d'],
  );
  const scopes = ['', ' ', 'a  b', ' a', 'a ', 'a\tb', 'a"b', 'a\\b', 'аdmin', ['admin'], { a: 1 }, null, 1];
  const amrs = ['hwk', [1], [''], [null], { 0: 'a' }, null, Array.from({ length: 17 }, () => 'a')];
  await refusesClaims('token_claim_invalid', [
    ...scopes.map((scope) => ({ scope })),
    ...amrs.map((amr) => ({ amr })),
  ]);
});

test('TOKEN-16: a token has exactly one carrier', async () => {
  const thumbprint = given.holder.key.kid;
  const carriers = [
    [{ cnf: { jkt: thumbprint } }, { kind: 'key', thumbprint }],
    [{ cnf: { 'x5t#S256': thumbprint } }, { kind: 'certificate', thumbprint }],
    [{ cnf: undefined, crr: 'cookie' }, { kind: 'cookie' }],
    [{ cnf: undefined, crr: 'bearer' }, { kind: 'bearer' }],
  ] as const;
  for (const [change, carrier] of carriers)
    assert.deepEqual((await verify(await minted(change))).carrier, carrier);
  await refusesClaims('token_claim_invalid', [
    { cnf: undefined },
    { crr: 'cookie' },
    { crr: 'bearer' },
    { crr: null },
    { cnf: undefined, crr: 'header' },
    { cnf: undefined, crr: null },
    { cnf: undefined, crr: ['cookie'] },
    { cnf: null },
    { cnf: {} },
    { cnf: [] },
    { cnf: thumbprint },
    { cnf: { jkt: thumbprint, 'x5t#S256': thumbprint } },
    { cnf: { jwk: given.holder.key.jwk } },
    { cnf: { kid: thumbprint } },
    { cnf: { jkt: '' } },
    { cnf: { jkt: thumbprint.slice(1) } },
    { cnf: { jkt: `${thumbprint}A` } },
    { cnf: { jkt: `${thumbprint.slice(1)}!` } },
    { cnf: { jkt: [thumbprint] } },
    { cnf: { JKT: thumbprint } },
  ]);
});

test('TOKEN-17: other claims are kept and never interpreted', async () => {
  const own = {
    roles: ['admin'],
    tenant: { id: 7 },
    constructor: 'x',
    kid: 'y',
    alg: 'none',
    jwk: {},
    act: { sub: 'z' },
  };
  const { payload: read, claims, kid } = await verify(await minted(own));
  for (const [name, value] of Object.entries(own)) assert.deepEqual(read[name], value);
  assert.equal(kid, given.office.key.kid);
  assert.equal(claims.sub, 'sub-1');
  assert.ok(!Object.hasOwn(claims, 'roles'));
});

test('TOKEN-18: the issuer is the expected one and publishes the key', async () => {
  const other = await party();
  const elsewhere = 'https://other.example';
  const keys = headerTable(
    new Map([
      [issuer, [given.office.key]],
      [elsewhere, [other.key]],
    ]),
  );
  const both = (text: string, from = issuer): Promise<unknown> =>
    verifySessionToken(text, { keys, issuer: from, audience, now });
  await both(token);
  const theirs = await signSessionToken({ ...given.claims, iss: elsewhere }, other.signing);
  await both(theirs, elsewhere);
  await refused('token_issuer_unexpected', theirs, (text) => both(text));
  await refused('token_issuer_unexpected', token, (text) => both(text, elsewhere));
  const claimed = await signSessionToken(given.claims, other.signing);
  await refused('token_issuer_unexpected', claimed, (text) => both(text));
  await refusesClaims('token_issuer_unexpected', [
    { iss: `${issuer}/` },
    { iss: issuer.toUpperCase() },
    { iss: issuer.slice(0, -1) },
    { iss: `${issuer}.evil` },
    { iss: 'http://issuer.example' },
  ]);
  await refusesClaims('token_claim_invalid', [{ iss: [issuer] }, { iss: [issuer, 'https://evil.example'] }]);
});

test('TOKEN-19: the audience is one string, this one', async () => {
  await refusesClaims('token_audience_unexpected', [
    { aud: `${audience}/` },
    { aud: audience.toUpperCase() },
    { aud: `${audience}.evil` },
    { aud: audience.slice(0, -1) },
    { aud: issuer },
    { aud: `${audience} https://other.example` },
  ]);
  await refusesClaims('token_claim_invalid', [
    { aud: [audience] },
    { aud: [audience, 'x'] },
    { aud: [] },
    { aud: [''] },
    { aud: {} },
  ]);
});

const at =
  (time: number) =>
  (text: string): Promise<unknown> =>
    verifySessionToken(text, { keys: given.keys, issuer, audience, now: time });

test('TOKEN-20: good until the second in which it expires, not longer', async () => {
  await at(now + 299)(token);
  await at(now + 299.999)(token);
  await refused('token_expired', token, at(now + 300));
  await refused('token_expired', token, at(now * 1000));
  const { claims } = await verify(token);
  checkTimes(claims, now + 299);
  assert.throws(
    () => {
      checkTimes(claims, now + 300);
    },
    { code: 'token_expired' },
  );
});

test('TOKEN-21: issued five seconds ahead at most', async () => {
  await at(now - 5)(token);
  await refused('token_issued_in_future', token, at(now - 6));
  await refused('token_issued_in_future', await minted({ iat: now + 6 }), verify);
});

test('TOKEN-22: a life of one hour at most, and of one second at least', async () => {
  await accepts(await minted({ exp: now + 3600 }));
  await refused('token_life_too_long', await minted({ exp: now + 3601 }), verify);
  await refused('token_life_too_long', await minted({ exp: Number.MAX_SAFE_INTEGER }), verify);
  await refused('token_claim_invalid', await minted({ iat: now + 4, exp: now + 3 }), verify);
  await refused('token_claim_invalid', await minted({ iat: now + 3, exp: now + 3 }), verify);
});

test('TOKEN-23: nbf makes no token good that is not good yet', async () => {
  await accepts(await minted({ nbf: now }));
  await refusesClaims('token_claim_invalid', [
    { nbf: now + 1 },
    { nbf: now + 400 },
    { nbf: `${now}` },
    { nbf: null },
  ]);
});

test('TOKEN-24: a clock that gives no number accepts nothing', async () => {
  for (const time of [Number.NaN, Infinity]) await refused('token_expired', token, at(time));
  await refused('token_issued_in_future', token, at(-Infinity));
  await refused('token_expired', token, at(undefined as unknown as number));
});

test('TOKEN-25: a verified token is frozen to its depth', async () => {
  const verified = await verify(await minted({ amr: ['hwk'], tenant: { roles: [{ name: 'a' }] } }));
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  assert.ok(isFrozen(verified));
  assert.throws(() => ((verified.claims as { sub: string }).sub = 'root'), TypeError);
});

test('TOKEN-28: claims that would be refused are not signed, and the key is not asked', async () => {
  let asked = 0;
  const { office, claims } = given;
  const key = { ...office.signing, sign: (data: Uint8Array) => (asked++, office.signing.sign(data)) };
  const changes: Partial<Record<keyof SessionTokenClaims | 'uid', unknown>>[] = [
    { sub: '' },
    { jti: 'short' },
    { exp: now + 3601 },
    { exp: now },
    { exp: Number.NaN },
    { iat: now + 0.5 },
    { cnf: undefined },
    { crr: 'cookie' },
    { scope: 'a  b' },
    { aud: [audience] },
    { sub: '\ud800' },
    { uid: 2 ** 53 },
    { amr: 'hwk' },
    { sst: undefined },
  ];
  for (const change of changes) {
    await assert.rejects(
      signSessionToken({ ...claims, ...change } as SessionTokenClaims, key),
      TypeError,
      JSON.stringify(change),
    );
  }
  assert.equal(asked, 0);
  await accepts(await signSessionToken(claims, key));
  assert.equal(asked, 1);
});

test('TOKEN-29: header and payload weigh at most 3,584 characters', async () => {
  const make = (length: number): Promise<string> =>
    signSessionToken(
      { ...given.claims, note: 'x'.repeat(length) } as SessionTokenClaims,
      given.office.signing,
    );
  const base = (await make(0)).lastIndexOf('.');
  const room = Math.floor(((3584 - base) * 3) / 4);
  const heavy = await make(room - 1);
  assert.ok(heavy.lastIndexOf('.') <= 3584 && heavy.lastIndexOf('.') > 3575);
  await accepts(heavy);
  await assert.rejects(make(room + 3), /over 3\.5 kB/);
});

test('round trip: what is signed comes out, for any sound claims and every algorithm', async () => {
  const scenes = await Promise.all(algorithmNames.map((alg) => scene(alg)));
  const text = fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
    .filter((value) => value.trim() === value);
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeBase64url);
  const changes = fc.record({
    sub: text,
    client_id: text,
    jti: id,
    sid: id,
    sh: id,
    exp: fc.integer({ min: now + 1, max: now + 3600 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...scenes), changes, async (one, change) => {
      const claims = { ...one.claims, ...change };
      const verified = await one.verify(await signSessionToken(claims, one.office.signing));
      assert.deepEqual(verified.payload, claims);
      assert.deepEqual({ ...verified.claims, cnf: claims.cnf }, claims);
    }),
    { numRuns: 60 },
  );
});
