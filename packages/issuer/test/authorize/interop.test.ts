import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { auth, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { createIssuer, serveIssuer, type Issuer, type IssuerServer } from '../../src/index.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import { addPerson, signIn, type Browser, type LinkLab } from './lab.ts';
import { testKeyring } from '../support.ts';

/** Clients that are not ours, unmodified, against a served issuer on the real clock, with a person at a browser. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- loopback has no TLS; the name is struck through to be seen
const insecure = { [oauth.allowInsecureRequests]: true };
const linkedApi = 'https://linked.example/mcp';
const callback = 'https://app.example/callback';
const goodbye = 'https://app.example/goodbye';
/** A server at a bare origin, and what it says it is called. */
interface McpServer {
  readonly origin: string;
  readonly server: Server;
  says: string;
}

let served: { url: string; issuer: Issuer; server: IssuerServer; lab: LinkLab; mcp: McpServer };

/** Says, as RFC 9728 has it, who gives tokens for it. */
async function openMcpServer(issuer: string): Promise<McpServer> {
  const server = createServer((request, answer) => {
    answer.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/.well-known/oauth-protected-resource') !== true) answer.statusCode = 404;
    answer.end(JSON.stringify({ resource: mcp.says, authorization_servers: [issuer] }));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://localhost:${String(port)}`;
  const mcp: McpServer = { origin, server, says: origin };
  return mcp;
}

before(async () => {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const url = `http://localhost:${String(port)}`;
  const mcp = await openMcpServer(url);
  const engine = openSqliteEngine({ file: ':memory:' });
  const storage = createSqlStorage(engine);
  const issuer = await createIssuer({
    issuer: url,
    audiences: [linkedApi, mcp.origin].map((audience) => ({ audience, scopes: ['read', 'write'] })),
    people: { registration: { dynamic: { audiences: [{ audience: mcp.origin, scope: ['read'] }] } } },
    storage,
    keyring: testKeyring,
  });
  const lab = { issuer, storage, engine } as LinkLab;
  served = { url, issuer, server: await serveIssuer(issuer, { port, host: 'localhost' }), lab, mcp };
});

after(async () => {
  served.mcp.server.close();
  await served.server.close();
});

/** What a browser does with a link: follows our redirects, says yes on our pages, and stops at the application's. */
async function follow(start: URL, browser: Browser): Promise<URL> {
  let answer = await fetch(start, { redirect: 'manual', headers: { cookie: browser.cookie } });
  for (let hops = 0; hops < 5; hops++) {
    const location = answer.headers.get('location');
    if (location === null) {
      const text = await answer.text();
      const action = /<form[^>]* method="post" action="([^"]+)"/.exec(text)?.[1];
      if (action === undefined) throw new Error(`unexpected page ${String(answer.status)} ${text}`);
      const fields = [...text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const form = new URLSearchParams(
        fields.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]),
      );
      form.set('decision', 'allow');
      const headers = { cookie: browser.cookie, 'sec-fetch-site': 'same-origin' };
      answer = await fetch(new URL(action, served.url), {
        method: 'POST',
        body: form,
        headers,
        redirect: 'manual',
      });
      continue;
    }
    const next = new URL(location, served.url);
    if (next.origin !== served.url) return next;
    answer = await fetch(next, { redirect: 'manual', headers: { cookie: browser.cookie } });
  }
  throw new Error('unexpected long way, expected to come back to the application');
}

async function newBrowser(): Promise<Browser> {
  return signIn(served.lab, {
    subject: await addPerson(served.lab, `Ada ${Math.random().toString(36)}`),
    url: served.url,
  });
}

async function addLinked(): Promise<string> {
  const added = await served.issuer.clients.add({
    ...{ kind: 'public', name: 'Photo book', redirectUris: [callback], postLogoutRedirectUris: [goodbye] },
    audiences: [{ audience: linkedApi, scope: ['read', 'write'] }],
  });
  return added.id;
}

void test('AUTHORIZE-60: openid-client runs code, PKCE, PAR, DPoP, refresh, userinfo and logout, unmodified', async () => {
  const id = await addLinked();
  const browser = await newBrowser();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
  const execute = { execute: [client.allowInsecureRequests] };
  const config = await client.discovery(new URL(served.url), id, undefined, client.None(), execute);
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const to = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      ...{ redirect_uri: callback, scope: 'openid profile', state: expectedState, nonce: expectedNonce },
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  );
  assert.deepEqual([...to.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const back = await follow(to, browser);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
  const claims: Record<string, unknown> = { ...tokens.claims() };
  assert.equal(claims['sub'], browser.subject);
  assert.equal(claims['acr'], 'phr');
  const known = await client.fetchUserInfo(config, tokens.access_token, browser.subject, { DPoP });
  assert.equal(known.sub, browser.subject);
  assert.match(known.name ?? '', /^Ada /);
  const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
  assert.equal(next['sid'], tokens['sid']);
  const [then, now]: Record<string, unknown>[] = [{ ...tokens.claims() }, { ...next.claims() }];
  assert.deepEqual(
    ['sub', 'aud', 'auth_time', 'sid'].map((name) => now?.[name]),
    ['sub', 'aud', 'auth_time', 'sid'].map((name) => then?.[name]),
  );
  const leave = client.buildEndSessionUrl(config, {
    ...{ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: goodbye, state: 'left' },
  });
  assert.equal((await follow(leave, browser)).href, `${goodbye}?state=left`);
  await assert.rejects(client.refreshTokenGrant(config, next.refresh_token ?? '', undefined, { DPoP }), {
    error: 'invalid_grant',
  });
});

void test('AUTHORIZE-61: oauth4webapi runs code, PKCE, PAR, DPoP, userinfo, refresh, revocation and logout with a web client, unmodified', async () => {
  const pair = await jose.generateKeyPair('ES256', { extractable: true });
  const { id } = await served.issuer.clients.add({
    ...{ kind: 'web', name: 'Shop', redirectUris: [callback], pushedOnly: true },
    postLogoutRedirectUris: [goodbye],
    keys: [{ ...(await jose.exportJWK(pair.publicKey)) }],
    audiences: [{ audience: linkedApi, scope: ['read'] }],
  });
  const browser = await newBrowser();
  const issuerUrl = new URL(served.url);
  const found = await oauth.discoveryRequest(issuerUrl, { algorithm: 'oidc', ...insecure });
  const as = await oauth.processDiscoveryResponse(issuerUrl, found);
  const me: oauth.Client = { client_id: id };
  const authentication = oauth.PrivateKeyJwt(pair.privateKey);
  const options = { DPoP: oauth.DPoP(me, await oauth.generateKeyPair('ES256')), ...insecure };
  const link = async (asked: Record<string, string>): Promise<oauth.TokenEndpointResponse> => {
    const [verifier, expectedNonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce()];
    const isIdentity = asked['scope']?.startsWith('openid') === true;
    const parameters = new URLSearchParams({
      ...{ response_type: 'code', client_id: id, redirect_uri: callback, ...asked },
      ...(isIdentity ? { nonce: expectedNonce } : {}),
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    });
    const answer = await oauth.pushedAuthorizationRequest(as, me, authentication, parameters, options);
    const pushed = await oauth.processPushedAuthorizationResponse(as, me, answer);
    const to = new URL(as.authorization_endpoint ?? '');
    to.searchParams.set('client_id', id);
    to.searchParams.set('request_uri', pushed.request_uri);
    const back = oauth.validateAuthResponse(as, me, await follow(to, browser), oauth.expectNoState);
    const proof = [as, me, authentication, back, callback, verifier, options] as const;
    const given = await oauth.authorizationCodeGrantRequest(...proof);
    const checks = isIdentity ? { expectedNonce, requireIdToken: true } : {};
    return oauth.processAuthorizationCodeResponse(as, me, given, checks);
  };
  const renew = async ({ refresh_token = '' }: oauth.TokenEndpointResponse) => {
    const asked = await oauth.refreshTokenGrantRequest(as, me, authentication, refresh_token, options);
    return oauth.processRefreshTokenResponse(as, me, asked);
  };

  const tokens = await link({ scope: 'read', resource: linkedApi });
  const { payload } = await jose.jwtVerify(
    tokens.access_token,
    jose.createRemoteJWKSet(new URL(as.jwks_uri ?? '')),
    { issuer: served.url, audience: linkedApi, typ: 'at+jwt' },
  );
  assert.equal(payload.sub, browser.subject);
  const next = await renew(tokens);
  assert.equal(next['sid'], tokens['sid']);
  const revoked = await oauth.revocationRequest(as, me, authentication, next.refresh_token ?? '', insecure);
  await oauth.processRevocationResponse(revoked);
  assert.equal(
    (await served.lab.storage.findSession(typeof tokens['sid'] === 'string' ? tokens['sid'] : ''))?.alive,
    false,
  );

  const known = await link({ scope: 'openid profile' });
  const said = oauth.getValidatedIdTokenClaims(known);
  assert.equal(said?.sub, browser.subject);
  const who = async (token: string) =>
    oauth.processUserInfoResponse(
      as,
      me,
      browser.subject,
      await oauth.userInfoRequest(as, me, token, options),
    );
  const person = await who(known.access_token).catch((error: unknown) => {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return who(known.access_token);
  });
  assert.match(person.name ?? '', /^Ada /);
  const again = await renew(known);
  assert.equal(oauth.getValidatedIdTokenClaims(again)?.auth_time, said.auth_time);
  const leave = new URL(as.end_session_endpoint ?? '');
  leave.searchParams.set('id_token_hint', again.id_token ?? '');
  leave.searchParams.set('post_logout_redirect_uri', goodbye);
  assert.equal((await follow(leave, browser)).href, goodbye);
  await assert.rejects(renew(again), { error: 'invalid_grant' });
});

void test('AUTHORIZE-62: the OAuth client of the MCP SDK registers itself and gets a token, unmodified', async () => {
  const browser = await newBrowser();
  // As this version of it sends a bare origin, and as earlier ones did, which made a URL of it.
  for (const resource of [served.mcp.origin, `${served.mcp.origin}/`]) {
    served.mcp.says = resource;
    const kept: { info?: OAuthClientInformationMixed; tokens?: OAuthTokens; verifier?: string; to?: URL } =
      {};
    const provider: OAuthClientProvider = {
      redirectUrl: callback,
      clientMetadata: { client_name: 'An agent', redirect_uris: [callback], scope: 'read offline_access' },
      clientInformation: () => kept.info,
      saveClientInformation: (info) => void (kept.info = info),
      tokens: () => kept.tokens,
      saveTokens: (tokens) => void (kept.tokens = tokens),
      redirectToAuthorization: (to) => void (kept.to = to),
      saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
      codeVerifier: () => kept.verifier ?? '',
    };
    const serverUrl = served.mcp.origin;
    assert.equal(await auth(provider, { serverUrl }), 'REDIRECT');
    assert.ok(kept.info !== undefined && !('client_secret' in kept.info));
    assert.ok(kept.to !== undefined);
    assert.equal(kept.to.searchParams.get('resource'), resource);
    const back = await follow(kept.to, browser);
    const authorizationCode = back.searchParams.get('code') ?? '';
    assert.equal(await auth(provider, { serverUrl, authorizationCode }), 'AUTHORIZED');
    const { tokens } = kept;
    assert.equal(tokens?.token_type, 'Bearer');
    assert.equal(tokens.refresh_token, undefined, 'nobody renews without a key');
    const claims = jose.decodeJwt(tokens.access_token);
    assert.deepEqual(
      [claims.sub, claims.aud, claims['scope'], claims['crr'], claims['client_id']],
      [browser.subject, served.mcp.origin, 'offline_access read', 'bearer', kept.info.client_id],
    );
    assert.equal(await auth(provider, { serverUrl }), 'REDIRECT', 'so its person is asked again');
  }
});
