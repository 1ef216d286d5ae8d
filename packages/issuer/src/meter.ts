/** Counts what happens, by the minute, in this process. */
export interface Meter {
  readonly count: () => void;
  /** The last so many minutes, oldest first; the last one still runs. */
  readonly read: (minutes: number) => readonly number[];
}

const minute = 60_000;
/** How many minutes are remembered. */
const kept = 60;

/** Starts a meter. `clock` in ms. */
export function createMeter(clock: () => number): Meter {
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
