import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeBase64url,
  refreshTokenHeader,
  signRefreshToken,
  verifyRefreshToken,
  type AuthErrorCode,
} from '../src/index.ts';
import { algorithmNames, forge, issuer, now, party, refused, signedText } from './given.ts';

const office = await party();
const stranger = await party();
const header = refreshTokenHeader(office.key);
const keys = new Map([[header, office.key]]);
const claims = { iss: issuer, sid: 'sidsidsidsidsidsidsidA', gen: 3, exp: now + 3600 };
const token = await signRefreshToken(claims, office.signing);
const [, body = '', signature = ''] = token.split('.');
const sound = { ...claims, aud: `${issuer}#refresh` };

const at =
  (time: number) =>
  (text: string): Promise<unknown> =>
    verifyRefreshToken(text, { keys, issuer, now: time });
const verify = at(now);

async function refusesClaims(
  code: AuthErrorCode,
  changes: readonly Record<string, unknown>[],
): Promise<void> {
  await verify(await forge(header, sound, office.signing));
  for (const change of changes)
    await refused(code, await forge(header, { ...sound, ...change }, office.signing), verify);
}

test('a refresh token comes back as it was signed, frozen, by every algorithm', async () => {
  for (const alg of algorithmNames) {
    const one = await party(alg);
    const text = await signRefreshToken(claims, one.signing);
    const table = new Map([[refreshTokenHeader(one.key), one.key]]);
    const verified = await verifyRefreshToken(text, { keys: table, issuer, now });
    assert.deepEqual({ ...verified }, claims);
    assert.ok(Object.isFrozen(verified));
  }
});

test('a refresh token has three segments, a known header, and one signature', async () => {
  await verify(token);
  for (const text of ['', '..', header, `${header}.${body}`, `${header}.${body}.`, `${token}.a`])
    await refused('refresh_malformed', text, verify);
  await refused('refresh_too_long', token + 'A'.repeat(8193 - token.length), verify);
  await refused('refresh_key_unknown', await signRefreshToken(claims, stranger.signing), verify);
  for (const text of ['constructor', '__proto__', `${header}=`])
    await refused('refresh_key_unknown', await forge(text, sound, office.signing), verify);
  for (const text of ['A', `${signature}A`, `${signature}=`, signature.slice(1)]) {
    await refused('refresh_signature_malformed', `${header}.${body}.${text}`, verify);
  }
  await refused('refresh_signature_invalid', await forge(header, sound, stranger.signing), verify);
  await refused(
    'refresh_signature_invalid',
    `${header}.${body}.${encodeBase64url(new Uint8Array(64))}`,
    verify,
  );
  await refused('refresh_signature_invalid', `${header}.!!!!.${signature}`, verify);
  await refused('refresh_payload_malformed', await signedText(`${header}.!!!!`, office.signing), verify);
  await refused('refresh_payload_malformed', await forge(header, '[]', office.signing), verify);
  await verify(token);
});

test('a refresh token is for one session and generation at one issuer, until it expires', async () => {
  for (const claim of ['iss', 'aud', 'sid', 'gen', 'exp']) {
    for (const value of [undefined, null, '', [], -1, 1.5, true]) {
      const text = await forge(header, { ...sound, [claim]: value }, office.signing);
      assert.equal((await refused('refresh_claim_invalid', text, verify)).detail['claim'], claim);
    }
  }
  await refusesClaims('refresh_issuer_unexpected', [{ iss: 'https://evil.example' }, { iss: `${issuer}/` }]);
  await refusesClaims('refresh_audience_unexpected', [
    { aud: issuer },
    { aud: 'https://api.example' },
    { aud: 'https://evil.example#refresh' },
  ]);
  await at(now + 3599)(token);
  for (const time of [now + 3600, Number.NaN, Infinity]) await refused('refresh_expired', token, at(time));
});

test('claims that would be refused are not signed: nobody is signed out by a slip', async () => {
  for (const change of [{ gen: Number.NaN }, { gen: -1 }, { exp: 1.5 }, { sid: 'short' }, { iss: '' }]) {
    await assert.rejects(
      signRefreshToken({ ...claims, ...change }, office.signing),
      TypeError,
      JSON.stringify(change),
    );
  }
});
