/**
 * Runs command lines one after the other where the program's code is loaded already: most of what a short command
 * costs is the loading. Each runs from the program's own entry, and has ended when nothing would keep a process of
 * its own from ending.
 */
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/** A command line, and what its process would be given. */
export interface Line {
  readonly id: number;
  readonly words: readonly string[];
  readonly data: string | undefined;
  readonly stdin: string;
}

/** How it ended. */
export interface LineEnded {
  readonly id: number;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const main = new URL('../src/main.ts', import.meta.url);
const own = new Map<string, number>();
let last = Promise.resolve();

process.on('message', (line: Line) => {
  last = last.then(() => run(line)).then((ended) => void process.send?.(ended));
});
process.on('disconnect', () => process.exit());
// Both are opened when they are asked for first, and stay open: a pipe is this process's own, not a command's.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
for (const [kind, count] of resources()) own.set(kind, count);

async function run({ id, words, data, stdin }: Line): Promise<LineEnded> {
  const listeners = process.listeners('uncaughtException');
  const [stdout, stderr] = [catchOutput('stdout'), catchOutput('stderr')];
  process.argv.splice(1, process.argv.length, main.pathname, ...words);
  if (data === undefined) delete process.env['SYMBOLON_DATA'];
  else process.env['SYMBOLON_DATA'] = data;
  const given = Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]);
  Object.defineProperty(process, 'stdin', { value: given, configurable: true });
  // Another address for the same file: the entry runs anew, what it imports is there.
  await import(`${main.href}?${id}`);
  await everythingIsDone();
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  process.stdout.removeAllListeners('error');
  for (const listener of process.listeners('uncaughtException'))
    if (!listeners.includes(listener)) process.off('uncaughtException', listener);
  return { id, code, stdout: stdout(), stderr: stderr() };
}

/** Keeps what is written, until its answer is asked for. */
function catchOutput(name: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  const stream = process[name];
  stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    chunks.push(Buffer.from(chunk));
    const written = rest.at(-1);
    if (typeof written === 'function') process.nextTick(written);
    return true;
  };
  return () => {
    Reflect.deleteProperty(stream, 'write');
    return Buffer.concat(chunks).toString('utf8');
  };
}

/** A timer, socket or file that a command leaves open would keep its process alive, and is waited for here as well. */
async function everythingIsDone(): Promise<void> {
  const patience = performance.now() + 100_000;
  for (;;) {
    await wait(1);
    const open = [...resources()].filter(([kind, count]) => count > (own.get(kind) ?? 0));
    if (open.length === 0) return;
    if (performance.now() > patience) throw new Error(`the command has left open: ${JSON.stringify(open)}`);
  }
}

function resources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
