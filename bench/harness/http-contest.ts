import type { Findings, Measure, Pace, Pair, Turn } from './bench.ts';
import { startChild, type Child } from './child.ts';
import { compare } from './rounds.ts';

/** Who takes part in a contest over HTTP: a server process, and what the load process asks of it. */
export interface HttpEntry {
  readonly name: string;
  /** The name of the server; several contenders may share one. */
  readonly server: string;
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
 * The CPU time in the rows is that of the server.
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
  const contenders = contest.entries.map(({ name, server }) => {
    const child = servers.get(server);
    if (child === undefined) throw new TypeError(`no server ${server}`);
    return { name, takeTurn: (milliseconds: number) => takeTurn({ name, milliseconds }, { load, child }) };
  });
  return await compare(contenders, { pairs: contest.pairs, pace, measure: contest.measure });
}

async function takeTurn(turn: LoadTurn, processes: { load: Child; child: Child }): Promise<Turn> {
  await processes.load.ask({ make: turn });
  const before = await processes.child.ask<number>('cpu');
  const count = await processes.load.ask<LoadCount>({ pour: turn });
  const after = await processes.child.ask<number>('cpu');
  if (count.operations === 0) throw new Error(`${turn.name} answered nothing in ${turn.milliseconds} ms`);
  return { ...count, cpu: after - before };
}
