import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGuard } from '@symbolon/guard';
import {
  generatePrivateJwk,
  importSigningKey,
  signAssertion,
  signProof,
  type SigningKey,
} from '@symbolon/token';
import type { ListedSession } from '../src/index.ts';
import { openSqlite } from '../src/storage/sqlite/sqlite.ts';
import {
  addMachine,
  addPublicClient,
  api,
  askForToken,
  createClock,
  issuerUrl,
  newKey,
  openLab,
  post,
  postAs,
  refresh,
  refusalOf,
  startPerson,
  tokensOf,
  type Lab,
  type TestMachine,
} from './support.ts';

async function isAlive(lab: Lab, sid: string): Promise<boolean | undefined> {
  const rows: readonly ListedSession[] = await lab.issuer.sessions.list({ limit: 1000 });
  return rows.find((row) => row.sid === sid)?.alive;
}

void test('ISSUER-30: revoking either token of a session ends it, for its own client alone', async () => {
  const lab = await openLab();
  const machine = await addMachine(lab.issuer);
  const person = await startPerson(lab);
  const other = await addPublicClient(lab.issuer);
  const revoke = (token: string, client_id: string) => post(lab, '/revoke', { form: { token, client_id } });
  assert.equal((await revoke(person.tokens.refresh_token, other)).status, 200);
  assert.equal(await isAlive(lab, person.tokens.sid), true);
  assert.equal((await revoke('no.such.token', person.clientId)).status, 200);
  assert.equal((await revoke(person.tokens.refresh_token, person.clientId)).status, 200);
  assert.equal(await isAlive(lab, person.tokens.sid), false);
  const refused = await refresh(lab, { ...person, refreshToken: person.tokens.refresh_token });
  assert.deepEqual(await refusalOf(refused), [400, 'refresh_refused']);
  const second = await startPerson(lab);
  const byToken = async (holder?: typeof second.holder) => {
    const now = lab.clock.now() / 1000;
    const made = holder && (await signProof({ method: 'POST', url: `${issuerUrl}/revoke`, now }, holder));
    const form = { token: second.tokens.access_token, client_id: second.clientId };
    return post(lab, '/revoke', { form, proof: made ?? null });
  };
  assert.deepEqual(await refusalOf(await byToken()), [400, 'proof_missing']);
  assert.deepEqual(await refusalOf(await byToken(person.holder)), [400, 'proof_key_unexpected']);
  assert.equal(await isAlive(lab, second.tokens.sid), true);
  assert.equal((await byToken(second.holder)).status, 200);
  assert.equal(await isAlive(lab, second.tokens.sid), false);
  const own = await tokensOf(await askForToken(lab, machine));
  assert.equal((await postAs(lab, machine, '/revoke', { token: own.access_token })).status, 200);
  assert.equal(await isAlive(lab, own.sid), false);
  // The machine itself let go: its key is not blocked.
  assert.notEqual((await tokensOf(await askForToken(lab, machine))).sid, own.sid);
  assert.deepEqual(await refusalOf(await revoke(own.access_token, machine.id)), [401, 'assertion_missing']);
});

void test('ISSUER-31: introspection is for clients with that right, and tells what the store knows now', async () => {
  const lab = await openLab();
  const reader = await addMachine(lab.issuer, { rights: ['introspect'] });
  const plain = await addMachine(lab.issuer);
  const person = await startPerson(lab);
  const ask = async (token: string, who: TestMachine = reader) => postAs(lab, who, '/introspect', { token });
  assert.deepEqual(await refusalOf(await ask(person.tokens.access_token, plain)), [
    400,
    'client_unauthorized',
  ]);
  const active = (await (await ask(person.tokens.access_token)).json()) as Record<string, unknown>;
  assert.deepEqual([active['active'], active['sid'], active['aud']], [true, person.tokens.sid, api]);
  const refreshState = (await (await ask(person.tokens.refresh_token)).json()) as Record<string, unknown>;
  assert.equal(refreshState['active'], true);
  assert.deepEqual(await (await ask('a.b.c')).json(), { active: false });
  await lab.issuer.sessions.end({ sid: person.tokens.sid });
  assert.deepEqual(await (await ask(person.tokens.access_token)).json(), { active: false });
  assert.deepEqual(await (await ask(person.tokens.refresh_token)).json(), { active: false });
});

void test('ISSUER-31: an assertion that names a key is worth nothing without a proof by it', async () => {
  const lab = await openLab();
  const reader = await addMachine(lab.issuer, { rights: ['introspect'] });
  const { tokens } = await startPerson(lab);
  const other = await importSigningKey(await generatePrivateJwk());
  const ask = async (path: string, prover: SigningKey | undefined) => {
    const now = lab.clock.now() / 1000;
    const about = { clientId: reader.id, issuer: issuerUrl, now, thumbprint: reader.key.kid };
    const form = {
      token: tokens.access_token,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion(about, reader.key),
    };
    const url = issuerUrl + path;
    const proof = prover && (await signProof({ method: 'POST', url, now }, prover));
    return post(lab, path, { form, ...(proof === undefined ? {} : { headers: { dpop: proof } }) });
  };
  for (const path of ['/introspect', '/revoke']) {
    assert.deepEqual(await refusalOf(await ask(path, undefined)), [400, 'proof_missing'], path);
    assert.deepEqual(await refusalOf(await ask(path, other)), [401, 'assertion_key_unexpected'], path);
    assert.equal((await ask(path, reader.key)).status, 200, path);
  }
});

void test('ISSUER-31: a client that is removed while it asks may ask no more', async () => {
  const lab = await openLab();
  const reader = await addMachine(lab.issuer, { rights: ['introspect'] });
  const ask = async () => postAs(lab, reader, '/introspect', { token: 'a.b.c' });
  assert.equal((await ask()).status, 200);
  const removed = lab.issuer.clients.remove(reader.id);
  await Promise.all([ask(), removed]);
  assert.deepEqual(await refusalOf(await ask()), [401, 'assertion_key_unknown']);
});

void test('ISSUER-32: both discovery documents say what is offered and nothing that is not', async () => {
  const { issuer } = await openLab();
  const read = async (name: string) =>
    (await (await issuer.fetch(new Request(`${issuerUrl}/.well-known/${name}`))).json()) as Record<
      string,
      unknown
    >;
  const metadata = await read('oauth-authorization-server');
  assert.deepEqual(await read('openid-configuration'), metadata);
  assert.equal(metadata['issuer'], issuerUrl);
  assert.deepEqual(metadata['grant_types_supported'], ['client_credentials', 'refresh_token']);
  for (const [name, url] of Object.entries(metadata)) {
    if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue;
    const method = name === 'jwks_uri' ? 'GET' : 'POST';
    assert.notEqual((await issuer.fetch(new Request(String(url), { method }))).status, 404, name);
  }
});

void test('ISSUER-37: an issuer whose identifier has a path answers under it, and is discovered by a guard', async () => {
  const url = `${issuerUrl}/tenant/one`;
  const { issuer } = await openLab({ issuer: url });
  const own: typeof fetch = (input, init) => issuer.fetch(new Request(input, init));
  const guard = createGuard({ issuer: url, audience: api, staleFeed: 'refuse', fetch: own });
  await guard.ready();
  guard.close();
  const openid = await issuer.fetch(new Request(`${url}/.well-known/openid-configuration`));
  assert.equal(((await openid.json()) as { token_endpoint: string }).token_endpoint, `${url}/token`);
  assert.equal((await issuer.fetch(new Request(`${issuerUrl}/jwks`))).status, 404);
});

void test('ISSUER-37: an issuer whose identifier has a path takes tokens and proofs under that path', async () => {
  const url = `${issuerUrl}/tenant/one`;
  const lab = await openLab({ issuer: url });
  await addPublicClient(lab.issuer, 'web');
  const audiences = [{ audience: `${url}/sessions` }];
  const machine = await addMachine(lab.issuer, { audiences, rights: ['sessions:web'] });
  lab.clock.advance(10);
  const now = lab.clock.now() / 1000;
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signAssertion({ clientId: machine.id, issuer: url, now }, machine.key),
  };
  const proof = await signProof({ method: 'POST', url: `${url}/token`, now }, machine.key);
  const { access_token: token } = await tokensOf(await post(lab, '/tenant/one/token', { form, proof }));
  const path = '?client_id=web';
  assert.equal((await callSessions(lab, { machine, token }, { method: 'GET', path })).status, 200);
});

void test('ISSUER-33: the key set is cacheable, has an ETag, and holds session keys only', async () => {
  const { issuer } = await openLab({ keySetMaxAge: 120 });
  const answer = await issuer.fetch(new Request(`${issuerUrl}/jwks`));
  assert.match(answer.headers.get('cache-control') ?? '', /^public, max-age=120\b/);
  const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] };
  assert.deepEqual(keys.map((key) => key['alg']).sort(), ['ES256', 'ES256', 'EdDSA', 'EdDSA']);
  for (const key of keys) {
    assert.deepEqual([key['purpose'], key['use']], ['session', 'sig']);
    for (const secret of ['d', 'priv', 'k', 'p', 'q']) assert.ok(!(secret in key));
  }
  const etag = answer.headers.get('etag') ?? '';
  const again = new Request(`${issuerUrl}/jwks`, { headers: { 'if-none-match': etag } });
  assert.equal((await issuer.fetch(again)).status, 304);
});

void test('ISSUER-34: health is told, and readiness ends when the issuer drains', async () => {
  const { issuer } = await openLab();
  const status = async (path: string) => (await issuer.fetch(new Request(issuerUrl + path))).status;
  assert.deepEqual([await status('/healthz'), await status('/readyz')], [200, 200]);
  issuer.drain();
  assert.deepEqual([await status('/healthz'), await status('/readyz')], [200, 503]);
  assert.equal(await status('/nothing-here'), 404);
});

async function callSessions(
  lab: Lab,
  caller: { machine: TestMachine; token: string },
  request: { method: string; path?: string; body?: unknown },
): Promise<Response> {
  const url = `${lab.issuer.issuer}/sessions${request.path ?? ''}`;
  const now = lab.clock.now() / 1000;
  const proof = await signProof(
    { method: request.method, url, now, token: caller.token },
    caller.machine.key,
  );
  const headers = { authorization: `DPoP ${caller.token}`, dpop: proof, 'content-type': 'application/json' };
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  return lab.issuer.fetch(new Request(url, { method: request.method, headers, body }));
}

void test('ISSUER-35: an application with the right starts, lists and ends sessions over HTTP', async () => {
  const lab = await openLab();
  const clientId = await addPublicClient(lab.issuer, 'web');
  const audiences = [{ audience: `${issuerUrl}/sessions` }];
  const machine = await addMachine(lab.issuer, { audiences, rights: ['sessions:web'] });
  lab.clock.advance(10);
  const { access_token: token } = await tokensOf(await askForToken(lab, machine));
  const caller = { machine, token };
  const holder = await newKey();
  const body = { client_id: 'web', subject: 'alice', audience: api, jkt: holder.kid, amr: ['pwd'] };
  const started = await callSessions(lab, caller, { method: 'POST', body });
  assert.equal(started.status, 201);
  const tokens = await tokensOf(started);
  await tokensOf(await refresh(lab, { clientId, holder, refreshToken: tokens.refresh_token ?? '' }));
  const listed = await callSessions(lab, caller, { method: 'GET', path: '?client_id=web&subject=alice' });
  // The proof names the URL without its query.
  const { sessions } = (await listed.json()) as { sessions: { sid: string }[] };
  assert.deepEqual(
    sessions.map(({ sid }) => sid),
    [tokens.sid],
  );
  const ended = await callSessions(lab, caller, { method: 'DELETE', path: `/${tokens.sid}` });
  assert.deepEqual(await ended.json(), { ended: tokens.sid, already: false });
  assert.equal(await isAlive(lab, tokens.sid), false);
});

void test('ISSUER-36: the session interface refuses another client’s sessions, and a token for another audience', async () => {
  const lab = await openLab();
  await addPublicClient(lab.issuer, 'web');
  await addPublicClient(lab.issuer, 'shop');
  const audiences = [{ audience: `${issuerUrl}/sessions` }, { audience: api, scope: ['read'] }];
  const machine = await addMachine(lab.issuer, { audiences, rights: ['sessions:web'] });
  lab.clock.advance(10);
  const ask = async (resource: string) => tokensOf(await askForToken(lab, machine, { form: { resource } }));
  const caller = { machine, token: (await ask(`${issuerUrl}/sessions`)).access_token };
  const body = { client_id: 'shop', subject: 'alice', audience: api, jkt: machine.key.kid };
  assert.deepEqual(await refusalOf(await callSessions(lab, caller, { method: 'POST', body })), [
    400,
    'client_unauthorized',
  ]);
  const own = await callSessions(lab, caller, { method: 'POST', body: { ...body, client_id: 'web' } });
  assert.equal(own.status, 201);
  const extra = await callSessions(lab, caller, {
    method: 'POST',
    body: { ...body, client_id: 'web', admin: true },
  });
  const { error_description: why } = (await extra.clone().json()) as { error_description: string };
  assert.equal(why, 'The request is malformed. (body)');
  assert.deepEqual(await refusalOf(extra), [400, 'request_malformed']);
  const names = [
    { subject: 'bob\ud800' },
    { subject: 'bob\0' },
    { device: '\u001b[2Jphone' },
    { device: '' },
  ];
  for (const name of names) {
    const named = { ...body, client_id: 'web', ...name };
    const answer = await callSessions(lab, caller, { method: 'POST', body: named });
    assert.deepEqual(await refusalOf(answer), [400, 'request_malformed'], JSON.stringify(name));
  }
  const woman = { ...body, client_id: 'web', subject: 'Zoë Ünal', device: '👩🏽‍💻 phone' };
  assert.equal((await callSessions(lab, caller, { method: 'POST', body: woman })).status, 201);
  const wrong = { machine, token: (await ask(api)).access_token };
  assert.equal((await callSessions(lab, wrong, { method: 'POST', body })).status, 401);
  const theirs = await startPerson(lab, { clientId: 'shop' });
  const end = await callSessions(lab, caller, { method: 'DELETE', path: `/${theirs.tokens.sid}` });
  assert.deepEqual(await refusalOf(end), [400, 'client_unauthorized']);
  assert.equal(await isAlive(lab, theirs.tokens.sid), true);
});

void test('ISSUER-36: what a database could not keep never reaches it', async () => {
  // PostgreSQL takes no NUL: such a question would be a fault of ours.
  const clock = createClock();
  const choosy = new Proxy(openSqlite({ file: ':memory:', clock: clock.now }), {
    get: (store, name) => {
      const member: unknown = Reflect.get(store, name);
      if (typeof member !== 'function') return member;
      return (...asked: unknown[]): unknown => {
        if (JSON.stringify(asked).includes('\\u0000')) throw new Error('invalid byte sequence');
        return Reflect.apply(member, store, asked);
      };
    },
  });
  const lab = { ...(await openLab({ storage: choosy, clock: clock.now })), clock };
  await addPublicClient(lab.issuer, 'web');
  const audience = `${issuerUrl}/sessions`;
  const machine = await addMachine(lab.issuer, { audiences: [{ audience }], rights: ['sessions:web'] });
  clock.advance(10);
  const token = (await tokensOf(await askForToken(lab, machine, { form: { resource: audience } })))
    .access_token;
  const ask = async (method: string, path: string): Promise<[number, unknown]> =>
    refusalOf(await callSessions(lab, { machine, token }, { method, path }));
  assert.deepEqual(await ask('DELETE', '/a%00'), [400, 'client_unauthorized']);
  assert.deepEqual(await ask('GET', '?client_id=web&subject=%00'), [400, 'request_malformed']);
  assert.deepEqual(await ask('GET', '?client_id=web&after=%00'), [400, 'request_malformed']);
  const listed = await callSessions(lab, { machine, token }, { method: 'GET', path: '?client_id=web' });
  assert.equal(listed.status, 200);
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

void test('ISSUER-36: the session interface refuses the token of a session that has ended', async () => {
  const lab = await openLab();
  const person = await startPerson(lab, { clientId: await addPublicClient(lab.issuer, 'web') });
  const audiences = [{ audience: `${issuerUrl}/sessions` }];
  const machine = await addMachine(lab.issuer, { audiences, rights: ['sessions:web'] });
  lab.clock.advance(10);
  const { access_token: token, sid } = await tokensOf(await askForToken(lab, machine));
  const body = { client_id: 'web', subject: 'alice', audience: api, jkt: person.holder.kid };
  const requests = [
    { method: 'GET', path: '?client_id=web' },
    { method: 'POST', body },
    { method: 'DELETE', path: `/${person.tokens.sid}` },
  ];
  assert.equal((await callSessions(lab, { machine, token }, { method: 'POST', body })).status, 201);
  await lab.issuer.sessions.end({ sid, by: 'operator' });
  for (const request of requests) {
    const answer = await callSessions(lab, { machine, token }, request);
    assert.deepEqual(await refusalOf(answer), [400, 'client_unauthorized'], request.method);
  }
  assert.equal(await isAlive(lab, person.tokens.sid), true);
});
