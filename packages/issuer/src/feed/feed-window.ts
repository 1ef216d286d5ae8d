import { maxEntries, type Revocation } from '@symbolon/token';

/** What one statement says, but for who says it. */
export interface FeedSaying {
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  readonly entries: readonly Revocation[];
}

/** What has been said since the last closed page, kept in memory so that nobody who asks costs a read. */
export interface FeedWindow {
  /** Up to where it knows every entry. */
  readonly to: () => number;
  readonly isFull: () => boolean;
  /** Takes in what follows `to`. */
  readonly add: (news: {
    readonly head: number;
    readonly floor: number;
    readonly pageEnd: number;
    readonly positions: readonly number[];
    readonly entries: readonly Revocation[];
  }) => void;
  /** A page was closed: what lies in it is asked for there. */
  readonly moveFrom: (pageEnd: number) => void;
  /** The window as one statement, at most a second old, a fifth of one where something was ended since. */
  readonly recent: () => Promise<string>;
  /** The window as one statement that reaches to `to`. */
  readonly newest: () => Promise<string>;
  /** The key that signed what is kept may be gone. */
  readonly forgetStatements: () => void;
}

interface Kept {
  readonly statement: Promise<string>;
  readonly to: number;
  readonly lastEntry: number;
  readonly at: number;
}

const keptFor = 1000;
const keptWithNewsFor = 200;

/** Makes the window that begins where the last closed page ends. */
export function createFeedWindow(options: {
  from: number;
  floor: number;
  sign: (said: FeedSaying) => Promise<string>;
  elapsed: () => number;
}): FeedWindow {
  const { sign, elapsed } = options;
  let { from, floor } = options;
  let to = from;
  let open: { readonly position: number; readonly entry: Revocation }[] = [];
  let kept: Kept | undefined;

  const moveFrom = (pageEnd: number): void => {
    if (pageEnd <= from || pageEnd > to) return;
    from = pageEnd;
    open = open.filter(({ position }) => position > from);
  };

  const lastEntry = (): number => open.at(-1)?.position ?? from;

  const make = (): Promise<string> => {
    const shown = wholePositions(open);
    const reach = shown.length === open.length ? to : (shown.at(-1)?.position ?? from);
    const statement = sign({ from, to: reach, floor, entries: shown.map(({ entry }) => entry) });
    const made = { statement, to, lastEntry: lastEntry(), at: elapsed() };
    kept = made;
    statement.catch(() => {
      if (kept === made) kept = undefined;
    });
    return statement;
  };

  return {
    to: () => to,
    isFull: () => open.length > maxEntries,
    add: (news) => {
      open.push(...news.entries.map((entry, at) => ({ entry, position: news.positions[at] ?? news.head })));
      to = news.head;
      floor = news.floor;
      moveFrom(news.pageEnd);
    },
    moveFrom,
    recent: () => {
      const age = kept === undefined ? Number.POSITIVE_INFINITY : elapsed() - kept.at;
      const keep = kept?.lastEntry === lastEntry() ? keptFor : keptWithNewsFor;
      return kept !== undefined && age < keep ? kept.statement : make();
    },
    forgetStatements: () => {
      kept = undefined;
    },
    newest: () => (kept?.to === to ? kept.statement : make()),
  };
}

/** As much from the start as one statement holds, and no position in part. */
function wholePositions<T extends { readonly position: number }>(open: readonly T[]): readonly T[] {
  if (open.length <= maxEntries) return open;
  const cut = open[maxEntries]?.position ?? 0;
  return open.slice(0, maxEntries).filter(({ position }) => position < cut);
}
