/** oidc-provider: its own userinfo endpoint, and resource servers that introspect or verify its tokens. */
import { createHash, randomBytes } from 'node:crypto';
import {
  clientCredentials,
  forgeKeyFrom,
  rsaKey,
  type Carrier,
  type Credential,
  type CredentialSource,
  type OAuthClient,
} from '@symbolon/attack';
import { generatePrivateJwk } from '@symbolon/token';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';
import { checkedBy } from './scoreboard-bearer.ts';
import { openBrowser } from './scoreboard-browser.ts';
import { listen, listenFirst, type Contestant, type Opened, type Standing } from './scoreboard-contestant.ts';
import { proofFor } from './scoreboard-proof.ts';

const from = 'oidc-provider';
const clientId = 'app';
const secret = randomBytes(24).toString('base64url');
const callback = 'http://localhost:1/callback';
const signingKey = rsaKey();

/** The rows of oidc-provider. */
export const oidcProvider: readonly Contestant[] = [
  {
    name: 'oidc-provider, userinfo, DPoP',
    from,
    setUp: 'new Provider(issuer, { clients, features: { revocation } }), code flow with DPoP, GET /me',
    open: openUserinfo,
  },
  {
    name: 'oidc-provider, introspection',
    from,
    setUp:
      'features: { clientCredentials, introspection, revocation }; a resource server asks POST /token/introspection',
    open: openIntrospection,
  },
  {
    name: 'oidc-provider, JWT access tokens',
    from,
    setUp:
      "resourceIndicators: { accessTokenFormat: 'jwt' }; jose's jwtVerify(token, jwks, { issuer, audience, typ: 'at+jwt' })",
    open: openJwt,
  },
];

async function openProvider(more: { resources?: readonly string[] } = {}): Promise<Standing> {
  // Its notices (development keys, memory adapter) would come between the lines of our table.
  console.info = console.warn = () => undefined;
  const door = await listenFirst();
  const { resources } = more;
  const provider = new Provider(door.origin, {
    jwks: {
      keys: [{ ...signingKey.privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }],
    },
    clients: [
      {
        client_id: clientId,
        client_secret: secret,
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirect_uris: [callback],
        response_types: ['code'],
      },
    ],
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      ...(resources === undefined
        ? {}
        : {
            resourceIndicators: {
              enabled: true,
              getResourceServerInfo: (_context: unknown, audience: string) => ({
                scope: 'read',
                audience,
                accessTokenFormat: 'jwt',
                accessTokenTTL: 300,
                jwt: { sign: { alg: 'RS256' } },
              }),
            },
          }),
    },
  });
  door.handle = provider.callback();
  return door;
}

function clientOf({ origin }: Standing, resource?: string): OAuthClient {
  return clientCredentials({
    issuer: origin,
    clientId,
    authentication: { secret },
    dpop: false,
    ...(resource === undefined ? {} : { resource, scope: 'read' }),
  });
}

async function openUserinfo(): Promise<Opened> {
  const provider = await openProvider();
  const client = clientOf(provider);
  const { origin } = provider;
  return {
    options: {
      request: { url: `${origin}/me`, method: 'GET', headers: [] },
      honest: people(origin, 'alice'),
      second: people(origin, 'bob'),
      issuer: origin,
      refreshRequest: client.refreshRequest,
      endRequest: client.endRequest,
    },
    close: () => {
      client.close();
      provider.close();
    },
  };
}

async function openIntrospection(): Promise<Opened> {
  const provider = await openProvider();
  const client = clientOf(provider);
  const basic = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
  const api = await listen(
    checkedBy(async (token) => {
      const answer = await fetch(`${provider.origin}/token/introspection`, {
        method: 'POST',
        headers: { authorization: basic },
        body: new URLSearchParams({ token }),
      });
      const { active } = (await answer.json()) as { active?: unknown };
      if (active !== true) throw new Error('inactive');
    }),
  );
  return {
    options: {
      request: { url: `${api.origin}/me`, method: 'GET', headers: [] },
      // Each token stands by itself.
      honest: { isFresh: true, get: client.get },
      issuer: provider.origin,
      endRequest: client.endRequest,
    },
    close: () => {
      client.close();
      for (const each of [api, provider]) each.close();
    },
  };
}

async function openJwt(): Promise<Opened> {
  const api = await listenFirst();
  const elsewhere = `${api.origin}/elsewhere`;
  const provider = await openProvider({ resources: [api.origin, elsewhere] });
  const keys = createRemoteJWKSet(new URL(`${provider.origin}/jwks`));
  api.handle = checkedBy((token) =>
    jwtVerify(token, keys, { issuer: provider.origin, audience: api.origin, typ: 'at+jwt' }),
  );
  const [client, other] = [clientOf(provider, api.origin), clientOf(provider, elsewhere)];
  return {
    options: {
      request: { url: `${api.origin}/me`, method: 'GET', headers: [] },
      honest: { isFresh: true, get: client.get },
      elsewhere: other,
      issuer: provider.origin,
      signer: { key: signingKey },
    },
    close: () => {
      for (const each of [client, other, api, provider]) each.close();
    },
  };
}

/** People who sign in by the code flow, on the pages for development; each `get` is a browser of its own. */
function people(issuer: string, login: string): CredentialSource {
  return { isFresh: true, get: async () => redeem(issuer, await signIn(issuer, login)) };
}

async function signIn(issuer: string, login: string): Promise<{ code: string; verifier: string }> {
  const browser = openBrowser(callback);
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: callback,
    scope: 'openid offline_access',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await browser.visit(`${issuer}/auth?${query.toString()}`);
  const asked = await browser.visit(page, { prompt: 'login', login, password: 'any' });
  const end = await browser.visit(asked, { prompt: 'consent' });
  const code = new URL(end).searchParams.get('code');
  if (code === null) throw new Error(`the code flow of ${from} ended without a code`);
  return { code, verifier };
}

async function redeem(
  issuer: string,
  { code, verifier }: { code: string; verifier: string },
): Promise<Credential> {
  const url = `${issuer}/token`;
  const carrier: Carrier = { kind: 'dpop', key: forgeKeyFrom({ ...(await generatePrivateJwk('EdDSA')) }) };
  const [proof] = await proofFor({ token: '', carrier }, { method: 'POST', url });
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      dpop: proof?.[1] ?? '',
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  });
  const issued = (await answer.json()) as Record<string, string | undefined>;
  const { access_token: token, refresh_token: refreshToken, id_token: idToken } = issued;
  if (token === undefined || refreshToken === undefined || idToken === undefined)
    throw new Error(`${from} issued no tokens: ${issued['error'] ?? 'no error'}`);
  return { token, carrier, refreshToken, idToken };
}
