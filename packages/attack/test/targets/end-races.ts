import { setTimeout as wait } from 'node:timers/promises';

/** Long enough for two requests that were sent together, on a machine with other work. */
const longest = 500;

/** The race of refreshes with the end of their session: who comes first waits a while for the other. */
export interface EndRaces {
  /** A refresh that has looked at the session goes on once the end was noted. */
  readonly refresh: (sid: string) => Promise<void>;
  /** An end is noted once a refresh has looked at the session. */
  readonly end: (sid: string, note: () => void) => Promise<void>;
}

/** That a refresh looks before the end and writes after it hangs on both being there, and not on how busy the machine is. */
export function createEndRaces(): EndRaces {
  const races = new Map<string, Race>();
  const raceOf = (sid: string): Race => {
    const race = races.get(sid) ?? { looked: Promise.withResolvers(), ended: Promise.withResolvers() };
    races.set(sid, race);
    return race;
  };
  return {
    refresh: async (sid) => {
      const { looked, ended } = raceOf(sid);
      looked.resolve(undefined);
      await happened(ended.promise);
    },
    end: async (sid, note) => {
      const { looked, ended } = raceOf(sid);
      await happened(looked.promise);
      note();
      ended.resolve(undefined);
    },
  };
}

interface Race {
  readonly looked: PromiseWithResolvers<undefined>;
  readonly ended: PromiseWithResolvers<undefined>;
}

async function happened(event: Promise<undefined>): Promise<void> {
  const patience = new AbortController();
  const over = wait(longest, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([event, over]);
  patience.abort();
}
