import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOutbound } from '../../src/outbound/outbound.ts';
import { isPublicAddress } from '../../src/outbound/public-addresses.ts';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
  codeFor,
  get,
  openLinkLab,
  redeem,
  signIn,
  type LinkLab,
} from './lab.ts';
import { openDocuments, type Documents, type Served } from './document-lab.ts';
import { api, issuerUrl, newKey, refusalOf, tokensOf } from '../support.ts';

const audiences = [{ audience: api, scope: ['read'] }];
const url = 'http://localhost';
let lab: LinkLab;
let documents: Documents;

before(async () => {
  lab = await openLinkLab({
    issuer: url,
    people: { registration: { dynamic: { audiences, perHour: 5 }, documents: { audiences, perHour: 30 } } },
  });
  documents = await openDocuments();
});
after(async () => {
  documents.close();
  await lab.issuer.close();
});

function register(body: unknown, from: Pick<LinkLab, 'issuer'> = lab): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return from.issuer.fetch(
    new Request(`${issuerUrl}/register`, { method: 'POST', headers, body: JSON.stringify(body) }),
  );
}

const callback = 'https://app.example/callback';

void test('AUTHORIZE-40: an application registers itself, gets no secret, and people are always asked', async () => {
  const answer = await register({
    ...{
      redirect_uris: [callback],
      client_name: 'An agent',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    ...{ scope: 'admin', backchannel_logout_uri: 'https://app.example/logout', rights: ['introspect'] },
  });
  assert.equal(answer.status, 201);
  const body = (await answer.json()) as Record<string, unknown>;
  assert.deepEqual(
    [
      body['token_endpoint_auth_method'],
      'client_secret' in body,
      body['client_name'],
      body['dpop_bound_access_tokens'],
    ],
    ['none', false, 'An agent', false],
  );
  const id = String(body['client_id']);
  const row = await lab.storage.findClient(id);
  assert.deepEqual([row?.rights, row?.audiences], [[], audiences]);
  assert.deepEqual(
    [row?.registration.by, row?.registration.consent, row?.registration.backchannelLogoutUri],
    ['dynamic', 'ask', null],
  );
  const browser = await signIn(lab, { url });
  const asked = await ask(id);
  assert.equal((await arrive(lab, asked.parameters, browser)).status, 200);
  const tokens = await tokensOf(
    await redeem(lab, asked, { code: await codeFor(lab, asked, browser), proof: null }),
  );
  assert.deepEqual([tokens.token_type, tokens.refresh_token], ['Bearer', undefined]);
  const { jwk } = await newKey('ES256');
  const keyed = await register({
    ...{ redirect_uris: [callback], token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
    dpop_bound_access_tokens: true,
  });
  const said = (await keyed.json()) as Record<string, unknown>;
  const web = await lab.storage.findClient(String(said['client_id']));
  assert.deepEqual([web?.kind, web?.bearer, web?.keys.length], ['web', false, 1]);
});

void test('AUTHORIZE-41: what an application says of itself is judged, each fault by its code', async () => {
  const bad: [unknown, string][] = [
    [{}, 'redirect_uri_refused'],
    [{ redirect_uris: [] }, 'redirect_uri_refused'],
    [{ redirect_uris: ['http://app.example/cb'] }, 'redirect_uri_refused'],
    [{ redirect_uris: ['https://app.example/cb#x'] }, 'redirect_uri_refused'],
    [{ redirect_uris: ['https://app.example@evil.example/cb'] }, 'redirect_uri_refused'],
    [{ redirect_uris: [callback, 'javascript:alert(1)'] }, 'redirect_uri_refused'],
    [{ redirect_uris: [callback], client_name: 'Bank\u202e' }, 'client_metadata_invalid'],
    [{ redirect_uris: [callback], grant_types: ['client_credentials'] }, 'client_metadata_invalid'],
    [{ redirect_uris: [callback], response_types: ['token'] }, 'client_metadata_invalid'],
    [{ redirect_uris: [callback], token_endpoint_auth_method: 'private_key_jwt' }, 'client_metadata_invalid'],
    [{ redirect_uris: [callback], jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'client_metadata_invalid'],
  ];
  for (const [body, code] of bad)
    assert.deepEqual(await refusalOf(await register(body)), [400, code], JSON.stringify(body));
});

void test('AUTHORIZE-42: only so many register in an hour, and none where the switch is off', async () => {
  const own = await openLinkLab({ people: { registration: { dynamic: { audiences, perHour: 2 } } } });
  await addApplication(own);
  const tries = await Promise.all(
    Array.from({ length: 4 }, () => register({ redirect_uris: [callback] }, own)),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), [201, 201, 429, 429]);
  own.clock.advance(3601);
  assert.equal((await register({ redirect_uris: [callback] }, own)).status, 201);
  await own.issuer.close();
  const off = await openLinkLab();
  assert.equal((await register({ redirect_uris: [callback] }, off)).status, 404);
  await off.issuer.close();
  const stray = { audiences: [{ audience: 'https://stray.example', scope: [] }] };
  await assert.rejects(openLinkLab({ people: { registration: { dynamic: stray } } }), /unknown audience/);
});

const isRefused = async (id: string, over = {}): Promise<boolean> => {
  const { parameters } = await ask(id, { redirect_uri: `${documents.origin}/cb`, ...over });
  const answer = await get(lab, authorizePath(parameters));
  return answer.status === 400 && (await answer.text()).includes('<code>client_unknown</code>');
};

void test('AUTHORIZE-43: a client may be known by the URL of its metadata, which must be its own in every respect', async () => {
  const said = (path: string, over: Record<string, unknown> = {}) => ({
    body: JSON.stringify({
      ...{ client_id: documents.origin + path, client_name: 'A known agent' },
      ...{ redirect_uris: [`${documents.origin}/cb`], token_endpoint_auth_method: 'none', ...over },
    }),
  });
  documents.set('/good', said('/good', { post_logout_redirect_uris: [`${documents.origin}/bye`] }));
  assert.equal(await isRefused(`${documents.origin}/good`), false);
  assert.equal((await lab.storage.findClient(`${documents.origin}/good`))?.registration.by, 'document');
  const faults: [string, Served][] = [
    ['/absent', { body: '', status: 404 }],
    ['/other-id', said('/another')],
    ['/secret', said('/secret', { client_secret: 'x' })],
    ['/shared', said('/shared', { redirect_uris: ['https://evil.example/cb'] })],
    ['/leaves', said('/leaves', { post_logout_redirect_uris: ['https://evil.example/'] })],
    ['/html', { ...said('/html'), type: 'text/html' }],
    ['/moved', { body: '', status: 302, location: `${documents.origin}/good` }],
    ['/long', said('/long', { padding: 'x'.repeat(6000) })],
    ['/broken', { body: '{' }],
  ];
  for (const [path, answer] of faults) {
    documents.set(path, answer);
    assert.equal(await isRefused(documents.origin + path), true, path);
  }
  const spelt = ['/', '/good?x=1', '/good#x', '/x/../good'].map((path) => documents.origin + path);
  for (const id of [
    ...spelt,
    'http://app.example/good',
    documents.origin.replace('127.0.0.1', 'user@127.0.0.1'),
  ])
    assert.equal(await isRefused(id), true, id);
  await lab.issuer.clients.remove(`${documents.origin}/good`);
  lab.clock.advance(3601);
  assert.equal(await isRefused(`${documents.origin}/good`), true, 'removed is for good');
});

void test('AUTHORIZE-43: a document that changes is read again after an hour, and one by hand is not replaced', async () => {
  const path = '/changes';
  const id = documents.origin + path;
  const said = (name: string) => ({
    body: JSON.stringify({ client_id: id, client_name: name, redirect_uris: [`${documents.origin}/cb`] }),
  });
  documents.set(path, said('First'));
  assert.equal(await isRefused(id), false);
  documents.set(path, said('Second'));
  assert.equal(await isRefused(id), false);
  assert.equal((await lab.storage.findClient(id))?.name, 'First');
  lab.clock.advance(3601);
  assert.equal(await isRefused(id), false);
  assert.equal((await lab.storage.findClient(id))?.name, 'Second');
  const lines = await lab.storage.listAudit({ kind: 'client_changed', limit: 50 });
  assert.deepEqual(
    lines.filter(({ clientId }) => clientId === id).map(({ fields }) => fields),
    [{ by: 'document', changed: 'name' }],
    'the one reading that changed something, and what',
  );
});

void test('AUTHORIZE-44: the issuer calls public addresses alone, and the one that it judged', async () => {
  const strange = [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:a00:1::1',
    '2001::1',
    'not an address',
  ];
  for (const address of strange) assert.equal(isPublicAddress(address), false, address);
  for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])
    assert.equal(isPublicAddress(address), true, address);
  const strict = createOutbound({ loopback: false });
  const call = (to: string, outbound = strict) =>
    outbound({ url: to, method: 'GET', maxBytes: 1000, within: 2000 });
  const port = new URL(documents.origin).port;
  for (const to of [
    documents.origin,
    `https://127.0.0.1:${port}/`,
    `https://localhost:${port}/`,
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://169.254.169.254/latest/meta-data',
    'http://example.com/',
    'https://user@example.com/',
    'file:///etc/passwd',
  ])
    await assert.rejects(call(to), /this address is not called/, to);
  documents.set('/hello', { body: 'hello' });
  const local = createOutbound({ loopback: true });
  assert.equal((await call(`${documents.origin}/hello`, local)).body, 'hello');
  await assert.rejects(call('http://10.0.0.1/', local), /this address is not called/);
});
