import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Issuer } from '@symbolon/issuer';
import { generateClientKey, readPublicHalf } from './client-key.ts';
import type { DataFolder } from './data-folder.ts';
import type { DevSettings } from './settings.ts';

/** The scope of the demo API. */
export const demoScope = 'demo:read';

/** The demo API's own name at the issuer: with it its guard follows the feed by stream and says what it has applied. */
export const demoApiClient = { id: 'demo-api', keyFile: 'demo-api.jwk.json' };

/** Registers the machine clients of `dev`, with key pairs made here, unless they stand already. */
export async function ensureDemoClients(
  issuer: Issuer,
  { folder, settings }: { folder: DataFolder; settings: DevSettings },
): Promise<void> {
  const { clientId: id, clientKeyFile: keyFile } = settings.demo;
  const audiences = settings.audiences.map(({ audience, scopes = [] }) => ({ audience, scope: scopes }));
  await ensureClient(issuer, { folder, id, keyFile, name: 'Demo', audiences });
  const feed = [{ audience: `${settings.issuer}/revocations` }];
  await ensureClient(issuer, { folder, ...demoApiClient, name: 'Demo API', audiences: feed });
}

async function ensureClient(
  issuer: Issuer,
  client: {
    folder: DataFolder;
    id: string;
    name: string;
    keyFile: string;
    audiences: { audience: string; scope?: string[] }[];
  },
): Promise<void> {
  const { folder, id, name, audiences } = client;
  const path = resolve(folder.path, client.keyFile);
  const known = (await issuer.clients.list()).some((row) => row.id === id);
  if (known && !existsSync(path)) {
    throw new TypeError(
      `the key of the client ${id}, ${path}, is missing: delete ${folder.path} to start afresh`,
    );
  }
  if (known) return;
  const jwk = existsSync(path) ? await readPublicHalf(path) : await generateClientKey(path);
  await issuer.clients.add({ id, name, keys: [{ ...jwk }], audiences }, 'dev');
}
