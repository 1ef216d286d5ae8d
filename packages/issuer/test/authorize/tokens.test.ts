import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { importPublicKey, signProof, verifyIdToken, idTokenHeader } from '@symbolon/token';
import * as jose from 'jose';
import {
  addApplication,
  arrive,
  ask,
  codeFor,
  get,
  handleOn,
  locationOf,
  openLinkLab,
  redeem,
  signIn,
  submit,
  type Asked,
  type Browser,
  type LinkLab,
} from './lab.ts';
import {
  addMachine,
  api,
  askForToken,
  issuerUrl,
  openLab,
  otherApi,
  post,
  refresh,
  refusalOf,
  tokensOf,
} from '../support.ts';

type Answered = Awaited<ReturnType<typeof tokensOf>> & { readonly id_token?: string };

let lab: LinkLab;
let browser: Browser;
before(async () => {
  lab = await openLinkLab();
  browser = await signIn(lab);
});
after(() => lab.issuer.close());

async function linked(
  over: Readonly<Record<string, string>>,
  options: Parameters<typeof addApplication>[1] = {},
): Promise<{ asked: Asked; tokens: Answered }> {
  const asked = await ask(await addApplication(lab, options), over);
  const code = await codeFor(lab, asked, browser);
  return { asked, tokens: await tokensOf(await redeem(lab, asked, { code })) };
}

async function userinfo(asked: Asked, token: string): Promise<Response> {
  const call = async (nonce?: string) => {
    const url = `${issuerUrl}/userinfo`;
    const now = lab.clock.now() / 1000;
    const proof = await signProof({ method: 'GET', url, now, token, ...(nonce && { nonce }) }, asked.holder);
    return lab.issuer.fetch(new Request(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } }));
  };
  const first = await call();
  const nonce = first.headers.get('dpop-nonce');
  return first.status === 401 && nonce !== null ? call(nonce) : first;
}

void test('AUTHORIZE-15: a client without a key per request gets five minutes, and nothing to renew them with', async () => {
  const asked = await ask(await addApplication(lab, { bearer: true }));
  const code = await codeFor(lab, asked, browser);
  const tokens = await tokensOf(await redeem(lab, asked, { code, proof: null }));
  assert.deepEqual([tokens.token_type, tokens.refresh_token], ['Bearer', undefined]);
  assert.ok(tokens.expires_in <= 300);
  assert.equal(jose.decodeJwt(tokens.access_token)['crr'], 'bearer');
  const keyed = await ask(asked.clientId);
  const bound = await tokensOf(await redeem(lab, keyed, { code: await codeFor(lab, keyed, browser) }));
  assert.equal(bound.token_type, 'DPoP');
  assert.ok(bound.refresh_token !== undefined);
});

void test('AUTHORIZE-16: an ID token says who signed in, when and how, to its client, and opens nothing', async () => {
  const { asked, tokens } = await linked({ scope: 'openid read', nonce: 'n-1' });
  const text = tokens.id_token ?? '';
  const keys = (await (await get(lab, '/jwks')).json()) as { keys: { purpose: string }[] };
  const identity = { keys: keys.keys.filter(({ purpose }) => purpose === 'identity') } as jose.JSONWebKeySet;
  const session = { keys: keys.keys.filter(({ purpose }) => purpose === 'session') } as jose.JSONWebKeySet;
  const expected = { issuer: issuerUrl, audience: asked.clientId, currentDate: new Date(lab.clock.now()) };
  const { payload } = await jose.jwtVerify(text, jose.createLocalJWKSet(identity), {
    ...expected,
    typ: 'JWT',
  });
  await assert.rejects(jose.jwtVerify(text, jose.createLocalJWKSet(session), expected));
  const { iat = 0, exp = 0, at_hash: atHash, ...claims } = payload;
  assert.equal(atHash, halfHash(tokens.access_token));
  assert.equal(exp - iat, 300);
  assert.deepEqual(claims, {
    ...{ iss: issuerUrl, sub: browser.subject, aud: asked.clientId, sid: tokens.sid, nonce: 'n-1' },
    ...{ auth_time: Math.floor(lab.clock.now() / 1000), amr: ['hwk', 'user'], acr: 'phr' },
  });
  assert.equal(jose.decodeJwt(tokens.access_token).aud, api);
  assert.equal((await userinfo(asked, text)).status, 401);
  const form = { grant_type: 'refresh_token', client_id: asked.clientId, refresh_token: text };
  const url = `${issuerUrl}/token`;
  const proof = await signProof({ method: 'POST', url, now: lab.clock.now() / 1000 }, asked.holder);
  assert.deepEqual(await refusalOf(await post(lab, '/token', { form, proof })), [400, 'refresh_key_unknown']);
  assert.equal((await linked({ scope: 'read' })).tokens.id_token, undefined);
});

void test('AUTHORIZE-16: only an ID token of ours is taken as a hint, each fault by its code', async () => {
  const { tokens } = await linked({ scope: 'openid' });
  const text = tokens.id_token ?? '';
  const published = (await (await get(lab, '/jwks')).json()) as { keys: { purpose: string }[] };
  const rows = await Promise.all(
    published.keys.filter(({ purpose }) => purpose === 'identity').map((jwk) => importPublicKey(jwk)),
  );
  const keys = new Map(rows.map((key) => [idTokenHeader(key), key]));
  const [header = '', payload = '', signature = ''] = text.split('.');
  assert.equal((await verifyIdToken(text, { keys, issuer: issuerUrl })).sub, browser.subject);
  const faults: [string, string][] = [
    [`${text}.`, 'identity_malformed'],
    ['x'.repeat(9000), 'identity_too_long'],
    [tokens.access_token, 'identity_key_unknown'],
    [`${header}.${payload}.${signature.slice(1)}`, 'identity_signature_malformed'],
    [`${header}.${payload.slice(4)}.${signature}`, 'identity_signature_invalid'],
  ];
  for (const [bad, code] of faults)
    await assert.rejects(verifyIdToken(bad, { keys, issuer: issuerUrl }), { code });
  await assert.rejects(verifyIdToken(text, { keys, issuer: 'https://other.example' }), {
    code: 'identity_issuer_unexpected',
  });
});

/** As a client computes it (OpenID Connect Core section 3.1.3.6): of EdDSA with Ed25519, the half of SHA-512. */
const halfHash = (token: string): string =>
  createHash('sha512').update(token).digest().subarray(0, 32).toString('base64url');

void test('AUTHORIZE-28: a refresh says again who it is, of the same sign-in and for the new token', async () => {
  const renew = async (of: { asked: Asked; tokens: Answered }): Promise<Answered> => {
    const { asked, tokens } = of;
    const refreshToken = tokens.refresh_token ?? '';
    return tokensOf(await refresh(lab, { clientId: asked.clientId, refreshToken, holder: asked.holder }));
  };
  const first = await linked({ scope: 'openid read', nonce: 'n-1' });
  lab.clock.advance(200);
  const next = await renew(first);
  assert.notEqual(next.access_token, first.tokens.access_token);
  const [before, after] = [first.tokens, next].map(({ id_token }) => jose.decodeJwt(id_token ?? ''));
  assert.ok(before && after);
  const { iat: then = 0, exp: _end, at_hash: one, nonce, ...same } = before;
  const { iat: now = 0, exp = 0, at_hash: two, ...again } = after;
  assert.deepEqual(again, same, 'the same, auth_time too, and no nonce');
  assert.deepEqual([now - then, exp - now, nonce], [200, 300, 'n-1']);
  assert.deepEqual(
    [one, two],
    [first.tokens, next].map(({ access_token }) => halfHash(access_token)),
  );
  const published = (await (await get(lab, '/jwks')).json()) as { keys: { purpose: string }[] };
  const identity = {
    keys: published.keys.filter(({ purpose }) => purpose === 'identity'),
  } as jose.JSONWebKeySet;
  await jose.jwtVerify(next.id_token ?? '', jose.createLocalJWKSet(identity), {
    ...{ issuer: issuerUrl, audience: first.asked.clientId, currentDate: new Date(lab.clock.now()) },
  });
  assert.equal((await renew(await linked({ scope: 'read' }))).id_token, undefined);
});

void test('AUTHORIZE-17: userinfo answers tokens for itself alone, as far as was allowed, while the session stands', async () => {
  const { asked, tokens } = await linked({ scope: 'openid profile' });
  assert.equal(jose.decodeJwt(tokens.access_token).aud, `${issuerUrl}/userinfo`);
  const known = (await (await userinfo(asked, tokens.access_token)).json()) as { sub: string; name: string };
  assert.equal(known.sub, browser.subject);
  assert.match(known.name, /^Ada /);
  const bare = await linked({ scope: 'openid' });
  const answer = await userinfo(bare.asked, bare.tokens.access_token);
  assert.deepEqual(await answer.json(), { sub: browser.subject });
  const elsewhere = await linked({ scope: 'openid read' });
  const refused = await userinfo(elsewhere.asked, elsewhere.tokens.access_token);
  assert.deepEqual(
    [refused.status, refused.headers.get('www-authenticate')?.includes('invalid_token')],
    [401, true],
  );
  await lab.issuer.sessions.end({ sid: tokens.sid });
  assert.equal((await userinfo(asked, tokens.access_token)).status, 401);
});

void test('AUTHORIZE-18: one audience for each request, by exact name; the scope of no other', async () => {
  const audiences = [
    { audience: api, scope: ['read'] },
    { audience: otherApi, scope: ['read'] },
  ];
  const { tokens } = await linked({ resource: otherApi, scope: 'openid read' }, { audiences });
  const claims = jose.decodeJwt(tokens.access_token);
  assert.deepEqual([claims.aud, claims['scope']], [otherApi, 'openid read']);
  const asked = await ask(await addApplication(lab, { audiences }));
  const none = locationOf(await arrive(lab, asked.parameters, browser));
  assert.equal(none.searchParams.get('error'), 'invalid_target', 'two to choose from, none chosen');
});

void test('AUTHORIZE-27: a resource may be written with or without the empty path, a token says the registered text', async () => {
  const bare = { audience: 'https://bare.example', scope: ['read'] };
  const slashed = { audience: 'https://slashed.example/', scope: ['read'] };
  const deep = { audience: 'https://deep.example/mcp', scope: ['read'] };
  const audiences = [bare, slashed, deep];
  const own = await openLinkLab({
    audiences: audiences.map(({ audience }) => ({ audience, scopes: ['read'] })),
  });
  const person = await signIn(own);
  const app = await addApplication(own, { audiences });
  const machine = await addMachine(own.issuer, { audiences });
  const same: [string, string][] = [
    ['https://bare.example/', bare.audience],
    ['https://bare.example', bare.audience],
    ['https://slashed.example', slashed.audience],
    ['https://slashed.example/', slashed.audience],
    [deep.audience, deep.audience],
  ];
  for (const [resource, audience] of same) {
    const asked = await ask(app, { resource });
    assert.equal((await post(own, '/par', { form: asked.parameters })).status, 201, resource);
    const code = await codeFor(own, asked, person);
    const strange = { resource: resource === deep.audience ? bare.audience : deep.audience };
    assert.deepEqual(await refusalOf(await redeem(own, asked, { code, form: strange })), [
      400,
      'code_refused',
    ]);
    const tokens = await tokensOf(await redeem(own, asked, { code, form: { resource } }));
    assert.equal(jose.decodeJwt(tokens.access_token).aud, audience);
    const its = await tokensOf(await askForToken(own, machine, { form: { resource } }));
    assert.equal(jose.decodeJwt(its.access_token).aud, audience);
  }
  for (const resource of [
    'https://deep.example/mcp/',
    'https://deep.example/',
    'https://deep.example',
    'https://bare.example//',
    'https://bare.example/?',
    'https://bare.example/x',
    'https://bare.example:443/',
    'https://BARE.example/',
    'http://bare.example/',
    'https://bare.example.evil.example/',
    'https://x@bare.example/',
  ]) {
    const to = locationOf(await arrive(own, (await ask(app, { resource })).parameters, person));
    assert.equal(to.searchParams.get('error'), 'invalid_target', resource);
    const its = await askForToken(own, machine, { form: { resource } });
    assert.deepEqual(await refusalOf(its), [400, 'audience_invalid'], resource);
  }
  await own.issuer.close();
});

void test('AUTHORIZE-19: what a person allowed ends as a whole, and nothing else with it', async () => {
  const one = await linked({});
  const two = await linked({});
  const more = await ask(one.asked.clientId, { scope: 'write' });
  const again = await tokensOf(await redeem(lab, more, { code: await codeFor(lab, more, browser) }));
  const grantId = (await lab.storage.findSession(one.tokens.sid))?.grantId ?? '';
  const by = { grantId, reason: 'person' as const, by: browser.subject };
  assert.deepEqual(await lab.issuer.grants.end({ ...by, subject: 'another' }), { kind: 'unknown' });
  const ended = await lab.issuer.grants.end({ ...by, subject: browser.subject });
  assert.ok(ended.kind === 'ended' && ended.sessions === 2);
  const renew = (asked: Asked, tokens: Answered) =>
    refresh(lab, {
      clientId: asked.clientId,
      refreshToken: tokens.refresh_token ?? '',
      holder: asked.holder,
    });
  assert.deepEqual(await refusalOf(await renew(one.asked, one.tokens)), [400, 'refresh_refused']);
  assert.deepEqual(await refusalOf(await renew(more, again)), [400, 'refresh_refused']);
  assert.equal((await renew(two.asked, two.tokens)).status, 200);
  assert.equal((await arrive(lab, one.asked.parameters, browser)).status, 200, 'is asked again');
});

void test('AUTHORIZE-20: pages of any origin may use the endpoints of public clients, without cookies', async () => {
  for (const path of [
    '/token',
    '/par',
    '/jwks',
    '/userinfo',
    '/revoke',
    '/.well-known/openid-configuration',
  ]) {
    const asked = new Request(issuerUrl + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example' },
    });
    const before = await lab.issuer.fetch(asked);
    assert.equal(before.status, 204, path);
    assert.match(before.headers.get('access-control-allow-headers') ?? '', /authorization.*dpop/i);
    const answer = await get(lab, path);
    for (const { headers } of [before, answer]) {
      assert.equal(headers.get('access-control-allow-origin'), '*');
      assert.equal(headers.get('access-control-allow-credentials'), null);
    }
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /DPoP-Nonce/);
  }
  for (const path of ['/authorize', '/authorize/consent', '/logout', '/sessions', '/account']) {
    const asked = new Request(issuerUrl + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example' },
    });
    assert.equal((await lab.issuer.fetch(asked)).headers.get('access-control-allow-origin'), null, path);
  }
});

void test('AUTHORIZE-21: the metadata name what is offered, and nothing that is not', async () => {
  const read = async (from: Pick<LinkLab, 'issuer'>) =>
    (await (
      await from.issuer.fetch(new Request(`${issuerUrl}/.well-known/oauth-authorization-server`))
    ).json()) as Record<string, unknown>;
  const said = await read(lab);
  for (const name of ['authorization', 'pushed_authorization_request', 'userinfo', 'end_session']) {
    const path = String(said[`${name}_endpoint`]).slice(issuerUrl.length);
    assert.notEqual((await post(lab, path, { form: {} })).status, 404, path);
  }
  assert.deepEqual(
    [
      said['code_challenge_methods_supported'],
      said['response_types_supported'],
      said['registration_endpoint'],
    ],
    [['S256'], ['code'], undefined],
  );
  assert.equal(said['authorization_response_iss_parameter_supported'], true);
  assert.deepEqual(said['id_token_signing_alg_values_supported'], ['EdDSA']);
  const plain = await openLab();
  const bare = await read(plain);
  assert.deepEqual([bare['authorization_endpoint'], bare['response_types_supported']], [undefined, []]);
  await plain.issuer.close();
});

void test('AUTHORIZE-22: an application may sign people in itself, whose names are nobody else’s', async () => {
  const own = await openLinkLab({ people: { signIn: { url: 'https://login.example/start?theme=dark' } } });
  const client = await addApplication(own);
  const begin = async () => {
    const asked = await ask(client, { login_hint: 'ada' });
    const to = locationOf(await arrive(own, asked.parameters));
    assert.equal(to.origin + to.pathname, 'https://login.example/start');
    assert.equal(to.searchParams.get('theme'), 'dark');
    return { asked, request: to.searchParams.get('request') ?? '' };
  };
  const { asked, request } = await begin();
  const told = await own.issuer.authorizations.describe(request);
  assert.deepEqual([told?.clientName, told?.scope, told?.loginHint], ['Photo book', 'read', 'ada']);
  const authTime = Math.floor(own.clock.now() / 1000);
  const person = { subject: 'ada', amr: ['pwd'], authTime };
  await assert.rejects(
    own.issuer.authorizations.complete(request, { ...person, subject: 'a\u0000' }),
    TypeError,
  );
  const to = new URL((await own.issuer.authorizations.complete(request, person)) ?? '');
  const tokens = await tokensOf(await redeem(own, asked, { code: to.searchParams.get('code') ?? '' }));
  const claims = jose.decodeJwt(tokens.access_token);
  assert.deepEqual([claims['amr'], claims['auth_time']], [['app:pwd'], authTime]);
  assert.notEqual(claims.sub, 'ada');
  assert.equal(await own.issuer.authorizations.complete(request, person), undefined);
  const other = await begin();
  const refused = new URL((await own.issuer.authorizations.refuse(other.request, 'access_denied')) ?? '');
  assert.equal(refused.searchParams.get('error'), 'access_denied');
  assert.equal(await own.storage.findSubject({ namespace: '', externalId: 'ada' }), null);
  await own.issuer.close();
});

void test('AUTHORIZE-23: nothing of a request, a code or a verifier stands in the store as it was sent', async () => {
  const asked = await ask(await addApplication(lab));
  const shown = await arrive(lab, asked.parameters, browser);
  const request = await handleOn(shown);
  const back = locationOf(
    await submit(lab, '/authorize/consent', {
      form: { request, session: browser.sid, decision: 'allow' },
      browser,
    }),
  );
  const code = back.searchParams.get('code') ?? '';
  await redeem(lab, asked, { code });
  for (const table of [
    'authorization_requests',
    'authorization_codes',
    'sessions',
    'audit',
    'meta',
    'grants',
  ]) {
    const [rows = []] = await lab.engine.batch([{ sql: `SELECT * FROM ${table}`, values: [] }]);
    const text = JSON.stringify(rows);
    for (const secret of [request, code, asked.verifier]) assert.equal(text.includes(secret), false, table);
  }
  assert.deepEqual(lab.faults, []);
});
