import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataFolder, writeSettings, type DataFolder } from './data-folder.ts';
import { demoScope } from './demo-client.ts';
import { choosePorts, isFree } from './ports.ts';
import type { DevSettings } from './settings.ts';

/** The folder of `dev`, and whether this is its first start. */
export type DevFolder = DataFolder & { readonly settings: DevSettings; readonly isFirst: boolean };

/**
 * Settles the folder of `dev`: its settings as they stand, or new ones.
 *
 * An issuer keeps its name, and so its ports, for ever.
 *
 * @throws TypeError with the fix in the message if the folder is another's or a port is taken.
 */
export async function settleDevFolder(folder: DataFolder, port: number | undefined): Promise<DevFolder> {
  const { settings } = folder;
  if (settings === undefined) return settleNew(folder, port);
  if (settings.mode !== 'dev') {
    throw new TypeError(
      `${folder.path} is the data folder of "symbolon serve": name another one with --data`,
    );
  }
  if (port !== undefined && port !== 0 && port !== settings.port) {
    throw new TypeError(
      `${folder.path} belongs to the issuer ${settings.issuer}: start without --port, or name another folder with --data`,
    );
  }
  for (const taken of [settings.port, settings.demo.port]) {
    if (!(await isFree(taken))) {
      throw new TypeError(
        `port ${taken} is busy, and ${settings.issuer} in ${folder.path} needs it: is it running already? Stop what listens there, or name another folder with --data`,
      );
    }
  }
  return { ...folder, settings, isFirst: false };
}

async function settleNew(folder: DataFolder, wanted: number | undefined): Promise<DevFolder> {
  const ports = await choosePorts(wanted);
  const settings: DevSettings = {
    mode: 'dev',
    issuer: `http://localhost:${ports.issuer}`,
    host: '127.0.0.1',
    port: ports.issuer,
    audiences: [
      {
        audience: `http://localhost:${ports.demo}`,
        scopes: [demoScope],
        words: { [demoScope]: 'Read what the demo API knows of you' },
      },
    ],
    keyFile: 'dev-keys.json',
    demo: { port: ports.demo, clientId: 'demo', clientKeyFile: 'demo-client.jwk.json' },
  };
  makeDataFolder(folder);
  hideFromGit(folder);
  writeSettings(folder, settings);
  return { ...folder, settings, isFirst: true };
}

/** The folder lies in somebody's project, and its keys are not to be committed with it. */
function hideFromGit({ path }: DataFolder): void {
  const file = join(path, '.gitignore');
  if (!existsSync(file)) writeFileSync(file, '*\n', { mode: 0o600 });
}
