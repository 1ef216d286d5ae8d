/** Counts what happens, by the minute, in this process. */
export interface MinuteCounts {
  readonly count: () => void;
  /** The last so many minutes, oldest first; the last one still runs. */
  readonly read: (minutes: number) => readonly number[];
}

const minute = 60_000;
/** How many minutes are remembered. */
const kept = 60;

/** Starts to count. `clock` in ms. */
export function createMinuteCounts(clock: () => number): MinuteCounts {
  const counts = new Map<number, number>();
  const now = (): number => Math.floor(clock() / minute);
  return {
    count: () => {
      const at = now();
      if (!counts.has(at)) for (const old of counts.keys()) if (old <= at - kept) counts.delete(old);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    },
    read: (minutes) =>
      Array.from({ length: minutes }, (_, index) => counts.get(now() + 1 - minutes + index) ?? 0),
  };
}
