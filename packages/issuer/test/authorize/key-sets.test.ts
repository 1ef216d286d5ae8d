import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import { ask, get, locationOf, openLinkLab, type LinkLab } from './lab.ts';
import { isOwnJwksUri } from '../../src/clients/client-document.ts';
import { openDocuments, type Documents } from './document-lab.ts';
import { api, issuerUrl, openLab, refusalOf, type Lab } from '../support.ts';

const audiences = [{ audience: api, scope: ['read'] }];
const url = 'http://localhost';
let documents: Documents;
let lab: LinkLab;
before(async () => {
  documents = await openDocuments();
  const ways = { dynamic: { audiences }, documents: { audiences } };
  lab = await openLinkLab({ issuer: url, people: { registration: ways } });
});
after(async () => {
  documents.close();
  await lab.issuer.close();
});

/** A key under the name that its owner likes. */
interface OwnersKey {
  readonly kid: string;
  readonly published: jose.JWK;
  readonly secret: jose.CryptoKey;
}

async function newOwnersKey(kid: string): Promise<OwnersKey> {
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256');
  return { kid, published: { ...(await jose.exportJWK(publicKey)), kid }, secret: privateKey };
}

/** Serves a client with `private_key_jwt`, whose keys lie where `at` says. */
const describe = (path: string, at: Readonly<Record<string, unknown>>): string =>
  documents.describe(path, { token_endpoint_auth_method: 'private_key_jwt', ...at });

const publish = (path: string, keys: readonly jose.JWK[]): string => {
  documents.set(path, { body: JSON.stringify({ keys }), type: 'application/jwk-set+json' });
  return documents.origin + path;
};

async function push(
  id: string,
  { kid, secret }: OwnersKey,
  at: Pick<Lab, 'issuer'> = lab,
): Promise<Response> {
  const now = Math.floor(lab.clock.now() / 1000);
  const assertion = await new jose.SignJWT({ iss: id, sub: id, aud: url, jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(secret);
  const { parameters } = await ask(id, { redirect_uri: `${documents.origin}/cb` });
  const form = {
    ...parameters,
    client_assertion: assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
  return at.issuer.fetch(
    new Request(`${issuerUrl}/par`, { method: 'POST', body: new URLSearchParams(form) }),
  );
}

void test('AUTHORIZE-54: a client known by its document proves itself with the keys at its jwks_uri, which it may change', async () => {
  const [first, second, strange] = [
    await newOwnersKey('first'),
    await newOwnersKey('second'),
    await newOwnersKey('strange'),
  ];
  const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'none of ours' };
  const id = describe('/keyed', { jwks_uri: publish('/keys', [rsa, first.published]) });
  const pushed = await push(id, first);
  assert.equal(pushed.status, 201);
  const { request_uri } = (await pushed.json()) as { request_uri: string };
  const parameters = new URLSearchParams({ client_id: id, request_uri });
  const opened = await get(lab, `/authorize?${parameters.toString()}`);
  assert.equal(locationOf(opened).pathname, '/authorize');

  publish('/keys', [first.published, second.published]);
  assert.deepEqual(await refusalOf(await push(id, second)), [401, 'assertion_key_unknown'], 'just read');
  lab.clock.advance(61);
  assert.equal((await push(id, second)).status, 201, 'read again for a key that was not there');
  assert.equal((await push(id, first)).status, 201);
  assert.equal(documents.reads('/keys'), 2);
  lab.clock.advance(61);
  for (let turn = 0; turn < 5; turn++)
    assert.deepEqual(await refusalOf(await push(id, strange)), [401, 'assertion_key_unknown']);
  assert.equal(documents.reads('/keys'), 3, 'once a minute, whoever makes up what');

  publish('/keys', [second.published]);
  lab.clock.advance(3601);
  assert.deepEqual(await refusalOf(await push(id, first)), [401, 'assertion_key_unknown'], 'taken away');
  assert.equal((await push(id, second)).status, 201);
  documents.set('/keys', { body: '', status: 503 });
  lab.clock.advance(3601);
  assert.equal((await push(id, second)).status, 201, 'what was read last counts');
});

void test('AUTHORIZE-54: made-up assertions have keys read once a minute by all replicas together', async () => {
  const [key, strange] = [await newOwnersKey('mine'), await newOwnersKey('strange')];
  const id = describe('/replicated', { jwks_uri: publish('/replicated-keys', [key.published]) });
  const storage = { ...lab.storage, close: () => Promise.resolve() };
  const people = { registration: { documents: { audiences } } };
  const another = await openLab({ issuer: url, people, storage, clock: lab.clock.now });
  assert.equal((await push(id, key)).status, 201);
  assert.equal((await push(id, key, another)).status, 201);
  assert.deepEqual(await refusalOf(await push(id, strange, another)), [401, 'assertion_key_unknown']);
  assert.equal(documents.reads('/replicated-keys'), 1);
  lab.clock.advance(61);
  assert.deepEqual(await refusalOf(await push(id, strange, another)), [401, 'assertion_key_unknown']);
  assert.equal(documents.reads('/replicated-keys'), 2);
  await another.issuer.close();
});

void test('AUTHORIZE-54: keys count only where a document of the same origin names them, once', async (t) => {
  const key = await newOwnersKey('mine');
  const other = await openDocuments();
  t.after(() => {
    other.close();
  });
  other.set('/keys', { body: JSON.stringify({ keys: [key.published] }) });
  const jwks_uri = publish('/own-keys', [key.published]);
  const jwks = { keys: [key.published] };
  assert.equal((await push(describe('/by-uri', { jwks_uri }), key)).status, 201);
  assert.equal((await push(describe('/by-value', { jwks }), key)).status, 201);
  const faults: [string, Record<string, unknown>][] = [
    ['/elsewhere', { jwks_uri: `${other.origin}/keys` }],
    ['/both', { jwks_uri, jwks }],
    ['/neither', {}],
    ['/absent-keys', { jwks_uri: `${documents.origin}/no-keys` }],
    ['/useless', { jwks_uri: publish('/useless-keys', [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }]) }],
    ['/private', { jwks_uri: publish('/private-keys', [await jose.exportJWK(await extractable())]) }],
    ['/keyless', { jwks_uri, token_endpoint_auth_method: 'none' }],
  ];
  for (const [path, at] of faults) {
    const id = describe(path, at);
    assert.deepEqual(await refusalOf(await push(id, key)), [401, 'assertion_key_unknown'], path);
    assert.equal(await lab.storage.findClient(id), null, path);
  }
  assert.equal(other.reads('/keys'), 0);
});

const register = (over: Record<string, unknown>, at: Pick<Lab, 'issuer'> = lab): Promise<Response> => {
  const said = {
    redirect_uris: [`${documents.origin}/cb`],
    token_endpoint_auth_method: 'private_key_jwt',
  };
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ ...said, ...over });
  return at.issuer.fetch(new Request(`${issuerUrl}/register`, { method: 'POST', headers, body }));
};

void test('AUTHORIZE-58: what registers itself may name where its keys are, which are read as a document’s', async () => {
  const [first, second, strange] = [
    await newOwnersKey('first'),
    await newOwnersKey('second'),
    await newOwnersKey('strange'),
  ];
  const jwks_uri = publish('/dynamic', [first.published]);
  const answer = await register({ jwks_uri });
  assert.equal(answer.status, 201);
  const { client_id: id = '', ...said } = (await answer.json()) as Record<string, string>;
  assert.deepEqual([said['jwks_uri'], said['jwks']], [jwks_uri, undefined]);
  assert.equal((await push(id, first)).status, 201);
  publish('/dynamic', [first.published, second.published]);
  assert.deepEqual(await refusalOf(await push(id, second)), [401, 'assertion_key_unknown'], 'just read');
  lab.clock.advance(61);
  assert.equal((await push(id, second)).status, 201, 'read again for a key that was not there');
  lab.clock.advance(61);
  for (let turn = 0; turn < 3; turn++)
    assert.deepEqual(await refusalOf(await push(id, strange)), [401, 'assertion_key_unknown']);
  assert.equal(documents.reads('/dynamic'), 3, 'once a minute, whoever makes up what');
  publish('/dynamic', [second.published]);
  lab.clock.advance(3601);
  assert.deepEqual(await refusalOf(await push(id, first)), [401, 'assertion_key_unknown'], 'taken away');
  assert.equal((await push(id, second)).status, 201);
  const lines = await lab.storage.listAudit({ kind: 'client_changed', limit: 50 });
  assert.deepEqual(
    lines.filter(({ clientId }) => clientId === id).map(({ fields }) => fields),
    [
      { by: 'registration', changed: 'keys' },
      { by: 'registration', changed: 'keys' },
    ],
    'what changed, and not each reading',
  );
  documents.set('/dynamic', { body: '', status: 503 });
  lab.clock.advance(6 * 24 * 3600);
  assert.equal((await push(id, second)).status, 201, 'what was read last counts');
  lab.clock.advance(24 * 3600);
  assert.deepEqual(await refusalOf(await push(id, second)), [401, 'client_document_lapsed']);
  publish('/dynamic', [second.published]);
  lab.clock.advance(3601);
  assert.equal((await push(id, second)).status, 201);
});

void test('AUTHORIZE-58: such an address is the own one of whoever registers, and what cannot be read registers nobody', async () => {
  const key = await newOwnersKey('mine');
  const jwks_uri = publish('/faulty', [key.published]);
  const many = async () => (await lab.storage.listClients()).length;
  const before = await many();
  const faults: Record<string, unknown>[] = [
    { jwks_uri, redirect_uris: ['https://app.example/cb'] },
    { jwks_uri, redirect_uris: [`${documents.origin}/cb`, 'https://app.example/cb'] },
    { jwks_uri, post_logout_redirect_uris: ['https://app.example/bye'] },
    { jwks_uri, redirect_uris: ['http://127.0.0.1:1/cb'] },
    { jwks_uri, jwks: { keys: [key.published] } },
    { jwks_uri, token_endpoint_auth_method: 'none' },
    { jwks_uri: `${jwks_uri}#x` },
    { jwks_uri: 'file:///etc/passwd' },
  ];
  for (const over of faults)
    assert.deepEqual(
      await refusalOf(await register(over)),
      [400, 'client_metadata_invalid'],
      JSON.stringify(over),
    );
  assert.equal(documents.reads('/faulty'), 0, 'nobody is called for whoever posts something');
  for (const unread of ['/no-such-keys', '/useless-set'].map((path) => documents.origin + path)) {
    publish('/useless-set', []);
    assert.deepEqual(await refusalOf(await register({ jwks_uri: unread })), [400, 'client_metadata_invalid']);
  }
  assert.equal(await many(), before);
  assert.equal((await register({ jwks_uri })).status, 201);

  const keys = 'https://app.example/keys';
  const isOwn = (at: string, ...uris: readonly string[]) => isOwnJwksUri(at, { uris, loopback: false });
  assert.equal(isOwn(keys, 'https://app.example/cb', 'http://127.0.0.1/cb'), true);
  assert.equal(isOwn(keys, 'http://127.0.0.1/cb'), false, 'on the person’s own machine is everybody');
  assert.equal(isOwn(keys, 'https://app.example/cb', 'https://evil.example/cb'), false);
  assert.equal(isOwn('https://app.example:8443/keys', 'https://app.example:8443/cb'), false, 'another port');
  assert.equal(isOwn('http://127.0.0.1:8080/keys', 'http://127.0.0.1:8080/cb'), false, 'in production');
});

void test('AUTHORIZE-58: so many key sets are read for a sender in an hour, and they stay when the way is closed', async () => {
  const key = await newOwnersKey('mine');
  const jwks_uri = publish('/counted', [key.published]);
  const dynamic = { audiences, perHour: 100, perSender: 2 };
  const own = await openLinkLab({ issuer: url, people: { registration: { dynamic } } });
  const from = (address: string, over = {}): Promise<Response> => {
    const said = { redirect_uris: [`${documents.origin}/cb`], token_endpoint_auth_method: 'private_key_jwt' };
    const body = JSON.stringify({ ...said, jwks_uri, ...over });
    const headers = { 'content-type': 'application/json' };
    const request = new Request(`${issuerUrl}/register`, { method: 'POST', headers, body });
    return own.issuer.fetch(request, { address });
  };
  const { client_id: id = '' } = (await (await from('192.0.2.1')).json()) as Record<string, string>;
  const unread = { jwks_uri: `${documents.origin}/not-there` };
  assert.equal((await from('192.0.2.1', unread)).status, 400);
  const reads = documents.reads('/counted');
  assert.deepEqual(await refusalOf(await from('192.0.2.1')), [429, 'registration_limit']);
  assert.equal(documents.reads('/counted'), reads);
  assert.equal((await from('192.0.2.2')).status, 201, 'another sender');
  const storage = { ...own.storage, close: () => Promise.resolve() };
  const off = await openLab({ issuer: url, people: {}, storage, clock: lab.clock.now });
  assert.equal((await push(id, key, off)).status, 201);
  await off.issuer.close();
  await own.issuer.close();
});

async function extractable(): Promise<jose.CryptoKey> {
  return (await jose.generateKeyPair('ES256', { extractable: true })).privateKey;
}
