import { AuthError, verifyRevocations, type VerifiedRevocations } from '@symbolon/token';
import { createFeedKeys } from './feed-keys.ts';
import type { FeedSource } from './feed-source.ts';
import type { Revocations } from './revocations.ts';

/** How a guard follows its issuer's feed. */
export interface Feed {
  /** Waits until every entry up to the newest statement is known. */
  readonly ready: () => Promise<void>;
  /** Called on a request: where there are no timers, this is what keeps the feed polled. Never waits. */
  readonly nudge: () => void;
  readonly isStreaming: () => boolean;
  /** How many statements were refused, and how often following failed. */
  readonly failures: () => number;
  readonly close: () => void;
}

/** Without a stream the feed is asked for this often, in ms; its caches keep it for a second. */
const pollInterval = 1_000;
/** A stream that says nothing for this long is broken: the issuer speaks every second. */
const silence = 5_000;
const firstRetry = 100;
const longestRetry = 5_000;
/** How often a guard with an identity tells that it is there, in ms. */
const reportInterval = 5_000;
const maxPages = 200;

/**
 * Follows the feed of one issuer: by stream where the guard has an identity, by polling where it has none.
 *
 * Every genuine statement is merged, in whatever order they come; a gap is filled from the closed pages before
 * `to` moves. `onStatement` is called after each. A statement that is not genuine changes nothing.
 */
export function createFeed(options: {
  issuer: string;
  source: FeedSource;
  revocations: Revocations;
  elapsed: () => number;
  jitter: () => number;
  report: () => object;
  onStatement: (statement: VerifiedRevocations) => Promise<void>;
}): Feed {
  const { issuer, source, revocations, elapsed, jitter, onStatement } = options;
  const keys = createFeedKeys({ issuer, fetchKeys: source.keys, revocations, elapsed });
  const stopped = new AbortController();
  let streaming = false;
  let failures = 0;
  let attempts = 0;
  let lastHeard = Number.NEGATIVE_INFINITY;
  let polling: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let filling: Promise<void> | undefined;
  let acknowledged = { to: -1, version: -1, at: Number.NEGATIVE_INFINITY };
  let reporting = false;

  const verify = async (text: string): Promise<VerifiedRevocations> => {
    try {
      return await verifyRevocations(text, { keys: keys.table(), issuer });
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'revocations_key_unknown') throw error;
      await keys.refresh();
      return verifyRevocations(text, { keys: keys.table(), issuer });
    }
  };

  const take = async (text: string): Promise<void> => {
    const statement = await verify(text);
    const outcome = revocations.merge(statement);
    lastHeard = elapsed();
    if (await keys.dropEnded()) await keys.refresh();
    await onStatement(statement);
    if (outcome === 'gap') await (filling ??= fill(statement).finally(() => (filling = undefined)));
    acknowledge();
  };

  /** Walks the closed pages back to what is known; each names by its `from` the page before it. */
  const fill = async (newest: VerifiedRevocations): Promise<void> => {
    let from = newest.from;
    for (let count = 0; from > Math.max(revocations.to(), newest.floor); count++) {
      const page = await verify(await source.page(from));
      if (page.to !== from || page.from >= from || count === maxPages)
        throw new TypeError('the pages of the feed do not join');
      revocations.merge(page);
      from = page.from;
    }
    revocations.completeTo(newest.to);
    await onStatement(newest);
  };

  const acknowledge = (): void => {
    const news = revocations.version() !== acknowledged.version;
    const due = elapsed() - acknowledged.at >= reportInterval;
    if (source.acknowledge === undefined || reporting || !(news || due)) return;
    const sent = { to: revocations.to(), version: revocations.version(), at: elapsed() };
    reporting = true;
    source
      .acknowledge(options.report())
      .then(() => (acknowledged = sent))
      .catch(() => failures++)
      .finally(() => {
        reporting = false;
        if (revocations.version() !== acknowledged.version && acknowledged === sent) acknowledge();
      });
  };

  const poll = async (): Promise<void> => {
    await take(await source.current());
    attempts = 0;
  };

  const listen = async (stream: NonNullable<FeedSource['stream']>): Promise<void> => {
    const hangUp = new AbortController();
    const watch = setInterval(() => {
      if (elapsed() - lastHeard > silence) hangUp.abort(new Error('the stream fell silent'));
    }, silence / 2);
    (watch as { unref?: () => void }).unref?.();
    lastHeard = elapsed();
    let queue = Promise.resolve();
    const heard = (text: string): void => {
      queue = queue
        .then(() => take(text))
        .then(
          () => {
            streaming = true;
            attempts = 0;
          },
          () => {
            failures++;
            hangUp.abort(new Error('a statement was not genuine'));
          },
        );
    };
    try {
      await stream(heard, AbortSignal.any([stopped.signal, hangUp.signal]));
      await queue;
    } finally {
      clearInterval(watch);
      streaming = false;
    }
  };

  const follow = async (): Promise<void> => {
    try {
      if (source.stream !== undefined && attempts % 2 === 0) await listen(source.stream);
      else await poll();
    } catch {
      failures++;
      attempts++;
    }
    schedule();
  };

  const schedule = (): void => {
    if (stopped.signal.aborted) return;
    clearTimeout(timer);
    timer = setTimeout(run, wait());
    (timer as { unref?: () => void }).unref?.();
  };

  /** Retries double with jitter, so that a fleet does not come back all at once. */
  const wait = (): number => {
    if (attempts === 0) return source.stream === undefined ? pollInterval : firstRetry * jitter();
    return Math.min(longestRetry, firstRetry * 2 ** attempts) * (0.5 + jitter() / 2);
  };

  const run = (): void => {
    polling ??= follow().finally(() => (polling = undefined));
  };

  return {
    ready: async () => {
      if (revocations.to() === 0) await poll();
      run();
    },
    nudge: () => {
      if (!stopped.signal.aborted && polling === undefined && elapsed() - lastHeard > 2 * pollInterval) run();
    },
    isStreaming: () => streaming,
    failures: () => failures,
    close: () => {
      clearTimeout(timer);
      stopped.abort();
    },
  };
}
