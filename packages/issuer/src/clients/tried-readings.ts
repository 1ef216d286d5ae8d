/** What was read lately, well or not, and when it may be read again. */
export interface TriedReadings {
  /** How the last reading went, or goes, while its time is not over. */
  readonly lately: (id: string) => Promise<boolean> | undefined;
  /** Notes one that has begun; the promise says whether it went well. One that rejects is no reading: nothing is noted. */
  readonly note: (id: string, done: Promise<boolean>) => Promise<boolean>;
}

const remembered = 10_000;

/** A reading, and when the next may be. */
interface Tried {
  until: number;
  failures: number;
  readonly done: Promise<boolean>;
}

/** Each waits for `shortest` after the last, twice as long after each that failed, `longest` at most; all in ms. */
export function createTriedReadings(options: {
  clock: () => number;
  shortest: number;
  longest: number;
}): TriedReadings {
  const { clock, shortest, longest } = options;
  const tried = new Map<string, Tried>();
  return {
    lately: (id) => {
      const known = tried.get(id);
      return known !== undefined && clock() < known.until ? known.done : undefined;
    },
    note: (id, done) => {
      // Whoever asks decides what is read: what is remembered has a bound, and what was tried first is forgotten first.
      const [oldest] = tried.keys();
      if (tried.size >= remembered && oldest !== undefined && !tried.has(id)) tried.delete(oldest);
      const failures = tried.get(id)?.failures ?? 0;
      const entry = { until: clock() + shortest, done, failures };
      tried.set(id, entry);
      done.then(
        (isRead) => {
          entry.failures = isRead ? 0 : failures + 1;
          if (!isRead) entry.until = clock() + Math.min(shortest * 2 ** failures, longest);
        },
        () => {
          if (tried.get(id) === entry) tried.delete(id);
        },
      );
      return done;
    },
  };
}
