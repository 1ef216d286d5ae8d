import assert from 'node:assert/strict';
import { fork, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';
import type { Line, LineEnded } from './loaded-program.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the first line of `dev --json` says. */
export interface Ready {
  readonly event: 'ready';
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly audience: string;
  readonly demo_api: string;
  readonly client_id: string;
  readonly client_key_file: string;
  readonly data_dir: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const root = join(import.meta.dirname, '../../..');
const main = ['--conditions=symbolon:source', join(root, 'packages/cli/src/main.ts')];

const folders: string[] = [];
const children: Child[] = [];

after(() => {
  for (const child of children) child.kill('SIGKILL');
  if (loaded?.child.connected === true) loaded.child.disconnect();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Makes a folder that is gone after the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-cli-'));
  folders.push(folder);
  return folder;
}

/** Starts `symbolon` as a user would type it, with a clean environment but for `SYMBOLON_DATA`. */
export function start(
  words: readonly string[],
  options: {
    data?: string;
    command?: readonly string[];
    program?: string;
    env?: Readonly<Record<string, string>>;
  } = {},
): Child {
  const env = {
    ...environment(),
    ...(options.data === undefined ? {} : { SYMBOLON_DATA: options.data }),
    ...options.env,
  };
  const line = options.program === undefined ? [...(options.command ?? main), ...words] : words;
  const child = spawn(options.program ?? process.execPath, line, {
    env,
    cwd: root,
    stdio: 'pipe',
  });
  children.push(child);
  return child;
}

function environment(): NodeJS.ProcessEnv {
  const { SYMBOLON_DATA: _, npm_lifecycle_event: __, ...rest } = process.env;
  return { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'), ...rest };
}

/**
 * Runs a command to its end: the first of its name in a test file in a process of its own, as a user's, and the others
 * where the program is loaded already.
 */
export async function symbolon(
  line: string | readonly string[],
  options: { data?: string; stdin?: string } = {},
): Promise<Ended> {
  const words = typeof line === 'string' ? line.split(' ') : line;
  const name = words[0] ?? '';
  if (named.has(name)) return runLoaded(words, options);
  named.add(name);
  const child = start(words, options);
  child.stdin.on('error', () => undefined); // a command that reads nothing may be gone by now
  child.stdin.end(options.stdin ?? '');
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

const named = new Set<string>();
let loaded:
  { readonly child: ChildProcess; readonly running: Map<number, PromiseWithResolvers<Ended>> } | undefined;
let lines = 0;

function runLoaded(
  words: readonly string[],
  { data, stdin = '' }: { data?: string; stdin?: string },
): Promise<Ended> {
  const { child, running } = (loaded ??= load());
  const ended = Promise.withResolvers<Ended>();
  lines += 1;
  running.set(lines, ended);
  child.send({ id: lines, words, data, stdin } satisfies Line);
  return ended.promise;
}

function load(): NonNullable<typeof loaded> {
  const child = fork(new URL('./loaded-program.ts', import.meta.url), {
    ...{ env: environment(), cwd: root, execArgv: main.slice(0, 1) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const running = new Map<number, PromiseWithResolvers<Ended>>();
  child.on('message', ({ id, code, stdout, stderr }: LineEnded) => {
    running.get(id)?.resolve({ code, stdout, stderr });
    running.delete(id);
  });
  child.on('exit', (code) => {
    for (const { reject } of running.values())
      reject(new Error(`the program ended its process with ${code}`));
  });
  return { child, running };
}

/** Runs a command that must end well and reads the JSON it prints. */
export async function symbolonJson<T>(
  line: string,
  options: { data?: string; stdin?: string } = {},
): Promise<T> {
  const { code, stdout, stderr } = await symbolon(`${line} --json`, options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** Starts `symbolon dev --json` and waits for its first line. */
export async function startDev(
  words: readonly string[],
): Promise<{ child: Child; ready: Ready; line: string }> {
  const child = start(['dev', '--json', ...words]);
  const line = await firstLine(child);
  return { child, ready: JSON.parse(line) as Ready, line };
}

/** The first line that a process prints; fails with what it said instead. */
export async function firstLine(child: Child): Promise<string> {
  const complaint = text(child.stderr);
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += String(chunk);
    if (printed.includes('\n')) return printed.slice(0, printed.indexOf('\n'));
  }
  throw new Error(`ended without a line: ${await complaint}`);
}

/** Asks a process to stop and answers its exit code. */
export async function stop(child: Child, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
  return child.exitCode;
}
