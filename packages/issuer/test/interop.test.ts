import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { JwtVerifier } from 'aws-jwt-verify';
import express, { type ErrorRequestHandler } from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { createIssuer, openSqlite, serveIssuer, type Issuer, type IssuerServer } from '../src/index.ts';
import { testKeyring } from './support.ts';

/** Clients and verifiers that are not ours, against a served issuer on the real clock. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- loopback has no TLS; the name is struck through to be seen
const insecure = { [oauth.allowInsecureRequests]: true };
const verifierApi = 'https://verifier.example';
let served: { url: string; issuer: Issuer; server: IssuerServer };

before(async () => {
  const port = await freePort();
  const url = `http://localhost:${String(port)}`;
  const issuer = await createIssuer({
    issuer: url,
    audiences: [
      { audience: verifierApi, scopes: ['read'] },
      { audience: `${verifierApi}/es256`, scopes: ['read'], alg: 'ES256' },
    ],
    storage: openSqlite({ file: ':memory:' }),
    keyring: testKeyring,
  });
  served = { url, issuer, server: await serveIssuer(issuer, { port, host: 'localhost' }) };
});

after(async () => {
  await served.server.close();
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function registerMachine(alg: 'EdDSA' | 'ES256'): Promise<{ id: string; key: CryptoKey }> {
  const pair = await jose.generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await jose.exportJWK(pair.publicKey)) };
  const audiences = [verifierApi, `${verifierApi}/es256`].map((audience) => ({ audience, scope: ['read'] }));
  const added = await served.issuer.clients.add({ keys: [jwk], audiences });
  return { id: added.id, key: pair.privateKey };
}

async function discover(): Promise<oauth.AuthorizationServer> {
  const url = new URL(served.url);
  const answer = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(url, answer);
}

for (const alg of ['EdDSA', 'ES256'] as const) {
  void test(`ISSUER-40: oauth4webapi gets a token with private_key_jwt and DPoP (${alg})`, async () => {
    const as = await discover();
    const machine = await registerMachine(alg);
    const me = { client_id: machine.id };
    const holder = await oauth.generateKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg);
    const answer = await oauth.clientCredentialsGrantRequest(
      as,
      me,
      oauth.PrivateKeyJwt(machine.key),
      new URLSearchParams({ resource: verifierApi }),
      { DPoP: oauth.DPoP({}, holder), ...insecure },
    );
    const tokens = await oauth.processClientCredentialsResponse(as, me, answer);
    assert.equal(tokens.token_type, 'dpop');
    const { payload } = await jose.jwtVerify(
      tokens.access_token,
      jose.createRemoteJWKSet(new URL(as.jwks_uri ?? '')),
      {
        issuer: served.url,
        audience: verifierApi,
        typ: 'at+jwt',
      },
    );
    const jkt = await jose.calculateJwkThumbprint(await jose.exportJWK(holder.publicKey));
    assert.deepEqual(payload['cnf'], { jkt });
  });
}

void test('ISSUER-41: oauth4webapi refreshes a person’s session with DPoP, unmodified', async () => {
  const as = await discover();
  const audiences = [{ audience: verifierApi, scope: ['read'] }];
  const { id } = await served.issuer.clients.add({ kind: 'public', audiences });
  const holder = await oauth.generateKeyPair('ES256', { extractable: true });
  const jkt = await jose.calculateJwkThumbprint(await jose.exportJWK(holder.publicKey));
  const started = await served.issuer.sessions.start({ clientId: id, subject: 'alice', jkt });
  const me = { client_id: id };
  let refreshToken = started.refresh_token ?? '';
  for (const generation of [1, 2]) {
    const options = { DPoP: oauth.DPoP({}, holder), ...insecure };
    const answer = await oauth.refreshTokenGrantRequest(as, me, oauth.None(), refreshToken, options);
    const tokens = await oauth.processRefreshTokenResponse(as, me, answer);
    assert.equal(tokens['generation'], generation);
    assert.equal(tokens['sid'], started.sid);
    refreshToken = tokens.refresh_token ?? '';
  }
});

void test('ISSUER-42: openid-client gets and refreshes tokens with DPoP, unmodified', async () => {
  const machine = await registerMachine('ES256');
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
  const execute = { algorithm: 'oauth2' as const, execute: [client.allowInsecureRequests] };
  const authentication = client.PrivateKeyJwt(machine.key);
  const config = await client.discovery(new URL(served.url), machine.id, undefined, authentication, execute);
  const pair = await client.randomDPoPKeyPair('ES256', { extractable: true });
  const DPoP = client.getDPoPHandle(config, pair);
  const tokens = await client.clientCredentialsGrant(
    config,
    { resource: verifierApi, scope: 'read' },
    { DPoP },
  );
  assert.equal(tokens.token_type, 'dpop');
  assert.equal(tokens.scope, 'read');
  const audiences = [{ audience: verifierApi, scope: ['read'] }];
  const { id } = await served.issuer.clients.add({ kind: 'public', audiences });
  const jkt = await jose.calculateJwkThumbprint(await jose.exportJWK(pair.publicKey));
  const started = await served.issuer.sessions.start({ clientId: id, subject: 'bob', jkt });
  const publicConfig = await client.discovery(new URL(served.url), id, undefined, client.None(), execute);
  const handle = client.getDPoPHandle(publicConfig, pair);
  const next = await client.refreshTokenGrant(publicConfig, started.refresh_token ?? '', undefined, {
    DPoP: handle,
  });
  assert.equal(next['generation'], 1);
});

async function tokenFor(resource: string): Promise<{ token: string; handle: oauth.DPoPHandle }> {
  const as = await discover();
  const machine = await registerMachine('ES256');
  const me = { client_id: machine.id };
  const handle = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
  const parameters = new URLSearchParams({ resource });
  const authentication = oauth.PrivateKeyJwt(machine.key);
  const answer = await oauth.clientCredentialsGrantRequest(as, me, authentication, parameters, {
    DPoP: handle,
    ...insecure,
  });
  return { token: (await oauth.processClientCredentialsResponse(as, me, answer)).access_token, handle };
}

for (const [alg, audience] of [
  ['EdDSA', verifierApi],
  ['ES256', `${verifierApi}/es256`],
] as const) {
  void test(`ISSUER-43: aws-jwt-verify accepts our tokens from the published key set (${alg})`, async () => {
    const { token } = await tokenFor(audience);
    const set = (await (await fetch(`${served.url}/jwks`)).json()) as {
      keys: (jose.JWK & { kid: string })[];
    };
    const verifier = JwtVerifier.create({ issuer: served.url, audience, jwksUri: `${served.url}/jwks` });
    verifier.cacheJwks(set as never);
    assert.equal((await verifier.verify(token)).aud, audience);
    const [header, payload] = token.split('.');
    await assert.rejects(verifier.verify(`${String(header)}.${String(payload)}.${'A'.repeat(86)}`));
  });

  void test(`ISSUER-44: express-oauth2-jwt-bearer accepts our tokens with DPoP (${alg})`, async () => {
    const { token, handle } = await tokenFor(audience);
    const app = express();
    const options = {
      issuerBaseURL: served.url,
      audience,
      tokenSigningAlg: alg,
      dpop: { enabled: true, required: true },
    };
    app.use(auth(options));
    app.get('/me', (request, response) => void response.json({ sid: request.auth?.payload['sid'] }));
    const onError: ErrorRequestHandler = (
      error: { status?: number; message: string },
      _request,
      response,
      _next,
    ) => {
      response.status(error.status ?? 500).json({ message: error.message });
    };
    app.use(onError);
    const server = app.listen(0, 'localhost');
    await once(server, 'listening');
    const url = new URL(`http://localhost:${String((server.address() as AddressInfo).port)}/me`);
    const call = { DPoP: handle, ...insecure };
    const answer = await oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, call);
    assert.equal(answer.status, 200);
    assert.equal((await fetch(url, { headers: { authorization: `DPoP ${token}` } })).status, 400);
    server.close();
  });
}
