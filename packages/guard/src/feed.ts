import { AuthError, verifyRevocations, type VerifiedRevocations } from '@symbolon/token';
import { createAcknowledgements } from './acknowledgements.ts';
import { createFeedKeys } from './feed-keys.ts';
import type { FeedSource } from './feed-source.ts';
import { createFeedStream } from './feed-stream.ts';
import type { Merged, Revocations } from './revocations.ts';
import { createAlarm, type Timers } from './timers.ts';

/** How a guard follows its issuer's feed. */
export interface Feed {
  /** Waits until every entry up to the newest statement is known; rejects with what was wrong, and follows on. */
  readonly ready: () => Promise<void>;
  /** Follows from now on; the promise waits for the first answer, or until the first attempt has failed. */
  readonly begin: () => Promise<void>;
  /** Called on a request, with its time in seconds: where no timer runs, this keeps the feed polled. Never waits. */
  readonly nudge: (now: number) => void;
  readonly isStreaming: () => boolean;
  /** What is reported has changed beside the feed: tells it, once there is a statement to tell of. Never waits. */
  readonly tell: () => void;
  /** How many statements were refused, and how often following failed. */
  readonly failures: () => number;
  readonly close: () => void;
}

/** Without a stream the feed is asked for this often, in ms; its caches keep it for a second. */
const pollInterval = 1_000;
const firstRetry = 100;
const longestRetry = 5_000;
/** A timer that is this late does not run at all, in ms. */
const latestTimer = 1_000;
/** A turn that has gone on for so long was cut off with the request it began in, as on workerd; in ms. */
const longestTurn = 30_000;
/** The most pages walked through in one turn; what was heard is kept, so that the next turn goes on from there. */
const maxPages = 200;

/**
 * Follows the feed of one issuer: by stream where the guard has an identity, by polling where it has none and
 * while the stream is down.
 *
 * Every genuine statement is merged, in whatever order they come; a gap is filled from the closed pages.
 * `onStatement` is called at once for each. A statement that is not genuine changes nothing.
 */
export function createFeed(options: {
  issuer: string;
  source: FeedSource;
  revocations: Revocations;
  timers: Timers;
  jitter: () => number;
  report: () => object;
  /** Grows whenever what is reported beside the feed has changed. */
  reportVersion: () => number;
  onStatement: (statement: VerifiedRevocations, merged: Merged) => void;
}): Feed {
  const { issuer, source, revocations, timers, jitter, onStatement } = options;
  const { elapsed } = timers;
  const keys = createFeedKeys({ issuer, fetchKeys: source.keys, revocations, elapsed });
  let closed = false;
  let failures = 0;
  let attempts = 0;
  let nudgedAt = Number.NEGATIVE_INFINITY;
  let newsAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.NEGATIVE_INFINITY;
  let turn: { startedAt: number } | undefined;
  let begun: Promise<void> | undefined;
  let answered = (): void => undefined;
  const firstAnswer = new Promise<void>((resolve) => (answered = resolve));

  const acknowledgements = createAcknowledgements({
    send: source.acknowledge && (() => source.acknowledge?.(options.report()) ?? Promise.resolve()),
    version: () => revocations.version() + options.reportVersion(),
    timers,
    onFailure: () => failures++,
  });

  const isByLiveKey = (text: string): boolean => keys.table().has(text.slice(0, text.indexOf('.')));

  const verify = async (text: string): Promise<VerifiedRevocations> => {
    try {
      const statement = await verifyRevocations(text, { keys: keys.table(), issuer });
      // The key may have been ended while its signature was verified.
      if (isByLiveKey(text)) return statement;
      throw new AuthError('revocations_key_unknown');
    } catch (error) {
      const isKeyUnknown = error instanceof AuthError && error.code === 'revocations_key_unknown';
      if (!isKeyUnknown || !(await keys.refresh())) throw error;
      return verify(text);
    }
  };

  const take = async (text: string): Promise<VerifiedRevocations> => {
    const statement = await verify(text);
    const merged = revocations.merge(statement);
    if (merged.isNews) newsAt = elapsed();
    onStatement(statement, merged);
    if (keys.dropEnded()) {
      revocations.doubt();
      if (isByLiveKey(text)) revocations.merge(statement);
      await keys.refresh();
    }
    return statement;
  };

  /** Walks the closed pages back to what is known; each names by its `from` the page before it. */
  const fillBefore = async ({ to }: VerifiedRevocations): Promise<void> => {
    for (let count = 0; count <= maxPages; count++) {
      const end = revocations.gapBefore(to);
      if (end === undefined || closed) return;
      const page = await take(await source.page(end));
      if (page.to !== end || page.from >= end) throw new TypeError('the pages of the feed do not join');
    }
    throw new TypeError(`more than ${maxPages} pages of the feed are missing`);
  };

  const poll = async (): Promise<void> => {
    await fillBefore(await take(await source.current()));
    answered();
    acknowledgements.tell();
  };

  /** What the stream says joins on to the last thing it said; if not, the window tells what came between. */
  const hear = async (text: string): Promise<void> => {
    const { to } = await take(text);
    if (revocations.gapBefore(to) !== undefined) await poll();
    answered();
    acknowledgements.tell();
  };

  const stream =
    source.stream && createFeedStream({ open: source.stream, hear, newsAt: () => newsAt, timers, jitter });

  const follow = async (): Promise<void> => {
    try {
      await (stream?.isDue() === true ? stream.listen() : poll());
      attempts = 0;
    } catch {
      failures++;
      attempts++;
    }
  };

  const run = async (): Promise<void> => {
    if (closed) return;
    alarm.stop();
    const own = { startedAt: elapsed() };
    turn = own;
    await follow();
    if (turn !== own) return; // it was given up, and another goes on
    turn = undefined;
    schedule(wait());
  };

  const schedule = (delay: number): void => {
    if (closed) return;
    dueAt = elapsed() + delay;
    alarm.set(delay);
  };
  const alarm = createAlarm(timers, () => void run());

  /** Retries double with jitter, so that a fleet does not come back all at once. */
  const wait = (): number => {
    if (attempts > 0) return Math.min(longestRetry, firstRetry * 2 ** attempts) * (0.5 + jitter() / 2);
    return Math.min(pollInterval * (0.75 + jitter() / 2), stream?.dueIn() ?? Infinity);
  };

  return {
    ready: async () => {
      begun ??= Promise.resolve();
      try {
        if (revocations.to() === 0) await poll();
      } finally {
        if (turn === undefined) schedule(stream?.dueIn() ?? pollInterval);
      }
    },
    // A stream goes on for hours: what is waited for is what it says first.
    begin: () => (begun ??= Promise.race([run(), firstAnswer])),
    nudge: (now) => {
      if (Math.abs(now - nudgedAt) < 1) return;
      nudgedAt = now;
      const isLate =
        turn === undefined ? elapsed() - dueAt > latestTimer : elapsed() - turn.startedAt > longestTurn;
      if (isLate && stream?.isOpen() !== true) void run();
    },
    isStreaming: () => stream?.isOpen() === true,
    tell: () => {
      if (revocations.to() > 0 && !closed) acknowledgements.tell();
    },
    failures: () => failures,
    close: () => {
      closed = true;
      alarm.stop();
      acknowledgements.close();
      stream?.close();
    },
  };
}
