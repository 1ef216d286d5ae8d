import type { SessionTokenClaims } from '@symbolon/token';
import { deepEqual, equal, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { createScene, newKey, randomId, refuses, settled, view } from './support.ts';

const bearer = (token: string) => view({ authorization: `Bearer ${token}` });

test('GUARD-8: a token is verified against the one issuer, the one audience and the clock', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const now = Math.floor(clock() / 1000);
  const wrong: [Partial<SessionTokenClaims>, Parameters<typeof refuses>[1]][] = [
    [{ iss: 'https://issuer.example/' }, 'token_issuer_unexpected'],
    [{ aud: 'https://api.example/' }, 'token_audience_unexpected'],
    [{ aud: 'https://API.example' }, 'token_audience_unexpected'],
    [{ iat: now - 300, exp: now }, 'token_expired'],
    [{ iat: now + 6, exp: now + 60 }, 'token_issued_in_future'],
  ];
  for (const [claims, code] of wrong) {
    await guard.authenticate(bearer(await issuer.token()));
    await refuses(guard.authenticate(bearer(await issuer.token(claims))), code);
  }
});

test('GUARD-8: a token by a key that is not published, or whose text was changed, is refused', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  const [header = '', payload = '', signature = ''] = token.split('.');
  const [, otherPayload = ''] = (await issuer.token({ sub: 'admin' })).split('.');
  const alone = { alg: 'none', typ: 'at+jwt' };
  await guard.authenticate(bearer(token));
  await refuses(guard.authenticate(bearer(await issuer.token({}, await newKey()))), 'token_key_unknown');
  await refuses(
    guard.authenticate(bearer(`${header}.${otherPayload}.${signature}`)),
    'token_signature_invalid',
  );
  await refuses(guard.authenticate(bearer(`${header}.${payload}.`)), 'token_malformed');
  await refuses(
    guard.authenticate(bearer(`${header}.${payload}.${signature.slice(0, 8)}`)),
    'token_signature_malformed',
  );
  const unsigned = Buffer.from(JSON.stringify(alone)).toString('base64url');
  await refuses(guard.authenticate(bearer(`${unsigned}.${payload}.${signature}`)), 'token_key_unknown');
  await guard.authenticate(bearer(token));
});

test('GUARD-9: a hit checks the time again: a token that has expired since is refused', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  await guard.authenticate(bearer(token));
  clock.advance(299_999);
  await guard.authenticate(bearer(token));
  clock.advance(1);
  await refuses(guard.authenticate(bearer(token)), 'token_expired');
  clock.advance(-10_000);
  await guard.authenticate(bearer(token));
  clock.advance(-300_000);
  await refuses(guard.authenticate(bearer(token)), 'token_issued_in_future');
  equal(guard.stats().cacheHits, 4);
});

test('GUARD-9: a hit checks carrier, proof and requirement again', async () => {
  const { guard, holder, honest } = await createScene({ bearer: 'accept' });
  const token = await holder.token({ scope: 'orders:read' });
  await honest(token);
  const proof = await holder.proof({ token });
  await refuses(guard.authenticate(bearer(token)), 'token_carrier_unexpected');
  await refuses(guard.authenticate(view({ authorization: `DPoP ${token}` })), 'proof_missing');
  await refuses(
    guard.authenticate(view({ authorization: `DPoP ${token}`, dpop: proof }), { scope: 'orders:write' }),
    'scope_insufficient',
  );
  await honest(token);
  equal(guard.stats().cacheHits, 3);
});

test('GUARD-10: a variant of a verified token is another token', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept' });
  const token = await issuer.token();
  await guard.authenticate(bearer(token));
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.at(-1) ?? '');
  for (let bits = 1; bits < 16; bits++) {
    const variant = token.slice(0, -1) + (alphabet[(last & 48) | ((last + bits) & 15)] ?? '');
    await refuses(guard.authenticate(bearer(variant)), 'token_signature_malformed');
  }
  await refuses(guard.authenticate(bearer(`${token}=`)), 'token_signature_malformed');
  await guard.authenticate(bearer(token));
});

test('GUARD-10: only what was verified is kept', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const token = await issuer.token({ exp: Math.floor(clock() / 1000) + 5 });
  const forged = `${token.slice(0, -5)}AAAAA`;
  for (let i = 0; i < 100; i++)
    await guard.authenticate(bearer(forged + i.toString())).catch(() => undefined);
  clock.advance(10_000);
  await refuses(guard.authenticate(bearer(token)), 'token_expired');
  equal(guard.stats().cachedTokens, 0);
});

test('GUARD-11: the cache is bounded in bytes; when it is full, what was not used lately goes', async () => {
  const cacheBytes = 64 * 1024;
  const { guard, issuer } = await createScene({ bearer: 'accept', cacheBytes });
  const used = await issuer.token();
  await guard.authenticate(bearer(used));
  for (let i = 0; i < 200; i++) {
    await guard.authenticate(bearer(await issuer.token()));
    await guard.authenticate(bearer(used));
    const { cachedBytes, cachedTokens } = guard.stats();
    ok(cachedBytes <= cacheBytes && cachedBytes > 0 && cachedTokens > 0);
  }
  equal(guard.stats().cacheHits, 200);
  ok(guard.stats().cachedTokens >= 5);
});

test('GUARD-11: a cache too small for one token keeps none and the guard still decides', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept', cacheBytes: 1 });
  const token = await issuer.token();
  await guard.authenticate(bearer(token));
  await guard.authenticate(bearer(token));
  equal(guard.stats().cachedTokens, 0);
});

test('GUARD-12: a session is frozen through and through: no handler can change it for the next request', async () => {
  const { guard, issuer } = await createScene({ bearer: 'accept' });
  const token = await issuer.token({ scope: 'a b', amr: ['hwk'], auth_time: 5 });
  const session = await guard.authenticate(bearer(token));
  const open = session as unknown as {
    scope: string[];
    subject: string;
    payload: Record<string, unknown>;
    amr: string[];
  };
  throws(() => open.scope.push('admin'), TypeError);
  throws(() => (open.subject = 'admin'), TypeError);
  throws(() => (open.payload['scope'] = 'admin'), TypeError);
  throws(() => open.amr.push('mfa'), TypeError);
  strictEqual(await guard.authenticate(bearer(token)), session);
});

test('GUARD-12: a session says in our words what the token says', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const now = Math.floor(clock() / 1000);
  const [jti, sid] = [randomId(), randomId()];
  const named = {
    sub: 'person-1',
    client_id: 'app-1',
    jti,
    sid,
    scope: 'a b',
    sst: 7,
    auth_time: now,
    amr: ['hwk'],
  };
  const { payload, ...session } = await guard.authenticate(bearer(await issuer.token(named)));
  deepEqual(session, {
    subject: 'person-1',
    clientId: 'app-1',
    sessionId: sid,
    tokenId: jti,
    issuer: issuer.url,
    audience: 'https://api.example',
    scope: ['a', 'b'],
    expiresAt: now + 300,
    startedAt: 7,
    authTime: now,
    amr: ['hwk'],
    carrier: { kind: 'bearer' },
  });
  equal(payload['client_id'], 'app-1');
});

test('GUARD-13: a key that leaves the key set takes its verified tokens along', async () => {
  const { guard, issuer, clock } = await createScene({ bearer: 'accept' });
  const [first, second] = [await newKey(), await newKey()];
  const exp = Math.floor(clock() / 1000) + 3600;
  const [byFirst, bySecond] = [await issuer.token({ exp }, first), await issuer.token({ exp }, second)];
  issuer.keys = [first, second];
  clock.advance(300_000);
  await refuses(guard.authenticate(bearer(byFirst)), 'token_key_unknown');
  await settled();
  await guard.authenticate(bearer(byFirst));
  await guard.authenticate(bearer(bySecond));
  issuer.keys = [second];
  clock.advance(300_000);
  await guard.authenticate(bearer(bySecond));
  await settled();
  await refuses(guard.authenticate(bearer(byFirst)), 'token_key_unknown');
  await guard.authenticate(bearer(bySecond));
  equal(guard.stats().cachedTokens, 1);
});

test('GUARD-68: decide answers or throws at once where nothing is waited for, and decides as require does', async () => {
  const { guard, issuer, holder, clock } = await createScene({ bearer: 'accept' });
  const [decide, require] = [guard.decide({ scope: 'a' }), guard.require({ scope: 'a' })];
  const bearer = view({ authorization: `Bearer ${await issuer.token({ scope: 'a' })}` });
  const first = decide(bearer);
  ok(first instanceof Promise); // the signature is verified
  const session = await first;
  equal(decide(bearer), session);
  equal(await require(bearer), session);
  const token = await holder.token({ scope: 'a' });
  for (const round of [1, 2]) {
    const bound = decide(view(await holder.headers({ token })));
    ok(bound instanceof Promise, `round ${round}: a proof is verified every time`);
    equal((await bound).carrier.kind, 'key');
  }
  const proved = await holder.headers({ token });
  equal((await decide(view(proved))).subject, 'machine-1');
  const replayed = decide(view(proved));
  await refuses(Promise.resolve(replayed), 'proof_replayed');
  throws(() => decide(view({})), { code: 'token_missing' });
  throws(() => guard.decide({ scope: 'b' })(bearer), { code: 'scope_insufficient' });
  throws(() => guard.decide({ presentWithin: '5m' })(bearer), { code: 'presence_required' });
  clock.advance(301_000);
  throws(() => decide(bearer), { code: 'token_expired' });
  await refuses(require(bearer), 'token_expired');
  await refuses(guard.authenticate(bearer), 'token_expired');
  throws(() => guard.decide({ once: true }), TypeError);
  const { decisions, accepted, refused, faults } = guard.stats();
  deepEqual({ decisions, accepted, refused, faults }, { decisions: 13, accepted: 6, refused: 7, faults: 0 });
});
