import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { newBytes, newId } from './random.ts';
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
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new TypeError(`others may read the key file ${path}: run chmod 600 on it`);
  }
  const parsed = content.safeParse(readJson(path));
  if (!parsed.success) throw new TypeError(`the key file ${path} is damaged: restore it from its own backup`);
  return parsed.data.keys.map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64url') }));
}

/** Whether a path lies in a folder (or is it), once both are absolute. */
export function liesWithin(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** Written beside its place and linked into it, so that of two first starts one makes the file and both read it. */
function createKeyFile(path: string): void {
  const entry = { id: newId(), secret: newBytes(32).toString('base64url') };
  const about = 'Key-encryption keys of a Symbolon issuer. Without this file its store opens nothing.';
  const draft = resolve(dirname(path), `.${entry.id}.draft`);
  writeFileSync(draft, `${JSON.stringify({ about, keys: [entry] }, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft);
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
