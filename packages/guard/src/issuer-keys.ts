import {
  AuthError,
  decodeBase64url,
  headerTable,
  keySetHash,
  revocationName,
  type HeaderTable,
  type VerificationKey,
} from '@symbolon/token';
import type { KeySetSource } from './key-set-source.ts';
import { createAlarm, type Timers } from './timers.ts';

/** How often the key set is fetched, in milliseconds. */
const refreshInterval = 300_000;
/** How often at most an unknown header may cause a fetch, in milliseconds. */
const unknownHeaderInterval = 60_000;
/** How long a key set that nothing confirms is used, in milliseconds. */
const maxUnconfirmed = 86_400_000;

/** Within what time guards that hear of a new key set at once spread their fetches, in milliseconds. */
const spread = 200;

const firstRetry = 1_000;
const longestRetry = 60_000;

/** The keys of the issuer, kept fresh in the background. */
export interface IssuerKeys {
  /** The keys to decide with now; undefined before the first set, and once none was confirmed for 24 hours. */
  readonly current: () => HeaderTable | undefined;
  /** Waits for a key set; refuses with `keys_unavailable` when there is none. The only wait on a request's path. */
  readonly load: () => Promise<HeaderTable>;
  /** Fetches now; rejects with what was wrong. */
  readonly ready: () => Promise<void>;
  /** A token's header was not in the table: perhaps its key is new. Never waits. */
  readonly noticeUnknownHeader: (header: string) => void;
  /**
   * The feed said, at a time of the issuer's in ms, which set was published: the set in hand is confirmed by
   * it, or fetched again at once.
   */
  readonly confirm: (hash: string, at: number) => void;
  /** The feed has ended a key: drops it, whatever the key set says. */
  readonly dropEnded: () => void;
  /** The names of the keys in hand. */
  readonly kids: () => readonly string[];
  readonly close: () => void;
}

/**
 * Keeps the key set of one issuer.
 *
 * It is fetched for three causes with budgets of their own: because it is due (every 5 minutes; after a failure
 * 1 s later, doubling to 60 s), because of an unknown header of our exact shape (once a minute at most,
 * whatever the headers say), and because the feed names another set (at once, past caches, within 200 ms of each
 * other guard; as long as they differ 1 s later, doubling to 60 s). One fetch is under way at a time. An answer
 * that is an error, no JSON, too long or without a sound key changes nothing. A key whose revocation name
 * `isEnded` is admitted by no set. `onKeys` gets the names of the keys of each new set.
 */
export function createIssuerKeys(options: {
  issuer: string;
  source: KeySetSource;
  clock: () => number;
  timers: Timers;
  jitter: () => number;
  isEnded: (name: string) => boolean;
  onKeys: (kids: ReadonlySet<string>) => void;
}): IssuerKeys {
  const { issuer, source, clock, onKeys } = options;
  let table: HeaderTable | undefined;
  let published: readonly { key: VerificationKey; name: string }[] = [];
  let hash = '';
  let chase = { allowedAt: 0, misses: 0, isOn: false };
  let confirmedAt = 0;
  let dueAt = 0;
  let failures = 0;
  let unknownAllowedAt = 0;
  let flight: Promise<void> | undefined;
  let closed = false;

  const fetchKeys = async (): Promise<void> => {
    const startedAt = clock();
    const { isOn } = chase;
    try {
      const keys = await source({ pastCaches: isOn });
      const nextHash = await keySetHash(keys.map((key) => key.kid));
      published = await Promise.all(keys.map((key) => named(issuer, key)));
      hash = nextHash;
      admit();
      confirmedAt = startedAt;
      failures = 0;
      dueAt = startedAt + refreshInterval;
    } catch (error) {
      // A fetch that was not due (an unknown header's) neither hastens nor delays the one that is.
      if (startedAt >= dueAt) dueAt = clock() + Math.min(longestRetry, firstRetry * 2 ** failures++);
      throw error;
    } finally {
      flight = undefined;
      if (isOn) chase = { ...chase, isOn: false };
      schedule();
    }
  };

  /** A key that was ended is admitted by no key set ever after. */
  const admit = (): void => {
    const keys = live();
    table = headerTable(new Map([[issuer, keys]]));
    onKeys(new Set(keys.map((key) => key.kid)));
  };

  const live = (): readonly VerificationKey[] =>
    published.filter(({ name }) => !options.isEnded(name)).map(({ key }) => key);

  /** Whatever hashes the feed names, and in what order, the issuer is asked no more often than this allows. */
  const startChase = (): void => {
    const now = clock();
    const wait = chase.allowedAt - now;
    if (closed || (wait > 0 && wait <= longestRetry)) return; // a longer wait is a clock that was set back
    const next = Math.min(longestRetry, firstRetry * 2 ** chase.misses);
    chase = { allowedAt: now + next, misses: chase.misses + 1, isOn: true };
    dueAt = Math.min(dueAt, now + spread * options.jitter());
    schedule();
  };

  const singleFetch = (): Promise<void> => (flight ??= fetchKeys());

  const fetchBehind = (): void => {
    singleFetch().catch(() => undefined); // the set in hand stays, and the next fetch is scheduled
  };

  const schedule = (): void => {
    // Where the clock went back, what is due lies far ahead of it.
    if (!closed) alarm.set(Math.min(refreshInterval, Math.max(0, dueAt - clock())));
  };
  const alarm = createAlarm(options.timers, fetchBehind);

  const current = (): HeaderTable | undefined => {
    const now = clock();
    if (table === undefined || !(now - confirmedAt < maxUnconfirmed)) return undefined;
    // The timer may have slept along with the machine, and workerd has none between requests.
    if (now >= dueAt && flight === undefined && !closed) fetchBehind();
    return table;
  };

  return {
    current,
    load: async () => {
      if (flight !== undefined || clock() >= dueAt) await singleFetch().catch(() => undefined);
      const loaded = current();
      if (loaded !== undefined) return loaded;
      throw new AuthError('keys_unavailable', { detail: { retryAfter: secondsUntil(dueAt, clock()) } });
    },
    ready: async () => {
      if (current() === undefined) await singleFetch().catch((cause: unknown) => explain(issuer, cause));
    },
    noticeUnknownHeader: (header) => {
      if (clock() < unknownAllowedAt || closed || !hasOurShape(header)) return;
      unknownAllowedAt = clock() + unknownHeaderInterval;
      fetchBehind();
    },
    confirm: (wanted, at) => {
      if (wanted !== hash) {
        startChase();
        return;
      }
      confirmedAt = Math.max(confirmedAt, Math.min(clock(), at));
      if (clock() - chase.allowedAt > longestRetry) chase = { ...chase, misses: 0 };
    },
    dropEnded: () => {
      if (table !== undefined) admit();
    },
    kids: () => live().map((key) => key.kid),
    close: () => {
      closed = true;
      alarm.stop();
    },
  };
}

async function named(issuer: string, key: VerificationKey): Promise<{ key: VerificationKey; name: string }> {
  return { key, name: await revocationName(issuer, { kind: 'key', value: key.kid }) };
}

function secondsUntil(time: number, now: number): number {
  return Math.max(1, Math.ceil((time - now) / 1000));
}

function explain(issuer: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new Error(
    `the key set of ${issuer} could not be loaded: ${reason}. Check that the issuer runs, that its identifier is spelt ` +
      'exactly so, and that this machine reaches it.',
    { cause },
  );
}

const longestHeader = 150;
const ourShape = /^\{"alg":"[A-Za-z0-9-]{1,16}","kid":"[A-Za-z0-9_-]{43}","typ":"at\+jwt"\}$/;

/** Whether a header segment could be one that our issuer publishes a key for; anything else is not worth a fetch. */
function hasOurShape(header: string): boolean {
  const bytes = header.length <= longestHeader ? decodeBase64url(header) : undefined;
  return bytes !== undefined && ourShape.test(String.fromCharCode(...bytes));
}
