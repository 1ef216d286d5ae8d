import { AuthError, encodeBase64url, type AuthErrorCode, type VerifiedRevocations } from '@symbolon/token';
import type { BoundedFetch } from './bounded-fetch.ts';
import { createFeed } from './feed.ts';
import { createFeedSource } from './feed-source.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { jitter } from './jitter.ts';
import type { GuardSettings } from './options.ts';
import type { Demand } from './requirement.ts';
import { createRevocations, type Merged } from './revocations.ts';
import type { VerifiedEntry } from './verified-tokens.ts';

/** What a guard knows of ended sessions, and how sure it may be. */
export interface FeedState {
  /** Every end up to here is known (µs on the issuer's clock); 0 before the first statement. */
  readonly to: number;
  /** How far this guard's clock is from it, in milliseconds; negative if the guard's clock is behind. */
  readonly lag: number;
  readonly isStale: boolean;
  readonly isStreaming: boolean;
  readonly entries: number;
  readonly bytes: number;
  readonly failures: number;
}

/** Why a verified token is no longer good. */
export type EndedCode = Extract<AuthErrorCode, 'session_ended' | 'token_expired' | 'token_key_unknown'>;

/** The part of a guard that knows which sessions and keys have ended. */
export interface Ends {
  readonly endOf: (entry: VerifiedEntry) => EndedCode | undefined;
  /** Whether a key was ended, by its revocation name. */
  readonly isKeyEnded: (name: string) => boolean;
  /** Whether, under the installer's choice, nothing may be accepted now. */
  readonly mustRefuse: () => boolean;
  /**
   * Refuses what has ended, and with `feed_stale` where the installer or the route demands to know more than
   * this guard does. `now` in seconds. Never waits.
   */
  readonly check: (entry: VerifiedEntry, demand: { freshWithin: Demand['freshWithin']; now: number }) => void;
  /** Loads the feed; rejects, under `staleFeed: 'refuse'`, with the reason and what to do. */
  readonly ready: () => Promise<void>;
  /** Follows from now on; waits a little for the first statement. */
  readonly begin: () => Promise<void>;
  /** The key set in hand is this one: the issuer is told when it is another than before. */
  readonly noticeKeys: (kids: ReadonlySet<string>) => void;
  readonly state: () => FeedState;
  readonly close: () => void;
}

/** How long a first request waits for the feed, in ms. */
const patience = 5_000;

/** Follows the feed of the guard's issuer; `onLearnt` is called when entries came. */
export function createEnds(
  settings: GuardSettings,
  around: { ask: BoundedFetch; keys: () => IssuerKeys; onLearnt: () => void },
): Ends {
  const { issuer, audience, name, clock, timers, identity, staleFeed, maxStale } = settings;
  const revocations = createRevocations(timers);
  const instance = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));

  let held = { kids: '', version: 0 };

  const onStatement = ({ keys, to, entries }: VerifiedRevocations, { isNewest }: Merged): void => {
    // An old statement that is said again must not keep an old key set alive.
    if (isNewest) around.keys().confirm(keys, to / 1000);
    if (entries.some((entry) => entry.kind === 'key')) around.keys().dropEnded();
    if (entries.length > 0) around.onLearnt();
  };

  const feed = createFeed({
    issuer,
    source: createFeedSource({ issuer, ask: around.ask, identity }),
    revocations,
    timers,
    jitter,
    reportVersion: () => held.version,
    report: () => ({ instance, name, audience, to: revocations.to(), keys: around.keys().kids() }),
    onStatement,
  });

  /** Both ways: a clock that is wrong is a feed that is stale, and says so; so is one that gives no number. */
  const isStale = (now: number, limit: number): boolean =>
    !(Math.abs(now - revocations.to() / 1000) <= limit);
  const mustRefuse = (now = clock()): boolean => staleFeed === 'refuse' && isStale(now, maxStale);

  const endOf = (entry: VerifiedEntry): EndedCode | undefined => {
    // The issuer's own clock has passed it, whatever the guard's says: its entry may have left already.
    if (entry.token.claims.exp * 1_000_000 <= revocations.to()) return 'token_expired';
    const version = revocations.version();
    if (entry.checkedAt === version) return undefined; // nothing was learnt since
    if (revocations.isEnded(entry.names)) return 'session_ended';
    if (revocations.isKeyEnded(entry.names.key)) return 'token_key_unknown';
    entry.checkedAt = version;
    return undefined;
  };

  return {
    endOf,
    isKeyEnded: revocations.isKeyEnded,
    mustRefuse,
    check: (entry, { freshWithin, now }) => {
      feed.nudge(now);
      const code = endOf(entry);
      if (code !== undefined) throw new AuthError(code);
      const isTooOld = freshWithin !== undefined && isStale(now * 1000, freshWithin * 1000);
      if (isTooOld || mustRefuse(now * 1000))
        throw new AuthError('feed_stale', { detail: { retryAfter: 1 } });
    },
    ready: async () => {
      await feed.ready().catch((cause: unknown) => {
        if (staleFeed === 'refuse') throw feedFault(issuer, cause);
      });
    },
    begin: () => atMost(patience, feed.begin()),
    noticeKeys: (names) => {
      const kids = [...names].sort().join(' ');
      if (kids === held.kids) return;
      held = { kids, version: held.version + 1 };
      feed.tell();
    },
    state: () => ({
      to: revocations.to(),
      lag: clock() - revocations.to() / 1000,
      isStale: isStale(clock(), maxStale),
      isStreaming: feed.isStreaming(),
      failures: feed.failures(),
      ...revocations.size(),
    }),
    close: feed.close,
  };
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}

function feedFault(issuer: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `the feed of ${issuer} could not be read: ${reason}. Check that this machine reaches it, or start with staleFeed: 'accept'.`,
    { cause },
  );
}
