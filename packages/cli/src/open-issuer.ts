import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Issuer, IssuerOptions, Storage } from '@symbolon/issuer';
import { findDataFolder, type DataFolder } from './data-folder.ts';
import { openSigners } from './open-signers.ts';
import { expectKeyFile, openStore } from './open-store.ts';
import type { Settings } from './settings.ts';

/** An issuer opened for one command, whether or not another process serves it. */
export interface OpenIssuer {
  readonly folder: DataFolder;
  readonly settings: Settings;
  readonly issuer: Issuer;
  readonly storage: Storage;
}

/** A folder in which an issuer was started before. */
export type SettledFolder = DataFolder & { readonly settings: Settings };

/**
 * Finds the folder of an issuer that was started before.
 *
 * @throws TypeError with the fix in the message if there is none.
 */
export function findSettledFolder(option: string | undefined): SettledFolder {
  const folder = findDataFolder(option);
  const { settings } = folder;
  if (settings === undefined) {
    throw new TypeError(
      `no issuer in ${folder.path}: start one there with "symbolon dev" or "symbolon serve", or name its folder with --data or SYMBOLON_DATA`,
    );
  }
  return { ...folder, settings };
}

/** Opens the issuer of a folder, does one thing with it and closes it. */
export async function withIssuer<T>(
  data: string | undefined,
  use: (open: OpenIssuer) => Promise<T>,
): Promise<T> {
  const folder = findSettledFolder(data);
  const open = await openIssuer(folder, { keyFile: 'existing' });
  try {
    return await use(open);
  } finally {
    await open.issuer.close();
  }
}

/**
 * Opens store, keys and issuer as the settings of a folder say.
 *
 * A key file is only made at an issuer's first start: later, a missing one is lost, and a new one would open nothing.
 */
export async function openIssuer(
  folder: SettledFolder,
  options: { keyFile: 'existing' | 'create'; report?: NonNullable<IssuerOptions['report']> },
): Promise<OpenIssuer> {
  const { settings } = folder;
  const keyFile = resolve(folder.path, settings.keyFile);
  if (options.keyFile === 'existing' && !existsSync(keyFile)) {
    throw new TypeError(
      `the key file ${keyFile} is missing: restore it from its backup, nothing else opens this store`,
    );
  }
  // Loaded when it is needed: commands that only speak HTTP start in half the time without it.
  const { createIssuer, createKeyring, openKeyFile } = await import('@symbolon/issuer');
  // The person at the terminal may be asked for a PIN: that comes first, with nothing open yet.
  const signing = await openSigners(settings);
  const opened = await openStore(folder).catch((error: unknown) => {
    signing.close();
    throw error;
  });
  try {
    await expectKeyFile(opened, keyFile);
    const keyring = createKeyring(openKeyFile(keyFile));
    const { signers } = signing;
    const parts = { storage: opened, keyring, signers, ...reportOf(options) };
    const issuer = await createIssuer({ ...issuerOptions(settings), ...parts });
    return { folder, settings, storage: opened, issuer: closingAfter(issuer, signing.close) };
  } catch (error) {
    await opened.close();
    signing.close();
    throw error;
  }
}

/** A signer is needed until the issuer has answered its last request. */
function closingAfter(issuer: Issuer, close: () => void): Issuer {
  return {
    ...issuer,
    close: async () => {
      await issuer.close();
      close();
    },
  };
}

function reportOf(options: { report?: NonNullable<IssuerOptions['report']> }): Pick<IssuerOptions, 'report'> {
  return options.report === undefined ? {} : { report: options.report };
}

/** What the settings of a folder say of its issuer. */
export function issuerOptions(settings: Settings): Omit<IssuerOptions, 'storage' | 'keyring'> {
  const { issuer, audiences } = settings;
  if (settings.mode === 'dev') return { issuer, audiences, people: { name: 'Symbolon for development' } };
  const { lifetimes, keySetMaxAge, keyRotation, people } = settings;
  return { issuer, audiences, lifetimes, keySetMaxAge, keyRotation, people } as Omit<
    IssuerOptions,
    'storage' | 'keyring'
  >;
}
