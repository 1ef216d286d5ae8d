import type { OpenStream } from './feed-source.ts';
import { createAlarm, type Timers } from './timers.ts';

/** One stream after the other, with time between. */
export interface FeedStream {
  readonly isDue: () => boolean;
  /** In how many milliseconds the next one may be opened. */
  readonly dueIn: () => number;
  /** Opens one and stays until it ends; rejects if it ended badly. */
  readonly listen: () => Promise<void>;
  /** Whether one is open and has said something genuine. */
  readonly isOpen: () => boolean;
  readonly close: () => void;
}

/** A stream on which nothing new came for this long is hung up, in ms: the issuer speaks every second. */
const silence = 5_000;
const silenceCheck = 1_000;
const firstRetry = 500;
const longestRetry = 30_000;
/** A stream that lasted this long was a good one, in ms. */
const goodLife = 30_000;

/**
 * Makes the part that keeps a stream open.
 *
 * `newsAt` is when something new was last heard: a stream that repeats itself is as silent as one that says
 * nothing. Between two streams there is a wait that doubles, with jitter, until one has lasted.
 */
export function createFeedStream(options: {
  open: OpenStream;
  hear: (statement: string) => Promise<void>;
  newsAt: () => number;
  timers: Timers;
  jitter: () => number;
}): FeedStream {
  const { open, hear, newsAt, timers, jitter } = options;
  const { elapsed } = timers;
  let current: AbortController | undefined;
  let heard = false;
  let closed = false;
  let dueAt = Number.NEGATIVE_INFINITY;
  let tries = 0;

  const waitAfter = (life: number): number => {
    tries = life >= goodLife ? 0 : tries + 1;
    return Math.min(longestRetry, firstRetry * 2 ** tries) * (0.5 + jitter() / 2);
  };

  /** Raced with the stream itself: one that does not heed its signal must not hold the guard up. */
  const whenHungUp = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });

  const listen = async (): Promise<void> => {
    if (closed) return;
    const hangUp = new AbortController();
    const startedAt = elapsed();
    current = hangUp;
    const watch = createAlarm(timers, () => {
      const quietSince = Math.max(newsAt(), startedAt);
      if (elapsed() - quietSince > silence)
        hangUp.abort(new TypeError('the stream said nothing new for 5 s'));
      else watch.set(silenceCheck);
    });
    watch.set(silenceCheck);
    const hearOne = async (text: string): Promise<void> => {
      await hear(text);
      heard = current === hangUp;
    };
    try {
      await Promise.race([open(hearOne, hangUp.signal), whenHungUp(hangUp.signal)]);
    } finally {
      watch.stop();
      current = undefined;
      heard = false;
      dueAt = elapsed() + waitAfter(elapsed() - startedAt);
      hangUp.abort(new TypeError('the stream has ended'));
    }
  };

  return {
    isDue: () => elapsed() >= dueAt,
    dueIn: () => Math.max(0, dueAt - elapsed()),
    listen,
    isOpen: () => heard,
    close: () => {
      closed = true;
      current?.abort(new TypeError('the guard was closed'));
    },
  };
}
