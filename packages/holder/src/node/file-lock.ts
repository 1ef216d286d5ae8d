import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf } from './private-file.ts';

const between = 10; // ms
const longest = 200; // looks at one and the same lock: its work takes a few ms, its process must have crashed

/**
 * Does something while no other process does it to the same file.
 *
 * A lock that a crash left behind is taken over after two seconds, counted in looks, not by anybody's clock.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await acquire(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<void> {
  let seen: string | undefined;
  for (let looks = 0; !(await create(lock)); looks++) {
    const now = await identityOf(lock);
    if (now !== seen) looks = 0;
    if (looks >= longest) await rm(lock, { force: true });
    seen = now;
    await wait(between);
  }
}

async function create(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function identityOf(lock: string): Promise<string | undefined> {
  const file = await stat(lock).catch(() => undefined);
  return file && `${file.ino}/${file.mtimeMs}`;
}
