import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Reads a file that only its owner may read, undefined if it does not exist.
 *
 * Permissions and content are read through one handle, so that they belong to the same file.
 *
 * @throws TypeError if group or others may read or write it; on Windows, which has no such bits, never.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(unlessMissing);
  if (file === undefined) return undefined;
  try {
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw exposed(path, mode);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Creates a file with 0600, whole or not at all; false if there is one already. */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  const draft = await writeDraft(path, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Puts a file with 0600 in the place of another at one stroke. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const draft = await writeDraft(path, text);
  try {
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The `code` of a system error. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Written to the disk beside its place before it takes it: a crash leaves the old file or the new one. */
async function writeDraft(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

function exposed(path: string, mode: number): TypeError {
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  return new TypeError(
    `unexpected permissions ${bits} of ${path}, expected 0600: if nobody else can have read it, run chmod 600 ${path}; else remove it and register a new key`,
  );
}
