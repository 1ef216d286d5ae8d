import { existsSync } from 'node:fs';
import type { Storage } from '@symbolon/issuer';
import type { DataFolder } from './data-folder.ts';
import type { Settings } from './settings.ts';

/**
 * Opens the store that the settings of a folder name: PostgreSQL, or the file in the folder.
 *
 * @throws TypeError if that would leave a store in the folder behind.
 */
export async function openStore(folder: DataFolder & { readonly settings: Settings }): Promise<Storage> {
  const { openPostgres, openSqlite, whereMoved } = await import('@symbolon/issuer');
  const { settings, storeFile } = folder;
  if (settings.mode === 'dev' || settings.store === undefined) return openSqlite({ file: storeFile });
  if (whereMoved(storeFile).kind === 'here') {
    throw new TypeError(
      `the store in ${folder.path} and its sessions would be left behind: move it with "symbolon migrate --to" and this database`,
    );
  }
  return openPostgres({ url: settings.store }).catch((cause: unknown) => {
    if (cause instanceof TypeError) throw cause;
    throw new Error(
      'the store does not open; see that the database runs, is the primary and lets this machine in, or name another with "symbolon serve --store"',
      { cause },
    );
  });
}

/** Whether a folder has a store: a file in it, or a database elsewhere. */
export function hasStore({ settings, storeFile }: DataFolder & { readonly settings: Settings }): boolean {
  return (settings.mode === 'production' && settings.store !== undefined) || existsSync(storeFile);
}

/**
 * A key file may only be made for a store without keys: for any other it was lost, or is with another replica.
 *
 * @throws TypeError if it is missing.
 */
export async function expectKeyFile(storage: Storage, keyFile: string): Promise<void> {
  if (existsSync(keyFile) || (await storage.listKeys()).length === 0) return;
  throw new TypeError(
    `the key file ${keyFile} is missing: restore it from its backup or copy it from another replica, nothing else opens this store`,
  );
}

/**
 * Reads where a store is, from an option.
 *
 * @throws TypeError without showing it: it may hold a password.
 */
export function readStore(url: string): string {
  if (URL.canParse(url) && /^postgres(ql)?:\/\//.test(url)) return url;
  throw new TypeError('unexpected store, expected postgres://user@host:port/database');
}
