import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64url } from '@symbolon/token';
import {
  api,
  askForToken,
  addMachine,
  newKey,
  openLab,
  otherApi,
  refresh,
  refusalOf,
  startPerson,
  tokensOf,
} from './support.ts';

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(decodeBase64url(token.split('.')[1] ?? ''))) as Record<
    string,
    unknown
  >;
}

void test('ISSUER-20: a refresh gives the next pair of the same session, whose start and auth_time stay', async () => {
  const lab = await openLab();
  const { clientId, holder, tokens } = await startPerson(lab);
  lab.clock.advance(240);
  const next = await tokensOf(await refresh(lab, { clientId, holder, refreshToken: tokens.refresh_token }));
  assert.equal(next.generation, (tokens.generation ?? 0) + 1);
  const [before, after] = [claimsOf(tokens.access_token), claimsOf(next.access_token)];
  for (const name of ['sid', 'sst', 'sub', 'sh', 'auth_time', 'aud', 'cnf'])
    assert.deepEqual(after[name], before[name]);
  assert.notEqual(after['jti'], before['jti']);
  assert.deepEqual(before['amr'], ['app:pwd']);
  assert.ok(!JSON.stringify(before).includes('alice'));
});

void test('ISSUER-21: fifty parallel refreshes of one token are one rotation and one live generation', async () => {
  const lab = await openLab();
  const { clientId, holder, tokens } = await startPerson(lab);
  const asked = { clientId, holder, refreshToken: tokens.refresh_token };
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(lab, asked)));
  const pairs = await Promise.all(answers.map(tokensOf));
  assert.deepEqual(new Set(pairs.map((pair) => pair.generation)), new Set([(tokens.generation ?? 0) + 1]));
  assert.equal(new Set(pairs.map((pair) => pair.refresh_token)).size, 1);
  const [row] = await lab.issuer.sessions.list({ clientId });
  assert.deepEqual([row?.generation, row?.repeats, row?.alive], [(tokens.generation ?? 0) + 1, 49, true]);
});

void test('ISSUER-22: a token two generations old is superseded for a minute, then ends the session', async () => {
  const lab = await openLab();
  const { clientId, holder, tokens } = await startPerson(lab);
  const ask = async (refreshToken: string) => refresh(lab, { clientId, holder, refreshToken });
  const second = await tokensOf(await ask(tokens.refresh_token));
  const third = await tokensOf(await ask(second.refresh_token ?? ''));
  assert.deepEqual(await refusalOf(await ask(tokens.refresh_token)), [400, 'refresh_superseded']);
  assert.equal((await tokensOf(await ask(second.refresh_token ?? ''))).generation, third.generation);
  lab.clock.advance(61);
  assert.deepEqual(await refusalOf(await ask(tokens.refresh_token)), [400, 'refresh_reused']);
  assert.deepEqual(await refusalOf(await ask(third.refresh_token ?? '')), [400, 'refresh_refused']);
  const [row] = await lab.issuer.sessions.list({ clientId });
  assert.equal(row?.endReason, 'reuse');
});

void test('ISSUER-23: a stolen refresh token without its holder’s key, or by another client, changes nothing', async () => {
  const lab = await openLab();
  const { clientId, holder, tokens } = await startPerson(lab);
  const refreshToken = tokens.refresh_token;
  const thief = await newKey();
  assert.deepEqual(await refusalOf(await refresh(lab, { clientId, holder: thief, refreshToken })), [
    400,
    'refresh_refused',
  ]);
  const other = await startPerson(lab);
  const foreign = { clientId: other.clientId, holder, refreshToken };
  assert.deepEqual(await refusalOf(await refresh(lab, foreign)), [400, 'refresh_refused']);
  assert.deepEqual(await refusalOf(await refresh(lab, { clientId, holder, refreshToken }, { proof: null })), [
    400,
    'proof_missing',
  ]);
  const [row] = await lab.issuer.sessions.list({ clientId });
  assert.deepEqual([row?.generation, row?.alive], [0, true]);
  await tokensOf(await refresh(lab, { clientId, holder, refreshToken }));
});

void test('ISSUER-24: idle and absolute lifetimes both end a session, and no token outlives it', async () => {
  const lab = await openLab({ lifetimes: { personIdle: 3600, personAbsolute: 7200 } });
  const idle = await startPerson(lab);
  const busy = await startPerson(lab);
  let pair = busy.tokens;
  const ask = (who: typeof idle, refreshToken: string) => refresh(lab, { ...who, refreshToken });
  for (const seconds of [3500, 3500]) {
    lab.clock.advance(seconds);
    pair = (await tokensOf(await ask(busy, pair.refresh_token))) as typeof pair;
  }
  assert.deepEqual(await refusalOf(await ask(idle, idle.tokens.refresh_token)), [400, 'refresh_refused']);
  assert.equal(pair.expires_in, 200);
  lab.clock.advance(201);
  assert.deepEqual(await refusalOf(await ask(busy, pair.refresh_token)), [400, 'refresh_expired']);
});

void test('ISSUER-25: a session token is no refresh token, and the other way round', async () => {
  const lab = await openLab();
  const { clientId, holder, tokens } = await startPerson(lab);
  const answer = await refresh(lab, { clientId, holder, refreshToken: tokens.access_token });
  assert.deepEqual(await refusalOf(answer), [400, 'refresh_key_unknown']);
  const machine = await addMachine(lab.issuer);
  const own = await tokensOf(await askForToken(lab, machine));
  const crossed = await refresh(lab, { clientId, holder, refreshToken: own.access_token });
  assert.deepEqual(await refusalOf(crossed), [400, 'refresh_key_unknown']);
  await tokensOf(await refresh(lab, { clientId, holder, refreshToken: tokens.refresh_token }));
});

void test('ISSUER-26: a refreshed token is signed by the algorithm of its audience', async () => {
  const lab = await openLab();
  for (const [audience, alg] of [
    [api, 'EdDSA'],
    [otherApi, 'ES256'],
  ] as const) {
    const { clientId, holder, tokens } = await startPerson(lab, { audience });
    const next = await tokensOf(await refresh(lab, { clientId, holder, refreshToken: tokens.refresh_token }));
    for (const text of [tokens.access_token, next.access_token]) {
      const header = new TextDecoder().decode(decodeBase64url(text.split('.')[0] ?? ''));
      assert.equal((JSON.parse(header) as { alg: string }).alg, alg);
    }
  }
});
