/**
 * The world around one session, as small as it can be and still be the world: a row, a holder that keeps one pair, three
 * places for requests on their way, and time in steps of 9 seconds. What the store answers is not part of it: that is
 * asked of the real statements.
 */

/** Sessions are followed until this generation. */
export const lastGeneration = 5;
/** How many requests and answers are on their way at once, whoever still waits for them. */
const inFlight = 3;
/** One step of time, in seconds. */
export const step = 9;
/** Steps for which a request counts from the moment its holder read its pair: a proof lives 30 s, a busy store 10 s. */
const requestLives = 5;
/** Steps of age after which a rotation is more than 60 s ago; ages stop there. */
export const longAgo = 7;

/** The deciding part of a row of `sessions`. Ages count steps of time. */
export interface RowState {
  readonly generation: number;
  readonly rotatedAge: number;
  readonly ended: boolean;
}

/** What the store said: the generation of a pair, or why there is none. */
export type Verdict =
  | { readonly kind: 'pair'; readonly generation: number }
  | { readonly kind: 'superseded' | 'reuse' | 'refused' };

export type Flight =
  | { readonly kind: 'request'; readonly gen: number; readonly age: number }
  | { readonly kind: 'answer'; readonly verdict: Verdict };

export interface World {
  readonly row: RowState;
  /** The generation of the pair in the holder's store. */
  readonly held: number;
  readonly flights: readonly Flight[];
}

/** What the statement makes of a row and a request: the next row and the answer. */
export type Decide = (row: RowState, gen: number) => Decision;
export interface Decision {
  readonly row: RowState;
  readonly verdict: Verdict;
}

export const firstWorld: World = {
  row: { generation: 0, rotatedAge: 0, ended: false },
  held: 0,
  flights: [],
};

/** Every world one step away. */
export function nextWorlds(world: World, decide: Decide): World[] {
  const arrivals = world.flights.map((flight, index) => arrive(world, { flight, index, decide }));
  const losses = world.flights.map((_, index) => ({ ...world, flights: without(world.flights, index) }));
  return [...startRequest(world), ...letTimePass(world), ...losses, ...arrivals];
}

/** Any tab may ask at any time; each reads the store of the holder first. */
function startRequest(world: World): World[] {
  if (world.flights.length === inFlight || world.held === lastGeneration) return [];
  return [{ ...world, flights: [...world.flights, { kind: 'request', gen: world.held, age: 0 }] }];
}

function letTimePass(world: World): World[] {
  const flights = world.flights.map((flight) =>
    flight.kind === 'request' ? { ...flight, age: Math.min(requestLives + 1, flight.age + 1) } : flight,
  );
  return [
    { ...world, flights, row: { ...world.row, rotatedAge: Math.min(longAgo, world.row.rotatedAge + 1) } },
  ];
}

function arrive(world: World, at: { flight: Flight; index: number; decide: Decide }): World {
  const { flight, index, decide } = at;
  if (flight.kind === 'answer') return takeAnswer(world, flight.verdict, index);
  // Its proof is too old by now: it is turned away before any rule, and is as good as lost.
  if (flight.age > requestLives) return { ...world, flights: without(world.flights, index) };
  const { row, verdict } = decide(world.row, flight.gen);
  return { ...world, row, flights: world.flights.with(index, { kind: 'answer', verdict }) };
}

/** The holder saves only a newer pair. Superseded, it reads its store again: the next request does. */
function takeAnswer(world: World, verdict: Verdict, index: number): World {
  const held = verdict.kind === 'pair' ? Math.max(world.held, verdict.generation) : world.held;
  return { ...world, held, flights: without(world.flights, index) };
}

const without = (flights: readonly Flight[], index: number) => flights.toSpliced(index, 1);

/** One text for all worlds that differ only in the order of what is on its way. */
export function nameOf({ row, held, flights }: World): string {
  const names = flights.map((flight) =>
    flight.kind === 'request' ? `r${flight.gen}.${flight.age}` : `a${nameOfVerdict(flight.verdict)}`,
  );
  return `${row.generation}.${row.rotatedAge}.${row.ended ? 'x' : ''} ${held} ${names.sort().join(' ')}`;
}

const nameOfVerdict = (verdict: Verdict) => (verdict.kind === 'pair' ? verdict.generation : verdict.kind);
