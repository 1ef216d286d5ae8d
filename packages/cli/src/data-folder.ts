import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readJsonAs, settings as shape, type Settings } from './settings.ts';

/** Where an issuer is looked for if nobody says otherwise. */
export const defaultData = '.symbolon';

/** The folder of one issuer: its settings and its store. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  readonly storeFile: string;
  /** What the folder says of its issuer; none in a folder where none was ever started. */
  readonly settings: Settings | undefined;
}

/**
 * Finds the data folder: `--data`, else the variable `SYMBOLON_DATA`, else `./.symbolon`. Nothing is made.
 *
 * @throws TypeError if its settings are damaged.
 */
export function findDataFolder(option: string | undefined): DataFolder {
  const path = resolve(option ?? process.env['SYMBOLON_DATA'] ?? defaultData);
  return { path, storeFile: join(path, 'symbolon.db'), settings: readSettings(path) };
}

/** Makes the folder, for its owner alone, if there is none. */
export function makeDataFolder(folder: DataFolder): void {
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
}

/** Writes the settings beside their place and moves them there: nobody ever reads half of them. */
export function writeSettings(folder: DataFolder, settings: Settings): DataFolder {
  const draft = `${settingsFile(folder.path)}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, settingsFile(folder.path));
  return { ...folder, settings };
}

function settingsFile(path: string): string {
  return join(path, 'symbolon.json');
}

function readSettings(folder: string): Settings | undefined {
  const path = settingsFile(folder);
  return existsSync(path) ? readJsonAs(shape, { text: readFileSync(path, 'utf8'), path }) : undefined;
}
