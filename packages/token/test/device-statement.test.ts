import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { test } from 'node:test';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import {
  encodeBase64url,
  generatePrivateJwk,
  verifyDeviceAnswer,
  verifyDeviceRegistration,
  type AuthErrorCode,
  type SigningKey,
} from '../src/index.ts';
import { forge, party, refused, segment, signedText } from './given.ts';

const url = 'https://issuer.example/dbsc/register';
const [device, stranger, edwards] = await Promise.all([party('ES256'), party('ES256'), party('EdDSA')]);
const { alg: _alg, ...jwk } = device.key.jwk;

const register = (text: string): Promise<unknown> => verifyDeviceRegistration(text, { url });
const answer = (text: string): Promise<unknown> => verifyDeviceAnswer(text, { url, key: device.key });

const soundHeader = { alg: 'ES256', jwk, typ: 'dbsc+jwt' };
const shortHeader = { alg: 'ES256', typ: 'dbsc+jwt' };
const soundPayload = { authorization: 'abc', jti: 'challenge' };
const forged = (header: unknown, payload: unknown, key: SigningKey = device.signing): Promise<string> =>
  forge(segment(header), payload, key);
const registration = await forged(soundHeader, soundPayload);
const [head = '', body = '', signature = ''] = registration.split('.');

/** Refuses each header, and between them accepts the sound one. */
async function refusesHeaders(code: AuthErrorCode, headers: readonly unknown[]): Promise<void> {
  for (const header of headers) {
    await register(registration);
    await refused(code, await forged(header, soundPayload), register);
  }
}

test('DBSC-1: three non-empty segments of 4,096 characters at most', async () => {
  await register(registration);
  for (const text of ['', '..', `${head}.${body}`, `.${body}.${signature}`, `${registration}.x`, 'a.b.']) {
    await refused('device_malformed', text, register);
    await refused('device_malformed', text, answer);
  }
  await refused('device_too_long', 'a'.repeat(4097), register);
  await refused('device_too_long', 'a'.repeat(4097), answer);
});

test('DBSC-2: the header of a registration is typ, alg and jwk, and nothing else', async () => {
  await refusesHeaders('device_header_invalid', [
    { ...soundHeader, typ: 'dpop+jwt' },
    { ...soundHeader, typ: 'jwt' },
    { alg: 'ES256', jwk },
    { ...soundHeader, alg: 'none' },
    { ...soundHeader, alg: 'RS256' },
    { ...soundHeader, alg: 'HS256' },
    { ...soundHeader, alg: ['ES256'] },
    { typ: 'dbsc+jwt', jwk },
    { ...soundHeader, crit: [] },
    { ...soundHeader, kid: device.key.kid },
    { ...soundHeader, jku: url },
    { ...soundHeader, x5c: [] },
    { ...soundHeader, jwk: { ...jwk, note: 'a'.repeat(1100) } },
    'dbsc+jwt',
    [],
  ]);
  const twice = `{"alg":"ES256","alg":"ES256","typ":"dbsc+jwt","jwk":${JSON.stringify(jwk)}}`;
  await refused('device_header_invalid', await forge(segment(twice), soundPayload, device.signing), register);
});

test('DBSC-2: an answer names no key: whoever brings one along is refused', async () => {
  const sound = await forged(shortHeader, soundPayload);
  await answer(sound);
  await refused('device_header_invalid', registration, answer);
  const own = await forged({ ...soundHeader, jwk: stranger.key.jwk }, soundPayload, stranger.signing);
  await refused('device_header_invalid', own, answer);
  await answer(sound);
});

test('DBSC-3: the key of a registration is a sound P-256 key', async () => {
  const off = { ...jwk, y: encodeBase64url(new Uint8Array(32).fill(1)) };
  const identity = { ...jwk, x: encodeBase64url(new Uint8Array(32)), y: encodeBase64url(new Uint8Array(32)) };
  const p384 = createECDH('secp384r1').generateKeys();
  await refusesHeaders('device_key_invalid', [
    { ...soundHeader, jwk: await generatePrivateJwk('ES256') },
    { ...soundHeader, jwk: edwards.key.jwk },
    { ...soundHeader, jwk: { kty: 'oct', k: 'c2VjcmV0' } },
    { ...soundHeader, jwk: { kty: 'EC', crv: 'P-384', x: encodeBase64url(p384.subarray(1, 49)), y: '' } },
    { ...soundHeader, jwk: { ...jwk, crv: 'secp256k1' } },
    { ...soundHeader, jwk: { ...jwk, alg: 'EdDSA' } },
    { ...soundHeader, jwk: { ...jwk, use: 'enc' } },
    { ...soundHeader, jwk: { ...jwk, x: `${jwk.x ?? ''}=` } },
    { ...soundHeader, jwk: off },
    { ...soundHeader, jwk: identity },
    { ...soundHeader, jwk: null },
    shortHeader,
  ]);
});

test('DBSC-4: the signature is by the key, over the received text', async () => {
  await refused(
    'device_signature_invalid',
    await forged(soundHeader, soundPayload, stranger.signing),
    register,
  );
  await refused(
    'device_signature_invalid',
    await forged(shortHeader, soundPayload, stranger.signing),
    answer,
  );
  const other = segment({ ...soundPayload, jti: 'other' });
  await refused('device_signature_invalid', `${head}.${other}.${signature}`, register);
  for (const wrong of [signature.slice(0, -2), `${signature}AA`, `${signature}=`, 'AA']) {
    await refused('device_signature_malformed', `${head}.${body}.${wrong}`, register);
  }
  await register(registration);
});

test('DBSC-5: the challenge is required, and an audience, where one is named, is this URL', async () => {
  const sound = { ...soundPayload, aud: url, iat: 1, sub: 'https://example' };
  const said = await verifyDeviceRegistration(await forged(soundHeader, sound), { url });
  assert.deepEqual([said.challenge, said.authorization, said.key.kid], ['challenge', 'abc', device.key.kid]);
  assert.ok(Object.isFrozen(said));
  for (const change of [
    { jti: undefined },
    { jti: 7 },
    { jti: '' },
    { jti: 'a'.repeat(257) },
    { authorization: {} },
    { aud: [url] },
  ]) {
    const text = await forged(soundHeader, { ...soundPayload, ...change });
    await refused('device_claim_invalid', text, register);
  }
  for (const aud of [
    'https://issuer.example/dbsc/refresh',
    'https://evil.example/dbsc/register',
    `${url}/`,
  ]) {
    const text = await forged(soundHeader, { ...soundPayload, aud });
    await refused('device_audience_unexpected', text, register);
  }
  const malformed = await signedText(`${head}.${segment('not json')}`, device.signing);
  await refused('device_payload_malformed', malformed, register);
});

test('DBSC-6: what another library signs as a browser does is accepted', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const { kty, crv, x = '', y = '' } = await exportJWK(publicKey);
  const text = await new SignJWT({ authorization: 'abc', jti: 'reg-chal' })
    .setProtectedHeader({ alg: 'ES256', jwk: { crv: crv ?? '', kty: kty ?? '', x, y }, typ: 'dbsc+jwt' })
    .sign(privateKey);
  const { key } = await verifyDeviceRegistration(text, { url });
  const next = await new SignJWT({ jti: 'chal-2' })
    .setProtectedHeader({ alg: 'ES256', typ: 'dbsc+jwt' })
    .sign(privateKey);
  assert.equal((await verifyDeviceAnswer(next, { url, key })).challenge, 'chal-2');
  await refused('device_signature_invalid', next, answer);
});
