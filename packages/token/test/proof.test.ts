import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  comparableUrl,
  encodeBase64url,
  hashText,
  importSigningKey,
  generatePrivateJwk,
  signProof,
  verifyProof,
  type AuthErrorCode,
  type SigningKey,
  type VerificationKey,
} from '../src/index.ts';
import {
  algorithmNames,
  forge,
  now,
  party,
  refused,
  scene,
  segment,
  signedText,
  type Party,
} from './given.ts';

const { token } = await scene();
const ath = await hashText(token);
const url = 'https://api.example/orders/7';
const holders = await Promise.all(algorithmNames.map(party));
const [holder] = holders as [Party, Party, Party];
const proof = await signProof({ method: 'POST', url, now, token }, holder.signing);
const [head = '', body = '', signature = ''] = proof.split('.');

type Expected = Parameters<typeof verifyProof>[1];
const expected: Expected = { method: 'POST', url, tokenHash: ath, now };
const verify = (text: string): Promise<unknown> => verifyProof(text, expected);
const against =
  (changes: Partial<Expected>) =>
  (text: string): Promise<unknown> =>
    verifyProof(text, { ...expected, ...changes });

const soundHeader = { typ: 'dpop+jwt', alg: 'EdDSA', jwk: holder.signing.jwk };
const soundPayload = { jti: 'jti-1', htm: 'POST', htu: url, iat: now, ath };
const forged = (header: unknown, payload: unknown, key: SigningKey = holder.signing): Promise<string> =>
  forge(segment(header), payload, key);

async function refusesHeaders(code: AuthErrorCode, headers: readonly unknown[]): Promise<void> {
  await verify(await forged(soundHeader, soundPayload));
  for (const header of headers) await refused(code, await forged(header, soundPayload), verify);
}

async function refusesClaims(
  code: AuthErrorCode,
  changes: readonly Record<string, unknown>[],
): Promise<void> {
  await verify(await forged(soundHeader, soundPayload));
  for (const change of changes)
    await refused(code, await forged(soundHeader, { ...soundPayload, ...change }), verify);
}

test('PROOF-1: three non-empty segments of 12,288 characters at most', async () => {
  await verify(proof);
  for (const text of [
    '',
    '..',
    head,
    `${head}.${body}`,
    `${head}.${body}.`,
    `${proof}.a`,
    `.${body}.${signature}`,
  ]) {
    await refused('proof_malformed', text, verify);
  }
  await refused('proof_signature_malformed', proof + 'A'.repeat(12_288 - proof.length), verify);
  await refused('proof_too_long', proof + 'A'.repeat(12_289 - proof.length), verify);
  await refused('proof_too_long', '.'.repeat(1_000_000), verify);
});

test('PROOF-2: the header is typ, alg and jwk, each once, and nothing else', async () => {
  const json = JSON.stringify(soundHeader);
  await refusesHeaders('proof_header_invalid', [
    { ...soundHeader, typ: 'JWT' },
    { ...soundHeader, typ: 'DPoP+jwt' },
    { ...soundHeader, typ: ['dpop+jwt'] },
    { ...soundHeader, typ: undefined },
    { ...soundHeader, typ: 'application/dpop+jwt' },
    { ...soundHeader, typ: 'at+jwt' },
    { ...soundHeader, kid: holder.key.kid },
    { ...soundHeader, crit: ['b64'], b64: false },
    { ...soundHeader, crit: [] },
    { ...soundHeader, b64: true },
    { ...soundHeader, jku: 'https://evil.example' },
    { ...soundHeader, x5u: 'https://evil.example' },
    { ...soundHeader, x5c: [] },
    { ...soundHeader, cty: 'JWT' },
    { ...soundHeader, zip: 'DEF' },
    json.replace('{', '{"alg":"none",'),
    json.replace('{', '{"\\u0061lg":"none",'),
    json.replace('{', '{"__proto__":{},'),
    `\ufeff${json}`,
    `[${json}]`,
    'null',
    '""',
    `${json}x`,
    Uint8Array.of(255),
    { ...soundHeader, alg: undefined },
  ]);
  for (const text of ['!', `${head}=`, `${head} `, 'A']) {
    await refused('proof_header_invalid', await signedText(`${text}.${body}`, holder.signing), verify);
  }
});

test('PROOF-3: a header of 1 kB at most, of 4 kB with an ML-DSA key', async () => {
  const padded = (jwk: object, alg: string, length: number): object => {
    const header = { typ: 'dpop+jwt', alg, jwk: { ...jwk, note: '' } };
    header.jwk.note = 'x'.repeat(Math.floor((length * 3) / 4) - JSON.stringify(header).length);
    assert.equal(segment(header).length, length);
    return header;
  };
  await verify(await forged(padded(soundHeader.jwk, 'EdDSA', 1366), soundPayload));
  await refusesHeaders('proof_header_invalid', [
    padded(soundHeader.jwk, 'EdDSA', 1367),
    padded(soundHeader.jwk, 'EdDSA', 5462),
  ]);
  const [, , large] = holders as [Party, Party, Party];
  const made = await signProof({ method: 'POST', url, now, token }, large.signing);
  assert.ok(made.indexOf('.') > 1366);
  await verify(made);
  await verify(await forged(padded(large.key.jwk, 'ML-DSA-44', 5462), soundPayload, large.signing));
  await refused(
    'proof_header_invalid',
    await forged(padded(large.key.jwk, 'ML-DSA-44', 5463), soundPayload, large.signing),
    verify,
  );
});

test('PROOF-4: the key is a sound public key', async () => {
  const { jwk } = soundHeader;
  const secret = await generatePrivateJwk();
  const jwks = [
    undefined,
    null,
    [],
    'x',
    {},
    { ...jwk, d: secret.d },
    { ...jwk, k: 'AAAA' },
    { kty: 'oct', k: 'AAAA' },
    { ...jwk, kty: 'RSA' },
    { ...jwk, crv: 'Ed448' },
    { ...jwk, crv: 'X25519' },
    { ...jwk, x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    { ...jwk, use: 'enc' },
    { ...jwk, key_ops: ['sign'] },
    { ...jwk, x: `${jwk.x ?? ''}=` },
    { ...jwk, x: undefined },
    { ...jwk, x: [jwk.x] },
    { ...jwk, alg: 'ES256' },
    { ...jwk, alg: 'none' },
    { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.x },
  ];
  await refusesHeaders(
    'proof_key_invalid',
    jwks.slice(0, -1).map((key) => ({ ...soundHeader, jwk: key })),
  );
  await refused(
    'proof_key_invalid',
    await forged({ typ: 'dpop+jwt', alg: 'ES256', jwk: jwks.at(-1) }, soundPayload),
    verify,
  );
});

test('PROOF-5: alg is the key’s, under one name', async () => {
  const jwk = { ...soundHeader.jwk, alg: undefined };
  for (const alg of ['EdDSA', 'Ed25519']) {
    await verify(await forged({ typ: 'dpop+jwt', alg, jwk }, soundPayload));
    await verify(await forged({ typ: 'dpop+jwt', alg, jwk: { ...jwk, alg } }, soundPayload));
  }
  await refusesHeaders('proof_header_invalid', [
    ...[
      'none',
      'None',
      'HS256',
      'ES256',
      'ML-DSA-44',
      'eddsa',
      'EdDSA ',
      '',
      ['EdDSA'],
      { 0: 'EdDSA' },
      null,
      0,
    ].map((alg) => ({ typ: 'dpop+jwt', alg, jwk })),
    { typ: 'dpop+jwt', alg: 'EdDSA', jwk: { ...jwk, alg: 'Ed25519' } },
    { typ: 'dpop+jwt', alg: 'Ed25519', jwk: { ...jwk, alg: 'EdDSA' } },
  ]);
});

test('PROOF-6: another key than the expected is refused before its signature is looked at', async () => {
  const other = await party();
  const expecting = against({ thumbprint: holder.key.kid });
  await expecting(proof);
  const theirs = await signProof({ method: 'POST', url, now, token }, other.signing);
  await refused('proof_key_unexpected', theirs, expecting);
  await refused('proof_key_unexpected', `${theirs.slice(0, theirs.lastIndexOf('.'))}.!!!!`, expecting);
  const offCurve = {
    typ: 'dpop+jwt',
    alg: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: holder.key.kid, y: holder.key.kid },
  };
  await refused('proof_key_unexpected', await forged(offCurve, soundPayload), expecting);
  await refused('proof_key_invalid', await forged(offCurve, soundPayload), verify);
});

test('PROOF-7: a signature has its exact length and canonical base64url; both ECDSA spellings pass', async () => {
  for (const text of [
    signature.slice(1),
    `${signature}A`,
    `${signature}=`,
    `${signature.slice(0, -1)}!`,
    'A',
    signature.slice(0, 43),
  ]) {
    await refused('proof_signature_malformed', `${head}.${body}.${text}`, verify);
  }
  const [, es256] = holders as [Party, Party, Party];
  const low = await signProof({ method: 'POST', url, now, token }, es256.signing);
  const [first = '', second = '', third = ''] = low.split('.');
  const raw = Buffer.from(third, 'base64url');
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const high = (order - BigInt(`0x${raw.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
  await verify(low);
  await verify(
    `${first}.${second}.${encodeBase64url(Buffer.concat([raw.subarray(0, 32), Buffer.from(high, 'hex')]))}`,
  );
});

test('PROOF-8: a signature by another key or over another text is refused before the payload is read', async () => {
  const other = await party();
  await verify(proof);
  await refused('proof_signature_invalid', await forged(soundHeader, soundPayload, other.signing), verify);
  await refused(
    'proof_signature_invalid',
    `${head}.${segment({ ...soundPayload, htm: 'GET' })}.${signature}`,
    verify,
  );
  await refused('proof_signature_invalid', `${head}.!!!!.${signature}`, verify);
  await refused('proof_signature_invalid', `${head}.${body}.${encodeBase64url(new Uint8Array(64))}`, verify);
});

test('PROOF-9: the payload is one JSON object that every reader understands alike', async () => {
  const json = JSON.stringify(soundPayload);
  await verify(await forged(soundHeader, json));
  const payloads = [
    'null',
    '[]',
    `[${json}]`,
    `${json} x`,
    json.replace('{', '{"htm":"GET",'),
    `\ufeff${json}`,
    json.replace('{', '{"a":1e999,'),
  ];
  for (const payload of payloads)
    await refused('proof_payload_malformed', await forged(soundHeader, payload), verify);
});

test('PROOF-10: jti, htm, htu and iat are required and typed; ath and nonce are typed', async () => {
  for (const claim of ['jti', 'htm', 'htu', 'iat']) {
    for (const value of [undefined, null, '', [], {}, true, -1, 1.5]) {
      const text = await forged(soundHeader, { ...soundPayload, [claim]: value });
      assert.equal((await refused('proof_claim_invalid', text, verify)).detail['claim'], claim);
    }
  }
  await verify(await forged(soundHeader, { ...soundPayload, jti: 'x'.repeat(256), nonce: 'n' }));
  await refusesClaims('proof_claim_invalid', [
    { jti: 'x'.repeat(257) },
    { jti: 'a\nb' },
    { nonce: 1 },
    { nonce: '' },
    { ath: null },
    { ath: [ath] },
    { iat: `${now}` },
  ]);
});

test('PROOF-11: the method is the request’s, in the same case', async () => {
  await refusesClaims('proof_method_unexpected', [{ htm: 'GET' }, { htm: 'post' }, { htm: 'POST,GET' }]);
  await refused('proof_method_unexpected', proof, against({ method: 'GET' }));
});

test('PROOF-12: the URL is the request’s, whichever of its equal spellings', async () => {
  const equal = [
    url,
    `${url}?a=1`,
    `${url}#x`,
    `${url}?`,
    'HTTPS://API.example/orders/7',
    'https://api.example:443/orders/7',
    'https://api.example/x/../orders/7',
    'https://api.example/orders/./7',
    'https://api.example/%6frders/%37',
    'https://api.example/orders/%2e/7',
  ];
  for (const htu of equal) await verify(await forged(soundHeader, { ...soundPayload, htu }));
  for (const spelled of equal) await against({ url: spelled })(proof);
  await refusesClaims(
    'proof_url_unexpected',
    [
      'http://api.example/orders/7',
      'https://api.example./orders/7',
      'https://api.example/orders/7/',
      'https://api.example/Orders/7',
      'https://api.example/orders//7',
      'https://api.example:8443/orders/7',
      'https://api.example/orders%2F7',
      'https://evil.example/orders/7',
      'https://api.example.evil.example/orders/7',
      'https://api.example/orders/8',
      'https://api.example/',
      'https://api.example',
      'https://api.example/orders/7;a=1',
      '/orders/7',
      'https:/orders/7',
    ].map((htu) => ({ htu })),
  );
});

test('PROOF-12: normalization is stable, ignores query and fragment, and keeps escapes that mean something', () => {
  assert.equal(comparableUrl('https://a.example/%7e%2f%2F%c3%a9'), 'https://a.example/~%2F%2F%C3%A9');
  assert.equal(comparableUrl('https://a.example/é'), comparableUrl('https://A.EXAMPLE:443/%C3%a9?q#f'));
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
      const once = comparableUrl(text);
      assert.ok(once !== undefined && !/[?#]/.test(once));
      assert.equal(comparableUrl(once), once);
      assert.equal(comparableUrl(text.replace(/[?#].*$/s, '')), once);
    }),
  );
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `https://${text}`),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const once = comparableUrl(text);
      if (once !== undefined) assert.equal(comparableUrl(once), once);
    }),
  );
});

test('PROOF-13: what is no URL, or has a user name, equals nothing', async () => {
  for (const odd of [
    'nonsense',
    'https://',
    'https://me@api.example/orders/7',
    'https://:pw@api.example/orders/7',
    'data:text/plain,x',
    'ftp://api.example/x',
    'blob:https://api.example/7',
  ]) {
    const same = await forged(soundHeader, { ...soundPayload, htu: odd });
    await refused('proof_url_unexpected', same, against({ url: odd }));
    await refused('proof_url_unexpected', same, verify);
    await refused('proof_url_unexpected', proof, against({ url: odd }));
  }
  await verify(proof);
});

test('PROOF-14: the proof is for this token, or for none where there is none', async () => {
  const tokenless = { ...soundPayload, ath: undefined };
  const bare = await forged(soundHeader, tokenless);
  await against({ tokenHash: undefined })(bare);
  await refused('proof_token_unexpected', bare, verify);
  await refused('proof_token_unexpected', proof, against({ tokenHash: undefined }));
  await refused('proof_token_unexpected', proof, against({ tokenHash: await hashText(`${token}x`) }));
  await refusesClaims('proof_token_unexpected', [
    { ath: token },
    { ath: `${ath}=` },
    { ath: ath.toUpperCase() },
  ]);
});

test('PROOF-15: from 30 seconds ago to 5 seconds ahead', async () => {
  for (const time of [now - 5, now, now + 30]) await against({ now: time })(proof);
  for (const time of [now + 31, now + 30.001, now + 3600, now * 1000])
    await refused('proof_expired', proof, against({ now: time }));
  for (const time of [now - 6, now - 3600, 0])
    await refused('proof_issued_in_future', proof, against({ now: time }));
});

test('PROOF-16: a clock that gives no number accepts nothing', async () => {
  await verify(proof);
  for (const time of [Number.NaN, Infinity]) await refused('proof_expired', proof, against({ now: time }));
  await refused('proof_issued_in_future', proof, against({ now: -Infinity }));
});

test('PROOF-17: a verified proof says whose it is, and is frozen', async () => {
  for (const { signing, key } of holders) {
    const text = await signProof({ method: 'POST', url, now, token, nonce: 'n-1' }, signing);
    const verified = await verifyProof(text, { ...expected, thumbprint: key.kid });
    assert.equal(verified.thumbprint, key.kid);
    assert.deepEqual([verified.iat, verified.nonce, verified.jti.length], [now, 'n-1', 22]);
    assert.ok(Object.isFrozen(verified));
  }
});

test('PROOF-18: a proof names a new jti each time, and the URL without query, fragment and user', async () => {
  const seen = new Set<string>();
  for (let count = 0; count < 50; count++) {
    const text = await signProof(
      { method: 'GET', url: 'https://me:pw@API.example/x?q=1#f', now: now + 0.9 },
      holder.signing,
    );
    const payload = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([payload['htu'], payload['iat'], payload['htm']], ['https://api.example/x', now, 'GET']);
    assert.ok(!('ath' in payload) && !('nonce' in payload));
    seen.add(String(payload['jti']));
  }
  assert.equal(seen.size, 50);
});

test('PROOF-20: a key is kept after its proof was verified in full, and passes for no other', async () => {
  const kept = new Map<string, VerificationKey>();
  const keeping = against({ knownKeys: kept, thumbprint: holder.key.kid });
  const other = await party();
  const theirs = await signProof({ method: 'POST', url, now, token }, other.signing);
  await refused(
    'proof_url_unexpected',
    await forged(soundHeader, { ...soundPayload, htu: `${url}x` }),
    keeping,
  );
  await refused('proof_signature_invalid', `${head}.${body}.${encodeBase64url(new Uint8Array(64))}`, keeping);
  await refused('proof_key_unexpected', theirs, keeping);
  assert.equal(kept.size, 0);
  await keeping(proof);
  assert.deepEqual([...kept.keys()], [head]);
  await keeping(await signProof({ method: 'POST', url, now, token }, holder.signing));
  await refused('proof_signature_invalid', await forged(soundHeader, soundPayload, other.signing), keeping);
  await refused('proof_key_unexpected', proof, against({ knownKeys: kept, thumbprint: other.key.kid }));
  assert.deepEqual([...kept.keys()], [head]);
});

test('round trip: any request’s proof is good for that request, by every algorithm', async () => {
  const key = await importSigningKey(await generatePrivateJwk('ES256'));
  const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY');
  await fc.assert(
    fc.asyncProperty(
      methods,
      fc.webUrl({ withQueryParameters: true }),
      fc.constantFrom(key, ...holders.map((one) => one.signing)),
      async (method, target, signing) => {
        const text = await signProof({ method, url: target, now, token }, signing);
        const verified = await verifyProof(text, { method, url: target, tokenHash: ath, now });
        assert.equal(verified.thumbprint, signing.kid);
      },
    ),
    { numRuns: 60 },
  );
});
