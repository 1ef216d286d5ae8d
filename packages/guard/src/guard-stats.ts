import type { AuthErrorCode } from '@symbolon/token';
import type { Counters } from './counters.ts';
import type { FeedState } from './ends.ts';

/** What a guard has counted, and what it holds. */
export interface GuardStats extends Readonly<Counters> {
  /** How often each code has refused; one that never has is not there. */
  readonly refusedByCode: Readonly<Partial<Record<AuthErrorCode, number>>>;
  readonly cachedTokens: number;
  readonly cachedBytes: number;
  readonly rememberedProofs: number;
  readonly liveConnections: number;
  readonly feed: FeedState;
}
