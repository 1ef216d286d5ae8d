import {
  createIssuer,
  createKeyring,
  migratePostgres,
  openPostgres,
  openSqlite,
  serveIssuer,
  type Issuer,
} from '@symbolon/issuer';
import { serveBench } from '../harness/serve-bench.ts';
import { publicClient, scope, type OfficeIntroduction, type Party } from '../offices.ts';
import type { StoreOfficeMaterial } from '../refresh-store.ts';
import { audience, issuer as name } from '../tokens.ts';
import { addSleepersToPostgres, addSleepersToSqlite } from './sleepers.ts';

const atOnce = 64; // sessions started together, so that they share commits

serveBench(async ({ store, secret, fill }: StoreOfficeMaterial): Promise<OfficeIntroduction> => {
  if (store.kind === 'postgres' && fill !== undefined) await migratePostgres({ url: store.url });
  const issuer = await createIssuer({
    issuer: name,
    audiences: [{ audience, scopes: [scope] }],
    storage: store.kind === 'postgres' ? await openPostgres({ url: store.url }) : openSqlite(store),
    keyring: createKeyring([{ id: 'bench', secret: Buffer.from(secret, 'base64url') }]),
    report: ({ path, error }) => {
      console.error(path, error);
    },
  });
  const refreshTokens = fill === undefined ? [] : await startSessions(issuer, fill);
  if (fill !== undefined) {
    if (store.kind === 'postgres') await addSleepersToPostgres(store.url, fill);
    else addSleepersToSqlite(store.file, fill);
  }
  const { port } = await serveIssuer(issuer, { port: 0 });
  return { port, issuer: name, tokenUrl: `${name}/token`, path: '/token', refreshTokens };
});

/** Starts the sessions that will be refreshed; the holders' keys are theirs in turn. */
async function startSessions(
  issuer: Issuer,
  { holders, awake }: { holders: readonly Party[]; awake: number },
): Promise<readonly string[]> {
  await issuer.clients.add({ id: publicClient, kind: 'public', audiences: [{ audience, scope: [scope] }] });
  const start = async (at: number): Promise<string> => {
    const jkt = holders[at % holders.length]?.kid ?? '';
    const subject = `person-${at}`;
    const started = await issuer.sessions.start({ clientId: publicClient, subject, jkt });
    return started.refresh_token ?? '';
  };
  const refreshTokens: string[] = [];
  while (refreshTokens.length < awake) {
    const from = refreshTokens.length;
    const length = Math.min(atOnce, awake - from);
    refreshTokens.push(...(await Promise.all(Array.from({ length }, (_, at) => start(from + at)))));
  }
  return refreshTokens;
}
