import { AuthError } from '@symbolon/token';

/** What is read at once at addresses that others have named: of one host a little, so that a slow one holds up no other. */
export interface Readings {
  /**
   * Demands that there is a place for this host, or one to wait for. What is asked for at once after it finds it.
   *
   * @throws AuthError `readings_exceeded`.
   */
  readonly demandRoom: (host: string) => void;
  /** Reads once there is a place, each host's in their order. Rejects as `demandRoom` says. */
  readonly run: <T>(host: string, read: () => Promise<T>) => Promise<T>;
}

const atOnce = 8;
const ofHost = 2;
/** In seconds: by then whatever is read now was read, or has run out of time. */
const comeAgainAfter = 5;

/** Opens so many places, and as many to wait at: each reading has its time, so that nobody waits for more than one. */
export function createReadings(): Readings {
  const reading: string[] = [];
  const waiting: { readonly host: string; readonly begin: () => void }[] = [];
  const isFree = (host: string): boolean =>
    reading.length < atOnce && reading.filter((one) => one === host).length < ofHost;
  const hasRoom = (host: string): boolean =>
    isFree(host) || (waiting.length < atOnce && waiting.filter((one) => one.host === host).length < ofHost);
  const leave = (host: string): void => {
    reading.splice(reading.indexOf(host), 1);
    const at = waiting.findIndex((one) => isFree(one.host));
    const [next] = at < 0 ? [] : waiting.splice(at, 1);
    if (next === undefined) return;
    reading.push(next.host);
    next.begin();
  };
  const demandRoom = (host: string): void => {
    if (!hasRoom(host)) throw new AuthError('readings_exceeded', { detail: { retryAfter: comeAgainAfter } });
  };
  return {
    demandRoom,
    run: async (host, read) => {
      demandRoom(host);
      if (isFree(host)) reading.push(host);
      else await new Promise<void>((begin) => waiting.push({ host, begin }));
      try {
        return await read();
      } finally {
        leave(host);
      }
    },
  };
}
