/**
 * The feed as an abstract machine, small enough to be searched whole: two replicas with skewed clocks write through one
 * head, any of them makes statements, and one guard gets these late, in any order, or never. It stands for what SQLite
 * cannot be made to do in a test: a transaction that holds the head and commits later while others read.
 *
 * Positions are times, as in the store; one unit is three seconds, ten a step of the clock.
 */

/** Ways of building it wrong, each of which the search must find. */
export type Mistake =
  | 'position taken before the head is held'
  | 'entries read before the head'
  | 'entries said only for the life of a token'
  | 'a floor at the head whatever is still said'
  | 'a gap taken for the whole';

export interface Bounds {
  readonly skews: readonly [number, number];
  readonly entries: number;
  readonly beats: number;
  readonly statements: number;
  readonly pages: number;
  readonly sweeps: number;
  readonly ticks: number;
}

export interface Entry {
  readonly position: number;
  readonly until: number;
  /** The last moment at which a token that it ends can be shown. */
  readonly matters: number;
}

export interface Statement {
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly entries: readonly Entry[];
}

/** A statement that reached the guard, and when: replayed on the real one. */
export interface Heard {
  readonly at: number;
  readonly statement: Statement;
}

interface Writing {
  readonly position: number;
  readonly says: boolean;
}

/** What was heard, in one order, since the order in which it was must make no difference. */
interface Guard {
  /** Everything at or below it was heard, or has run its time. */
  readonly to: number;
  readonly floor: number;
  /** The newest `to` heard: the issuer's clock as the guard knows it. */
  readonly latest: number;
  /** Stretches that something before is missing of. */
  readonly apart: readonly { readonly from: number; readonly to: number }[];
  /** Positions of known entries, with when each is forgotten. */
  readonly known: Readonly<Record<string, number>>;
}

export interface State {
  readonly time: number;
  readonly head: number;
  readonly floor: number;
  readonly entries: readonly Entry[];
  /** Everything ever said, swept or not. */
  readonly said: readonly Entry[];
  readonly pages: readonly { readonly from: number; readonly to: number }[];
  readonly writing: readonly [Writing | null, Writing | null];
  /** Up to where each replica has spoken, and what it read of a statement it has not made yet. */
  readonly spoken: readonly [number, number];
  readonly reading: readonly Entry[] | null;
  readonly underway: readonly Statement[];
  readonly guard: Guard;
  readonly left: Omit<Bounds, 'skews'>;
}

export interface Step {
  readonly state: State;
  readonly heard?: Heard;
}

const step = 10;
const tokenLife = step;
/** Covers two clocks that are off by half a minute, each to another side; five minutes would be a hundred. */
const slack = 2 * step + step / 2;
const replicas = [0, 1] as const;

export function firstState({ skews: _, ...left }: Bounds): State {
  const guard = { to: 0, floor: 0, latest: 0, apart: [], known: {} };
  return {
    time: 10 * step,
    head: 1,
    floor: 0,
    entries: [],
    said: [],
    pages: [],
    writing: [null, null],
    spoken: [1, 1],
    reading: null,
    underway: [],
    guard,
    left,
  };
}

/** Everything that can happen next. */
export function* nextSteps(state: State, { skews }: Bounds, mistake?: Mistake): Generator<Step> {
  for (const replica of replicas) {
    yield* write(state, { replica, skew: skews[replica], mistake });
    yield* sweep(state, { skew: skews[replica], mistake });
  }
  yield* closePage(state);
  yield* speak(state, mistake);
  yield* deliver(state, mistake);
  yield* fetchPage(state, mistake);
  if (state.left.ticks > 0)
    yield { state: { ...state, time: state.time + step, left: less(state, 'ticks') } };
}

/** A live entry at or below the guard's `to` that it does not know; undefined if its claim is true. */
export function unknownEntry({ guard, said, time }: State): Entry | undefined {
  return said.find(
    ({ position, matters }) => position <= guard.to && time < matters && (guard.known[position] ?? 0) <= time,
  );
}

/** States that are alike have the same name. An entry is known by its position. */
export function nameOf(state: State): string {
  const { time, head, floor, entries, said, pages, writing, spoken, reading, underway, guard, left } = state;
  const places = (of: readonly Entry[]) => of.map(({ position }) => position);
  const spelt = (of: Statement) => [of.from, of.to, of.floor, ...places(of.entries)].join();
  return [
    [time, head, floor, spoken, left.entries, left.beats, left.statements, left.pages, left.sweeps],
    places(entries),
    said.flatMap(({ position, until, matters }) => [position, until, matters]),
    pages.map(({ to }) => to),
    writing.map((one) => (one ? `${one.position} ${one.says}` : '-')),
    reading ? places(reading) : '-',
    underway.map(spelt).join('+'),
    [guard.to, guard.floor, guard.latest, ...Object.entries(guard.known).flat()],
    guard.apart.flatMap(({ from, to }) => [from, to]),
  ].join('|');
}

const less = ({ left }: State, what: keyof State['left']): State['left'] => ({
  ...left,
  [what]: left[what] - 1,
});
/** What a replica's clock shows: never less than the head. */
const clockOf = ({ time, head }: State, skew: number) => Math.max(time + skew, head);
const put = <T>(pair: readonly [T, T], at: 0 | 1, value: T): readonly [T, T] =>
  at === 0 ? [value, pair[1]] : [pair[0], value];
/** Where the guard hears nothing any more, what is only read by it makes no difference. */
const isHeardAgain = ({ left, underway, guard }: State) =>
  left.statements > 0 || underway.length > 0 || guard.apart.length > 0;
const isHeld = ({ writing }: State) => writing.some((one) => one !== null);

interface ByReplica {
  readonly replica: 0 | 1;
  readonly skew: number;
  readonly mistake: Mistake | undefined;
}

/** A transaction is two steps: the head is held from the first, others see it after the second. */
function* write(state: State, { replica, skew, mistake }: ByReplica): Generator<Step> {
  const own = state.writing[replica];
  if (own) {
    yield { state: commit(state, { replica, skew, own, mistake }) };
    return;
  }
  if (isHeld(state) && mistake !== 'position taken before the head is held') return;
  for (const [what, says] of [
    ['entries', true],
    ['beats', false],
  ] as const) {
    if (state.left[what] === 0) continue;
    const position = Math.max(state.head + 1, clockOf(state, skew));
    const writing = put(state.writing, replica, { position, says });
    yield { state: { ...state, writing, left: less(state, what) } };
  }
}

function commit(state: State, { replica, skew, own, mistake }: ByReplica & { own: Writing }): State {
  const { position, says } = own;
  const kept = tokenLife + (mistake === 'entries said only for the life of a token' ? 0 : slack);
  const entry = { position, until: clockOf(state, skew) + kept, matters: state.time + tokenLife };
  const inOrder = (entries: readonly Entry[]) =>
    says ? [...entries, entry].sort((a, b) => a.position - b.position) : entries;
  return {
    ...state,
    head: Math.max(state.head, position),
    entries: inOrder(state.entries),
    said: inOrder(state.said),
    writing: put(state.writing, replica, null),
  };
}

function* sweep(state: State, { skew, mistake }: Omit<ByReplica, 'replica'>): Generator<Step> {
  if (state.left.sweeps === 0 || isHeld(state) || !isHeardAgain(state)) return;
  const entries = state.entries.filter(({ until }) => until > clockOf(state, skew));
  const first = mistake === 'a floor at the head whatever is still said' ? undefined : entries[0];
  const floor = Math.max(state.floor, first ? first.position - 1 : state.head);
  if (floor === state.floor) return;
  const last = state.pages.at(-1);
  const pages = state.pages.filter((page) => page.to > floor || page === last);
  yield { state: { ...state, entries, floor, pages, left: less(state, 'sweeps') } };
}

function* closePage(state: State): Generator<Step> {
  if (state.left.pages === 0 || isHeld(state) || !isHeardAgain(state)) return;
  const from = pageEnd(state);
  for (const { position: to } of state.entries) {
    if (to <= from) continue;
    yield {
      state: { ...state, pages: [...state.pages, { from, to }], left: less(state, 'pages') },
    };
  }
}

const pageEnd = ({ pages }: State) => pages.at(-1)?.to ?? 0;

/** The window statement, and the interval statement of each replica. */
function* speak(state: State, mistake: Mistake | undefined): Generator<Step> {
  if (state.left.statements === 0) return;
  if (mistake === 'entries read before the head' && state.reading === null) {
    yield { state: { ...state, reading: state.entries } };
    return;
  }
  const read = { ...state, entries: state.reading ?? state.entries };
  const after = { reading: null, left: less(state, 'statements') };
  const window = statementOf(read, { from: pageEnd(state), to: state.head });
  yield { state: { ...state, ...after, underway: sent(state, window) } };
  for (const replica of replicas) {
    const from = state.spoken[replica];
    if (from >= state.head) continue;
    const spoken = put(state.spoken, replica, state.head);
    const interval = statementOf(read, { from, to: state.head });
    yield { state: { ...state, ...after, spoken, underway: sent(state, interval) } };
  }
}

function statementOf({ entries, floor }: State, { from, to }: { from: number; to: number }): Statement {
  const within = entries.filter(({ position }) => position > from && position <= to);
  return { from, to, floor, entries: within };
}

/** In one order, since any may arrive first. */
const sent = ({ underway }: State, statement: Statement): readonly Statement[] =>
  [...underway, statement].sort(
    (a, b) => a.to - b.to || a.from - b.from || a.entries.length - b.entries.length,
  );

function* deliver(state: State, mistake: Mistake | undefined): Generator<Step> {
  for (const [index, statement] of state.underway.entries()) {
    const underway = state.underway.filter((_, other) => other !== index);
    yield hear({ ...state, underway }, { statement, mistake });
  }
}

/** One page before what is heard apart, read from whatever replica is asked. */
function* fetchPage(state: State, mistake: Mistake | undefined): Generator<Step> {
  for (const { from } of state.guard.apart) {
    const page = state.pages.find(({ to }) => to === from);
    const isHeard = state.guard.apart.some((one) => one.from === page?.from && one.to === from);
    if (page && !isHeard) yield hear(state, { statement: statementOf(state, page), mistake });
  }
}

function hear(state: State, of: { statement: Statement; mistake: Mistake | undefined }): Step {
  const heard = { at: state.time, statement: of.statement };
  return { state: { ...state, guard: merge(state.guard, { ...of, time: state.time }) }, heard };
}

/** The guard's own rule, said again: the test holds it against the real one. */
function merge(
  guard: Guard,
  { statement, time, mistake }: { statement: Statement; time: number; mistake: Mistake | undefined },
): Guard {
  const { from, to } = statement;
  const latest = Math.max(guard.latest, to);
  const floor = Math.max(guard.floor, statement.floor);
  const known = { ...guard.known };
  for (const { position, until } of statement.entries)
    if (until > latest) known[position] = Math.max(known[position] ?? 0, time + until - latest);
  const all = [...guard.apart, { from: mistake === 'a gap taken for the whole' ? 0 : from, to }];
  const reach = reachOf(all, { to: guard.to, floor });
  const apart = all.filter((stretch) => stretch.to > Math.max(reach, floor));
  apart.sort((a, b) => a.from - b.from || a.to - b.to);
  return { to: reach, floor, latest, apart, known };
}

function reachOf(
  stretches: readonly { readonly from: number; readonly to: number }[],
  { to, floor }: { to: number; floor: number },
): number {
  const joined = stretches.filter(({ from }) => from <= Math.max(to, floor)).map((stretch) => stretch.to);
  const reach = Math.max(to, ...joined);
  return reach === to ? to : reachOf(stretches, { to: reach, floor });
}
