import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { newBytes, newId } from '../random.ts';
import type { WrappingKey } from './wrapping.ts';

const content = z.strictObject({
  about: z.string().optional(),
  keys: z.array(z.strictObject({ id: z.string().min(1).max(64), secret: z.base64url().length(43) })).min(1),
});

/**
 * Opens the file of key-encryption keys, and makes it (0600) if it does not exist yet.
 *
 * The first entry wraps, every entry unwraps. Whoever holds this file and the store holds the signing keys:
 * keep it out of the store's folder and out of its backups.
 *
 * @throws TypeError with the fix in the message if group or others may read it, or its content is not ours.
 */
export function openKeyFile(path: string): readonly WrappingKey[] {
  if (!existsSync(path)) createKeyFile(path);
  return readKeyFile(path).map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64url') }));
}

/**
 * Adds an entry in front of the others and answers its name: it wraps from the next start on, the others still
 * unwrap. Where several processes share the store, give each the new file and restart it, then `keys.rewrap()`.
 *
 * @throws TypeError as {@link openKeyFile}.
 */
export function addKeyFileEntry(path: string): string {
  const entry = newEntry();
  writeKeyFile(path, [entry, ...readKeyFile(path)]);
  return entry.id;
}

/** Names the entries of a key file, the one that wraps first. @throws TypeError as {@link openKeyFile}, or if it is missing. */
export function listKeyFileEntries(path: string): readonly string[] {
  if (!existsSync(path)) throw new TypeError(`there is no key file ${path}: restore it from its backup`);
  return readKeyFile(path).map(({ id }) => id);
}

/**
 * Removes an entry under which no key is wrapped any more; it does not look into the store.
 *
 * @throws TypeError if it is the first one, which wraps, or there is none of that name.
 */
export function removeKeyFileEntry(path: string, id: string): void {
  const entries = readKeyFile(path);
  if (!entries.some((entry) => entry.id === id))
    throw new TypeError(`the key file ${path} has no entry ${id}`);
  if (entries[0]?.id === id) throw new TypeError(`the entry ${id} of ${path} wraps: add another one first`);
  writeKeyFile(
    path,
    entries.filter((entry) => entry.id !== id),
  );
}

type Entry = z.output<typeof content>['keys'][number];

function readKeyFile(path: string): readonly Entry[] {
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new TypeError(`others may read the key file ${path}: run chmod 600 on it`);
  }
  const parsed = content.safeParse(readJson(path));
  if (!parsed.success) throw new TypeError(`the key file ${path} is damaged: restore it from its own backup`);
  return parsed.data.keys;
}

function newEntry(): Entry {
  return { id: newId(), secret: newBytes(32).toString('base64url') };
}

const about = 'Key-encryption keys of a Symbolon issuer. Without this file its store opens nothing.';

/** Written beside its place and moved there: nobody ever reads half of it, and no crash loses both. */
function writeKeyFile(path: string, keys: readonly Entry[]): void {
  const draft = draftKeyFile(path, keys);
  renameSync(draft, path);
  flushFolder(path);
}

/** A name is on the disk with its folder: without this, a power failure could bring back the file before, or none. */
function flushFolder(path: string): void {
  // Windows opens no folder, and writes names through.
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function draftKeyFile(path: string, keys: readonly Entry[]): string {
  const draft = resolve(dirname(path), `.${newId()}.draft`);
  writeFileSync(draft, `${JSON.stringify({ about, keys }, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  return draft;
}

/** Whether a path lies in a folder (or is it), once both are absolute. */
export function liesWithin(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** Written beside its place and linked into it, so that of two first starts one makes the file and both read it. */
function createKeyFile(path: string): void {
  const draft = draftKeyFile(path, [newEntry()]);
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft);
  }
  flushFolder(path);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
