import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generatePrivateJwk } from '@symbolon/token';
import { Provider } from 'oidc-provider';
import { serveBench } from '../harness/serve-bench.ts';
import { publicClient, scope, type OfficeIntroduction, type OfficeMaterial, type Party } from '../offices.ts';
import { audience } from '../tokens.ts';

serveBench(async (material: OfficeMaterial): Promise<OfficeIntroduction> => {
  // Its notices (development keys, memory adapter) would come between the lines of our table.
  console.info = console.warn = () => undefined;
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, await configuration(material));
  server.on('request', provider.callback());
  const client = await provider.Client.find(publicClient);
  const refreshTokens: string[] = [];
  for (const holder of material.holders) refreshTokens.push(await startSession(provider, { client, holder }));
  return { port, issuer, tokenUrl: `${issuer}/token`, path: '/token', refreshTokens };
});

/** The same as ours: signed session tokens for one audience, refresh tokens bound to the holder's key and rotated. */
async function configuration({ machines }: OfficeMaterial): Promise<Record<string, unknown>> {
  const signingKey = { ...(await generatePrivateJwk('EdDSA')), use: 'sig', kid: 'bench' };
  const resourceServer = { scope, audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'EdDSA' } } };
  const usual = {
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'EdDSA',
    dpop_bound_access_tokens: true,
    scope: `${scope} offline_access`,
  };
  return {
    jwks: { keys: [signingKey] },
    scopes: [scope, 'offline_access'],
    rotateRefreshToken: true,
    clients: [
      {
        ...usual,
        client_id: publicClient,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['https://shop.example.com/callback'],
      },
      ...machines.map(({ id, jwk, kid }) => ({
        ...usual,
        client_id: id,
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        jwks: { keys: [{ ...jwk, kid }] },
      })),
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ ...resourceServer, accessTokenTTL: 300 }),
      },
    },
  };
}

async function startSession(
  provider: Provider,
  { client, holder }: { client: object | undefined; holder: Party },
): Promise<string> {
  const grant = new provider.Grant({ accountId: holder.id, clientId: publicClient });
  grant.addResourceScope(audience, scope);
  const token = new provider.RefreshToken({
    client,
    accountId: holder.id,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: `${scope} offline_access`,
    resource: audience,
    iiat: Math.floor(Date.now() / 1000),
  });
  token.jkt = holder.kid;
  return token.save();
}
