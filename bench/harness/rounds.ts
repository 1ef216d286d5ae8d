import type { Findings, Measure, Pace, Pair, Ratio, Row, Spread, Turn } from './bench.ts';

/** Whoever takes part in a comparison. */
export interface Contender {
  readonly name: string;
  readonly takeTurn: (milliseconds: number) => Promise<Turn>;
}

interface Played {
  readonly row: Turn;
  readonly against: Turn;
}

/**
 * Compares contenders pair by pair, over many short rounds.
 *
 * One works at a time, so they do not disturb each other. The two of a pair work directly one after the
 * other, now this one first, now that one, and the result is the median of the ratios of such neighbours:
 * a machine that is busier now than a second ago is so for both. Before that each has a turn to warm up.
 */
export async function compare(
  contenders: readonly Contender[],
  options: { pairs: readonly Pair[]; pace: Pace; measure: Measure },
): Promise<Findings> {
  const { pairs, pace, measure } = options;
  const takeTurn = new Map(contenders.map((contender) => [contender.name, contender.takeTurn]));
  const turns = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]));
  const play = async (name: string): Promise<Turn> => {
    const turn = await takeTurn.get(name)?.(pace.turn);
    if (turn === undefined) throw new TypeError(`no contender ${name}`);
    turns.get(name)?.push(turn);
    return turn;
  };
  for (const contender of contenders) await contender.takeTurn(pace.warmUp);
  const played = pairs.map((): Played[] => []);
  for (let round = 0; round < pace.rounds; round++) {
    for (const [at, pair] of pairs.entries()) {
      played[at]?.push(await playPair(pair, { play, rowFirst: round % 2 === 0 }));
    }
  }
  return {
    kind: 'ratios',
    measure,
    rows: contenders.map(({ name }) => rowOf(name, turns.get(name) ?? [])),
    ratios: pairs.map((pair, at) => ratioOf(pair, { played: played[at] ?? [], measure })),
  };
}

async function playPair(
  pair: Pair,
  options: { play: (name: string) => Promise<Turn>; rowFirst: boolean },
): Promise<Played> {
  if (options.rowFirst) {
    const row = await options.play(pair.row);
    return { row, against: await options.play(pair.against) };
  }
  const against = await options.play(pair.against);
  return { row: await options.play(pair.row), against };
}

function rowOf(name: string, turns: readonly Turn[]): Row {
  return {
    name,
    rate: quantile(turns.map(rateOf), 0.5),
    cpu: quantile(
      turns.map(({ cpu, operations }) => cpu / operations),
      0.5,
    ),
  };
}

function ratioOf(pair: Pair, { played, measure }: { played: readonly Played[]; measure: Measure }): Ratio {
  const spreads = {
    cpu: spreadOf(played.map(({ row, against }) => perCpu(row) / perCpu(against))),
    elapsed: spreadOf(played.map(({ row, against }) => rateOf(row) / rateOf(against))),
  };
  const judged = pair.aim === undefined ? {} : { met: spreads[measure].median >= pair.aim };
  return { ...pair, ...spreads, ...judged };
}

function spreadOf(ratios: readonly number[]): Spread {
  return {
    median: quantile(ratios, 0.5),
    lowerQuartile: quantile(ratios, 0.25),
    upperQuartile: quantile(ratios, 0.75),
  };
}

function perCpu(turn: Turn): number {
  return turn.operations / turn.cpu;
}

function rateOf(turn: Turn): number {
  return (turn.operations * 1000) / turn.milliseconds;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
}
