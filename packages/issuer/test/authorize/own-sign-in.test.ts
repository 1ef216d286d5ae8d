import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signProof } from '@symbolon/token';
import { addApplication, arrive, ask, locationOf, openLinkLab, redeem, type LinkLab } from './lab.ts';
import {
  addMachine,
  api,
  askForToken,
  issuerUrl,
  otherApi,
  refusalOf,
  tokensOf,
  type TestMachine,
} from '../support.ts';

const audience = `${issuerUrl}/authorizations`;
let lab: LinkLab;
let app: string;
let machine: TestMachine;
before(async () => {
  lab = await openLinkLab({
    audiences: [
      { audience: api, scopes: ['read', 'write'], words: { read: 'Read your notes' } },
      { audience: otherApi, scopes: ['read'] },
    ],
    people: { signIn: { url: 'https://login.example/start' } },
  });
  app = await addApplication(lab);
  machine = await addMachine(lab.issuer, { audiences: [{ audience }], rights: ['authorizations'] });
});
after(async () => {
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

async function begin(over: Record<string, string> = {}) {
  const asked = await ask(app, over);
  const to = locationOf(await arrive(lab, asked.parameters));
  return { asked, request: to.searchParams.get('request') ?? '' };
}

/** Calls the interface as a machine does, with a token and a proof. */
async function call(
  name: string,
  body: object,
  by: { machine?: TestMachine; at?: LinkLab; resource?: string; token?: string } = {},
): Promise<Response> {
  const { machine: caller = machine, at = lab, resource = audience } = by;
  const form = { resource };
  const token = by.token ?? (await tokensOf(await askForToken(at, caller, { form }))).access_token;
  const send = async (nonce?: string) => {
    const [url, now] = [`${issuerUrl}/authorizations/${name}`, at.clock.now() / 1000];
    const named = nonce === undefined ? {} : { nonce };
    const dpop = await signProof({ method: 'POST', url, now, token, ...named }, caller.key);
    const headers = { authorization: `DPoP ${token}`, dpop, 'content-type': 'application/json' };
    return at.issuer.fetch(new Request(url, { method: 'POST', headers, body: JSON.stringify(body) }));
  };
  const first = await send();
  const nonce = first.headers.get('dpop-nonce');
  return first.status === 401 && nonce !== null ? send(nonce) : first;
}

const now = () => Math.floor(lab.clock.now() / 1000);

void test('AUTHORIZE-51: a sign-in in another process is handed a request, in words, and completes it', async () => {
  const { asked, request } = await begin({ scope: 'openid read', login_hint: 'ada', max_age: '60' });
  const told = await call('describe', { request });
  assert.match(told.headers.get('cache-control') ?? '', /no-store/);
  assert.deepEqual(await told.json(), {
    ...{ client_id: app, client_name: 'Photo book', redirect_uri: 'https://app.example/callback' },
    ...{ audience: api, scope: 'openid read' },
    words: [
      { scope: 'openid', words: 'Recognise you, by the same number as every other application here' },
      { scope: 'read', words: 'Read your notes' },
    ],
    ...{ prompt: [], max_age: 60, acr_values: null, login_hint: 'ada', earliest_auth_time: now() - 60 },
  });
  const person = { request, subject: 'ada', amr: ['pwd'] };
  const old = await call('complete', { ...person, auth_time: now() - 61 });
  assert.deepEqual(await refusalOf(old), [400, 'sign_in_too_old']);
  const done = await call('complete', { ...person, auth_time: now() });
  assert.equal(done.status, 200);
  const { location } = (await done.json()) as { location: string };
  const code = new URL(location).searchParams.get('code') ?? '';
  const tokens = await tokensOf(await redeem(lab, asked, { code }));
  assert.equal(tokens.scope, 'openid read');
  for (const [name, body] of [
    ['describe', { request }],
    ['complete', { ...person, auth_time: now() }],
    ['refuse', { request, reason: 'access_denied' }],
  ] as const)
    assert.deepEqual(await refusalOf(await call(name, body)), [400, 'request_uri_unknown'], name);

  const second = await begin();
  const refused = await call('refuse', { request: second.request, reason: 'access_denied' });
  const back = new URL(((await refused.json()) as { location: string }).location);
  assert.deepEqual(
    [back.searchParams.get('error'), back.searchParams.get('state')],
    ['access_denied', 'the state'],
  );
});

void test('AUTHORIZE-51: only with the right to, at this moment, and only what is sound', async () => {
  const { request } = await begin();
  const person = { request, subject: 'ada', auth_time: now() };
  const other = await addMachine(lab.issuer, {
    audiences: [{ audience }],
    rights: ['introspect', `sessions:${app}`],
  });
  for (const [name, body] of [
    ['describe', { request }],
    ['complete', person],
    ['refuse', { request, reason: 'access_denied' }],
  ] as const) {
    const answer = await call(name, body, { machine: other });
    assert.deepEqual(await refusalOf(answer), [400, 'client_unauthorized'], name);
  }
  for (const kind of ['web', 'public'] as const)
    await assert.rejects(
      addApplication(lab, { kind, rights: ['authorizations'], audiences: [{ audience, scope: [] }] }),
      /for machines alone/,
    );
  const elsewhere = await addMachine(lab.issuer, { rights: ['authorizations'] });
  assert.equal((await call('complete', person, { machine: elsewhere, resource: api })).status, 401);
  const bare = new Request(`${issuerUrl}/authorizations/complete`, { method: 'POST', body: '{}' });
  assert.equal((await lab.issuer.fetch(bare)).status, 401);
  const unsound = [
    { ...person, subject: ''.padStart(300, 'x') },
    { ...person, subject: 'a\u0000' },
    { ...person, amr: ['PWD!'] },
    { ...person, auth_time: -1 },
    { ...person, admin: true },
    { request, subject: 'ada' },
  ];
  for (const body of unsound)
    assert.deepEqual(
      await refusalOf(await call('complete', body)),
      [400, 'request_malformed'],
      JSON.stringify(body),
    );
  const reason = await call('refuse', { request, reason: 'server_error' });
  assert.deepEqual(await refusalOf(reason), [400, 'request_malformed']);

  const turned = await addMachine(lab.issuer, { audiences: [{ audience }], rights: ['authorizations'] });
  const { access_token: held } = await tokensOf(await askForToken(lab, turned));
  assert.equal((await call('describe', { request }, { machine: turned, token: held })).status, 200);
  // As no way here leads to it: a row of another kind that has the right all the same.
  await lab.engine.batch([{ sql: `UPDATE clients SET kind = 'web' WHERE id = $1`, values: [turned.id] }]);
  const asWeb = await call('complete', person, { machine: turned, token: held });
  assert.deepEqual(await refusalOf(asWeb), [400, 'client_unauthorized'], 'no machine');

  const gone = await addMachine(lab.issuer, { audiences: [{ audience }], rights: ['authorizations'] });
  const { access_token: token } = await tokensOf(await askForToken(lab, gone));
  assert.equal((await call('describe', { request }, { machine: gone, token })).status, 200);
  await lab.issuer.clients.remove(gone.id);
  assert.notEqual((await call('complete', person, { machine: gone, token })).status, 200, 'it was removed');
  assert.equal((await call('complete', person)).status, 200, 'nothing of this used the request up');
});

void test('AUTHORIZE-51: where people sign in here, nobody says over HTTP who they are', async () => {
  const plain = await openLinkLab();
  const caller = await addMachine(plain.issuer, { audiences: [{ audience }], rights: ['authorizations'] });
  for (const name of ['describe', 'complete', 'refuse'])
    assert.equal((await call(name, { request: 'x' }, { machine: caller, at: plain })).status, 404, name);
  await plain.issuer.close();
});

void test('AUTHORIZE-53: with a sign-in of one’s own, too, whoever has decided makes room for those at the same address', async () => {
  const own = await openLinkLab({ people: { signIn: { url: 'https://login.example/start' } } });
  const many = await addApplication(own);
  const arriveFrom = async (): Promise<Response> => {
    const { parameters } = await ask(many);
    const query = new URLSearchParams(parameters).toString();
    return own.issuer.fetch(new Request(`${issuerUrl}/authorize?${query}`), { address: '192.0.2.1' });
  };
  for (let turn = 0; turn < 210; turn++) {
    if (turn % 100 === 0) own.clock.advance(60);
    const kept = locationOf(await arriveFrom());
    const to = locationOf(await own.issuer.fetch(new Request(kept)));
    const by = { subject: 'ada', amr: ['pwd'], authTime: Math.floor(own.clock.now() / 1000) };
    const answered = await own.issuer.authorizations.complete(to.searchParams.get('request') ?? '', by);
    assert.notEqual(new URL(answered ?? '').searchParams.get('code'), null);
  }
  await own.issuer.close();
});
