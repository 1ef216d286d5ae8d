import type { Findings, Measure, Pace, Pair, Turn } from './bench.ts';
import { startChild, type Child } from './child.ts';
import { compare } from './rounds.ts';

/** Who takes part in a contest over HTTP: server processes, and what the load process asks of them. */
export interface HttpEntry {
  readonly name: string;
  /** The names of the servers, mostly of one; several contenders may share one. */
  readonly servers: readonly string[];
}

/** A server process of a contest: its module calls `serveBench`. */
export interface ServerPlan {
  readonly name: string;
  readonly module: URL;
  /** What it is started with. */
  readonly material: unknown;
}

/** What the load process is told before its first turn. */
export interface LoadPreparation {
  readonly material: unknown;
  /** What each server has said of itself. */
  readonly servers: Readonly<Record<string, unknown>>;
}

/** One turn of load. */
export interface LoadTurn {
  readonly name: string;
  readonly milliseconds: number;
}

/** What the load process has counted: answers with a status below 300, and the time they took. */
export type LoadCount = Omit<Turn, 'cpu'>;

/**
 * Runs a contest over HTTP: servers in processes of their own, and one process that asks them in turn.
 *
 * The CPU time in the rows is that of the contender's servers together.
 */
export async function runHttpContest(
  contest: {
    servers: readonly ServerPlan[];
    load: URL;
    material: unknown;
    entries: readonly HttpEntry[];
    pairs: readonly Pair[];
    measure: Measure;
  },
  pace: Pace,
): Promise<Findings> {
  await using stack = new AsyncDisposableStack();
  const servers = new Map<string, Child>();
  const introductions: Record<string, unknown> = {};
  for (const { name, module, material } of contest.servers) {
    const child = stack.use(startChild(module));
    introductions[name] = await child.ask({ material });
    servers.set(name, child);
  }
  const load = stack.use(startChild(contest.load));
  await load.ask({ material: contest.material, servers: introductions } satisfies LoadPreparation);
  const serverNamed = (name: string): Child => {
    const child = servers.get(name);
    if (child === undefined) throw new TypeError(`no server ${name}`);
    return child;
  };
  const contenders = contest.entries.map(({ name, servers: names }) => {
    const asked = names.map(serverNamed);
    return { name, takeTurn: (milliseconds: number) => takeTurn({ name, milliseconds }, { load, asked }) };
  });
  return await compare(contenders, { pairs: contest.pairs, pace, measure: contest.measure });
}

async function takeTurn(
  turn: LoadTurn,
  { load, asked }: { load: Child; asked: readonly Child[] },
): Promise<Turn> {
  await load.ask({ make: turn });
  const before = await cpuOf(asked);
  const count = await load.ask<LoadCount>({ pour: turn });
  const after = await cpuOf(asked);
  if (count.operations === 0) throw new Error(`${turn.name} answered nothing in ${turn.milliseconds} ms`);
  return { ...count, cpu: after - before };
}

async function cpuOf(servers: readonly Child[]): Promise<number> {
  const used = await Promise.all(servers.map((server) => server.ask<number>('cpu')));
  return used.reduce((sum, cpu) => sum + cpu, 0);
}
