import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Issuer } from '@symbolon/issuer';
import { generateClientKey, readPublicHalf } from './client-key.ts';
import type { DataFolder } from './data-folder.ts';
import type { DevSettings } from './settings.ts';

/** The scope of the demo API. */
export const demoScope = 'demo:read';

/** Registers the machine client of `dev`, with a key pair made here, unless it stands already. */
export async function ensureDemoClient(
  issuer: Issuer,
  { folder, settings }: { folder: DataFolder; settings: DevSettings },
): Promise<void> {
  const { clientId, clientKeyFile } = settings.demo;
  const path = resolve(folder.path, clientKeyFile);
  const known = (await issuer.clients.list()).some(({ id }) => id === clientId);
  if (known && !existsSync(path)) {
    throw new TypeError(
      `the key of the demo client, ${path}, is missing: delete ${folder.path} to start afresh`,
    );
  }
  if (known) return;
  const jwk = existsSync(path) ? await readPublicHalf(path) : await generateClientKey(path);
  const audiences = settings.audiences.map(({ audience, scopes = [] }) => ({ audience, scope: scopes }));
  await issuer.clients.add({ id: clientId, name: 'Demo', keys: [{ ...jwk }], audiences }, 'dev');
}
