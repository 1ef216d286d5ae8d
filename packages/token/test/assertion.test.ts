import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AuthError,
  encodeBase64url,
  signAssertion,
  verifyAssertion,
  type AuthErrorCode,
  type SigningKey,
  type VerificationKey,
} from '../src/index.ts';
import {
  algorithmNames,
  clientId,
  forge,
  issuer,
  now,
  party,
  refused,
  segment,
  signedText,
  type Party,
} from './given.ts';

const parties = await Promise.all(algorithmNames.map(party));
const [client] = parties as [Party, Party, Party];
const stranger = await party();
const assertion = await signAssertion(
  { clientId, issuer, now, thumbprint: stranger.key.kid },
  client.signing,
);
const [head = '', body = '', signature = ''] = assertion.split('.');

const findKeys = (id: string): VerificationKey[] => (id === clientId ? parties.map((one) => one.key) : []);
const at =
  (time: number) =>
  (text: string): Promise<unknown> =>
    verifyAssertion(text, { issuer, now: time, findKeys });
const verify = at(now);

const soundHeader = { alg: 'EdDSA', kid: client.key.kid, typ: 'client-authentication+jwt' };
const soundPayload = { iss: clientId, sub: clientId, aud: issuer, jti: 'jti-1', iat: now, exp: now + 60 };
const forged = (header: unknown, payload: unknown, key: SigningKey = client.signing): Promise<string> =>
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

test('ASSERTION-1: three non-empty segments of 8,192 characters at most', async () => {
  await verify(assertion);
  for (const text of ['', '..', head, `${head}.${body}`, `${head}.${body}.`, `${assertion}.a`]) {
    await refused('assertion_malformed', text, verify);
  }
  await refused('assertion_too_long', assertion + 'A'.repeat(8193 - assertion.length), verify);
});

test('ASSERTION-2: the header is alg, kid and typ and nothing else, of 1 kB at most', async () => {
  for (const typ of ['client-authentication+jwt', 'JWT', undefined])
    await verify(await forged({ ...soundHeader, typ }, soundPayload));
  const json = JSON.stringify(soundHeader);
  await refusesHeaders('assertion_header_invalid', [
    { ...soundHeader, typ: 'at+jwt' },
    { ...soundHeader, typ: 'dpop+jwt' },
    { ...soundHeader, typ: 'refresh+jwt' },
    { ...soundHeader, typ: 'jwt' },
    { ...soundHeader, typ: null },
    { ...soundHeader, jwk: client.key.jwk },
    { ...soundHeader, jku: 'https://evil.example' },
    { ...soundHeader, x5c: [] },
    { ...soundHeader, x5t: 'a' },
    { ...soundHeader, crit: ['a'] },
    { ...soundHeader, b64: false },
    json.replace('{', '{"alg":"none",'),
    '[]',
    'null',
    `\ufeff${json}`,
    { ...soundHeader, kid: 'x'.repeat(1000) },
  ]);
});

test('ASSERTION-3: only registered keys of that client count, by their algorithm and name', async () => {
  for (const { signing } of parties) await verify(await signAssertion({ clientId, issuer, now }, signing));
  await verify(await forged({ alg: 'Ed25519' }, soundPayload));
  await refused(
    'assertion_key_unknown',
    await signAssertion({ clientId: 'nobody', issuer, now }, client.signing),
    verify,
  );
  await refused(
    'assertion_key_unknown',
    await signAssertion({ clientId, issuer, now }, stranger.signing),
    verify,
  );
  await refusesHeaders('assertion_key_unknown', [
    ...['none', 'nOnE', 'HS256', 'RS256', 'eddsa', '', undefined, null, ['EdDSA'], 'ES256'].map((alg) => ({
      ...soundHeader,
      alg,
    })),
    ...['../../etc/passwd', '__proto__', '', null, [client.key.kid], { $ne: null }].map((kid) => ({
      ...soundHeader,
      kid,
    })),
  ]);
});

test('ASSERTION-4: a malformed signature, or one by no key that counts, is refused', async () => {
  for (const text of [signature.slice(1), `${signature}A`, `${signature}=`, 'A']) {
    await refused('assertion_signature_malformed', `${head}.${body}.${text}`, verify);
  }
  await refused(
    'assertion_signature_invalid',
    `${head}.${segment({ ...soundPayload, jti: 'other' })}.${signature}`,
    verify,
  );
  await refused(
    'assertion_signature_invalid',
    await forged(soundHeader, soundPayload, stranger.signing),
    verify,
  );
  await refused(
    'assertion_signature_invalid',
    await forged({ alg: 'EdDSA' }, soundPayload, stranger.signing),
    verify,
  );
  await refused(
    'assertion_signature_invalid',
    `${head}.${body}.${encodeBase64url(new Uint8Array(64))}`,
    verify,
  );
  await verify(assertion);
});

test('ASSERTION-5: before the signature only sub is used, to find the keys', async () => {
  const wrong = { ...soundPayload, aud: 'https://evil.example', iss: 'x', exp: 0, jti: '', cnf: null };
  await refused('assertion_signature_invalid', await forged(soundHeader, wrong, stranger.signing), verify);
  const asked: string[] = [];
  const find = (id: string): VerificationKey[] => (asked.push(id), findKeys(id));
  await verifyAssertion(assertion, { issuer, now, findKeys: find });
  assert.deepEqual(asked, [clientId]);
});

test('ASSERTION-6: a fault is a fault, whatever the other keys say', async () => {
  const broken = { ...client.key, handle: { broken: true } };
  const find = (): VerificationKey[] => [broken, stranger.key];
  const attempt = verifyAssertion(await forged({ alg: 'EdDSA' }, soundPayload), {
    issuer,
    now,
    findKeys: find,
  });
  await assert.rejects(attempt, (error) => !(error instanceof AuthError));
  const down = new Error('the store is down');
  await assert.rejects(
    verifyAssertion(assertion, { issuer, now, findKeys: () => Promise.reject(down) }),
    down,
  );
});

test('ASSERTION-7: the payload is one JSON object that every reader understands alike', async () => {
  const json = JSON.stringify(soundPayload);
  for (const payload of [
    'null',
    '[]',
    `[${json}]`,
    `${json} x`,
    json.replace('{', '{"sub":"root",'),
    `\ufeff${json}`,
    json.replace('{', '{"a":1e999,'),
  ]) {
    await refused('assertion_payload_malformed', await forged(soundHeader, payload), verify);
  }
  await refused('assertion_payload_malformed', await signedText(`${head}.!!!!`, client.signing), verify);
  await verify(assertion);
});

test('ASSERTION-8: every claim is required and typed, and the client speaks for itself', async () => {
  for (const claim of ['iss', 'sub', 'aud', 'jti', 'iat', 'exp']) {
    for (const value of [undefined, null, '', [], {}, true, -1, 1.5]) {
      const text = await forged(soundHeader, { ...soundPayload, [claim]: value });
      assert.equal((await refused('assertion_claim_invalid', text, verify)).detail['claim'], claim);
    }
  }
  await verify(await forged(soundHeader, { ...soundPayload, nbf: now }));
  await refusesClaims('assertion_claim_invalid', [
    { iss: 'machine-2' },
    { iss: issuer },
    { nbf: `${now}` },
    { nbf: null },
    { jti: 'x'.repeat(257) },
  ]);
});

test('ASSERTION-9: the audience is the issuer identifier, alone', async () => {
  await refusesClaims('assertion_audience_unexpected', [
    { aud: `${issuer}/token` },
    { aud: `${issuer}/` },
    { aud: 'https://evil.example' },
    { aud: issuer.toUpperCase() },
    { aud: `${issuer}#refresh` },
  ]);
  await refusesClaims('assertion_claim_invalid', [
    { aud: [issuer] },
    { aud: [issuer, `${issuer}/token`] },
    { aud: { 0: issuer } },
  ]);
});

test('ASSERTION-10: good until the second in which it expires', async () => {
  await at(now + 59)(assertion);
  await refused('assertion_expired', assertion, at(now + 60));
  await refused('assertion_expired', assertion, at(now * 1000));
});

test('ASSERTION-11: made five seconds ahead at most', async () => {
  await at(now - 5)(assertion);
  await refused('assertion_issued_in_future', assertion, at(now - 6));
  await refusesClaims('assertion_issued_in_future', [{ nbf: now + 6 }, { iat: now + 6 }]);
});

test('ASSERTION-12: a life of 60 seconds at most', async () => {
  await refusesClaims('assertion_life_too_long', [
    { exp: now + 61 },
    { exp: Number.MAX_SAFE_INTEGER },
    { iat: now - 30, exp: now + 31 },
  ]);
});

test('ASSERTION-13: the key of the proof is named by cnf.jkt, or not at all', async () => {
  const verified = (text: string): Promise<{ thumbprint: string | undefined }> =>
    verifyAssertion(text, { issuer, now, findKeys });
  assert.equal((await verified(assertion)).thumbprint, stranger.key.kid);
  assert.equal((await verified(await forged(soundHeader, soundPayload))).thumbprint, undefined);
  const jkt = stranger.key.kid;
  const confirmations = [
    null,
    {},
    [],
    jkt,
    { jkt: 1 },
    { jkt: jkt.slice(1) },
    { jkt: `${jkt.slice(1)}.` },
    { jkt, kid: 'a' },
    { jwk: {} },
  ];
  await refusesClaims(
    'assertion_claim_invalid',
    confirmations.map((cnf) => ({ cnf })),
  );
});

test('ASSERTION-14: a clock that gives no number accepts nothing', async () => {
  await verify(assertion);
  for (const time of [Number.NaN, Infinity]) await refused('assertion_expired', assertion, at(time));
  await refused('assertion_issued_in_future', assertion, at(-Infinity));
});

test('ASSERTION-15: a verified assertion says who made it with which key, and is frozen', async () => {
  const verified = await verifyAssertion(assertion, { issuer, now, findKeys });
  assert.deepEqual(
    [verified.clientId, verified.kid, verified.exp, verified.jti.length, verified.thumbprint],
    [clientId, client.key.kid, now + 60, 22, stranger.key.kid],
  );
  assert.ok(Object.isFrozen(verified));
});

test('ASSERTION-16: an assertion is for the issuer alone, for 60 seconds, with a new jti', async () => {
  const seen = new Set<unknown>();
  for (let count = 0; count < 50; count++) {
    const text = await signAssertion({ clientId, issuer, now: now + 0.7 }, client.signing);
    const payload = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([payload['aud'], payload['iat'], payload['exp']], [issuer, now, now + 60]);
    seen.add(payload['jti']);
  }
  assert.equal(seen.size, 50);
});
