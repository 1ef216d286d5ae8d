/** The part of the feed between two positions: everything above `from` and at most `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Which stretches of the feed were heard. */
export interface Coverage {
  /** Adds a stretch; answers whether any of it is new. Whatever is at or below `floor` need not be known. */
  readonly add: (stretch: Stretch & { readonly floor: number }) => boolean;
  /** Up to where everything was heard; 0 before the first stretch that has nothing missing before it. */
  readonly reach: () => number;
  /** Where the heard stretch that holds a position begins, if something before it is missing. */
  readonly gapBefore: (position: number) => number | undefined;
}

/** More separate stretches than this are not kept: the oldest is forgotten, and would be fetched again. */
const mostIslands = 64;

/**
 * Makes the memory of what was heard. The order in which stretches come does not matter: one that does not join
 * is kept until what lies between is heard.
 */
export function createCoverage(): Coverage {
  let islands: readonly Stretch[] = []; // apart from each other, lowest first, none joined to what is known
  let reach = 0;
  let floor = 0;

  const known = (): number => Math.max(reach, floor);

  const joinIslands = (): void => {
    const joined = islands.filter(({ from }) => from <= known());
    reach = joined.reduce((most, { to }) => Math.max(most, to), reach);
    islands = islands.filter(({ to }) => to > known());
    if (islands.some(({ from }) => from <= known())) joinIslands();
  };

  return {
    add: ({ from, to, floor: said }) => {
      const isNew = to > reach && !islands.some((island) => island.from <= from && to <= island.to);
      floor = Math.max(floor, said);
      islands = merge([...islands, { from, to }]).slice(-mostIslands);
      joinIslands();
      return isNew;
    },
    reach: () => reach,
    gapBefore: (position) => islands.find(({ from, to }) => from < position && position <= to)?.from,
  };
}

function merge(stretches: readonly Stretch[]): readonly Stretch[] {
  const merged: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || stretch.from > last.to) merged.push(stretch);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
  }
  return merged;
}
