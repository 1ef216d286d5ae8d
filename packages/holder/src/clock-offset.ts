import { parseHttpDate } from './http-date.ts';
import { createRecent } from './recent.ts';

/** How far this machine's clock is from that of each server it talks to. */
export interface ClockOffsets {
  /** The time at this origin, in seconds since 1970, as far as is known. */
  secondsAt(origin: string): number;
  /**
   * Learns from the `Date` of an answer to a request sent at `sentAt` (this machine's clock, ms).
   *
   * Says whether what is known changed by two seconds or more: then a refused proof is worth repeating.
   */
  learn(origin: string, answer: { headers: Headers; sentAt: number }): boolean;
}

const tolerance = 2000; // `Date` has whole seconds, and the way there and back takes time.
const longestWay = 10_000;

/**
 * Makes a memory of clock offsets, one for each origin, so that a server can mislead nobody but itself.
 *
 * `home` is the origin whose offset is used for origins that nothing is known of: the issuer's, since a wrong
 * clock here is wrong towards everybody.
 */
export function createClockOffsets(clock: () => number, home: string): ClockOffsets {
  const offsets = createRecent<number>();
  const offsetAt = (origin: string): number => offsets.get(origin) ?? offsets.get(home) ?? 0;
  return {
    secondsAt: (origin) => Math.floor((clock() + offsetAt(origin)) / 1000),
    learn: (origin, { headers, sentAt }) => {
      const offset = measure({ headers, sentAt, receivedAt: clock() });
      if (offset === undefined) return false;
      const changed = Math.abs(offset - offsetAt(origin)) >= tolerance;
      if (changed) offsets.set(origin, offset);
      return changed;
    },
  };
}

function measure(answer: { headers: Headers; sentAt: number; receivedAt: number }): number | undefined {
  const date = parseHttpDate(answer.headers.get('date') ?? '');
  const way = answer.receivedAt - answer.sentAt;
  // A cached answer (`Age`) tells an old time, a slow one an uncertain time.
  if (date === undefined || answer.headers.has('age') || way < 0 || way > longestWay) return undefined;
  const offset = date + 500 - (answer.sentAt + way / 2);
  return Math.abs(offset) < tolerance ? 0 : offset;
}
