import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createIssuer, createKeyring, openSqlite, serveIssuer, type Issuer } from '@symbolon/issuer';
import { serveBench } from '../harness/serve-bench.ts';
import { publicClient, scope, type OfficeIntroduction, type OfficeMaterial } from '../offices.ts';
import { audience, issuer as name } from '../tokens.ts';

serveBench(async (material: OfficeMaterial): Promise<OfficeIntroduction> => {
  const issuer = await createIssuer({
    issuer: name,
    audiences: [{ audience, scopes: [scope] }],
    storage: openSqlite({ file: join(material.folder, 'symbolon.db') }),
    keyring: createKeyring([{ id: 'bench', secret: randomBytes(32) }]),
    report: ({ path, error }) => {
      console.error(path, error);
    },
  });
  await addClients(issuer, material);
  const refreshTokens: string[] = [];
  for (const { id, kid } of material.holders) {
    const started = await issuer.sessions.start({ clientId: publicClient, subject: id, jkt: kid });
    refreshTokens.push(started.refresh_token ?? '');
  }
  const { port } = await serveIssuer(issuer, { port: 0 });
  return { port, issuer: name, tokenUrl: `${name}/token`, path: '/token', refreshTokens };
});

async function addClients(issuer: Issuer, { machines }: OfficeMaterial): Promise<void> {
  const audiences = [{ audience, scope: [scope] }];
  await issuer.clients.add({ id: publicClient, kind: 'public', audiences });
  for (const { id, jwk } of machines) await issuer.clients.add({ id, keys: [{ ...jwk }], audiences });
}
