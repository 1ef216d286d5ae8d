import { parseHttpDate } from './http-date.ts';
import { createRecent } from './recent.ts';

/** How far this machine's clock is from that of each server it talks to. */
export interface ClockOffsets {
  /** What must be added to this machine's clock at this origin, in milliseconds, as far as is known. */
  at(origin: string): number;
  /** The time at this origin, in whole seconds since 1970. */
  secondsAt(origin: string): number;
  /**
   * Learns from the `Date` of an answer to a request sent at `sentAt` (this machine's clock, ms).
   *
   * What is known changes by two seconds or more or not at all: a request that was made with another offset
   * than is known now is worth repeating.
   */
  learn(origin: string, answer: { headers: Headers; sentAt: number }): void;
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
    at: offsetAt,
    secondsAt: (origin) => Math.floor((clock() + offsetAt(origin)) / 1000),
    learn: (origin, { headers, sentAt }) => {
      const offset = measure({ headers, sentAt, receivedAt: clock() });
      if (offset === undefined || Math.abs(offset - offsetAt(origin)) < tolerance) return;
      offsets.set(origin, offset);
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
