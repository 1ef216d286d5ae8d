import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own that a test may fill to the last byte, and give room again. */
export interface SmallDisk {
  readonly folder: string;
  readonly fill: () => void;
  readonly free: () => void;
  readonly remove: () => void;
}

const size = 16 * 2 ** 20;

/** Mounts a disk of 16 MB in memory; undefined where this process may not mount anything. */
export function mountSmallDisk(folder: string): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
  } catch {
    return undefined;
  }
  let mounted = true;
  const remove = (): void => {
    // Lazily: whoever was killed a moment ago may still have its files open.
    if (mounted) execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
    mounted = false;
  };
  process.once('exit', remove);
  const filler = join(folder, 'filler');
  return {
    folder,
    remove,
    fill: () => {
      for (const length of [2 ** 16, 2 ** 12, 1]) appendUntilFull(filler, length);
    },
    free: () => {
      rmSync(filler);
    },
  };
}

function appendUntilFull(file: string, length: number): void {
  const bytes = Buffer.alloc(length);
  try {
    for (;;) appendFileSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
