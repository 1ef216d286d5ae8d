import { AuthError, encodeBase64url, revocationName, type VerifiedRevocations } from '@symbolon/token';
import type { BoundedFetch } from './bounded-fetch.ts';
import { createFeed } from './feed.ts';
import { createFeedSource } from './feed-source.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { jitter } from './jitter.ts';
import type { GuardSettings } from './options.ts';
import type { Demand } from './requirement.ts';
import { createRevocations } from './revocations.ts';
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

/** The part of a guard that knows which sessions and keys have ended. */
export interface Ends {
  readonly isEnded: (entry: VerifiedEntry) => boolean;
  readonly isKeyEnded: (kid: string) => Promise<boolean>;
  /** Whether, under the installer's choice, nothing may be accepted now. */
  readonly mustRefuse: () => boolean;
  /** Refuses with `feed_stale` where the installer or the route demands to know more than this guard does. */
  readonly checkFresh: (demand: Demand) => void;
  readonly ready: () => Promise<void>;
  readonly state: () => FeedState;
  readonly close: () => void;
}

/** Follows the feed of the guard's issuer; `onLearnt` is called when entries came. */
export function createEnds(
  settings: GuardSettings,
  around: { ask: BoundedFetch; keys: () => IssuerKeys; onLearnt: () => void },
): Ends {
  const { issuer, audience, name, clock, identity, staleFeed, maxStale } = settings;
  const elapsed = (): number => performance.now();
  const revocations = createRevocations({ elapsed });
  const instance = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));

  const onStatement = async ({ keys, entries }: VerifiedRevocations): Promise<void> => {
    around.keys().confirm(keys);
    if (entries.some((entry) => entry.kind === 'key')) await around.keys().dropEnded();
    if (entries.length > 0) around.onLearnt();
  };

  const feed = createFeed({
    issuer,
    source: createFeedSource({ issuer, ask: around.ask, identity }),
    revocations,
    elapsed,
    jitter,
    report: () => ({ instance, name, audience, to: revocations.to(), keys: around.keys().kids() }),
    onStatement,
  });

  const lag = (): number => clock() - revocations.to() / 1000;
  /** Both ways: a clock that is wrong is a feed that is stale, and says so. */
  const isStale = (limit: number): boolean => Math.abs(lag()) > limit;
  const mustRefuse = (): boolean => staleFeed === 'refuse' && isStale(maxStale);

  return {
    isEnded: (entry) => {
      const version = revocations.version();
      // Looked up again only when something was learnt since.
      if (entry.checkedAt === version) return false;
      if (revocations.isEnded(entry.names)) return true;
      entry.checkedAt = version;
      return false;
    },
    isKeyEnded: async (kid) =>
      revocations.isKeyEnded(await revocationName(issuer, { kind: 'key', value: kid })),
    mustRefuse,
    checkFresh: ({ freshWithin }) => {
      feed.nudge();
      const tooOld = freshWithin !== undefined && isStale(freshWithin * 1000);
      if (tooOld || mustRefuse()) throw new AuthError('feed_stale', { detail: { retryAfter: 1 } });
    },
    ready: async () => {
      await feed.ready().catch((cause: unknown) => {
        if (staleFeed === 'refuse') throw feedFault(issuer, cause);
      });
    },
    state: () => ({
      to: revocations.to(),
      lag: lag(),
      isStale: isStale(maxStale),
      isStreaming: feed.isStreaming(),
      failures: feed.failures(),
      ...revocations.size(),
    }),
    close: feed.close,
  };
}

function feedFault(issuer: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `the feed of ${issuer} could not be read: ${reason}. Check that this machine reaches it, or start with staleFeed: 'accept'.`,
    { cause },
  );
}
