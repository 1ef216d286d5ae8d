import { AuthError } from '@symbolon/token';

/** Counts the proofs of each session. */
export interface ProofRate {
  /** Counts one; refuses with `proof_rate_exceeded` when the session sends too many. `now` in seconds. */
  readonly take: (session: string, now: number) => void;
}

interface Bucket {
  level: number;
  at: number;
}

const secondsToFill = 1;

/**
 * Limits each session to `perSecond` proofs, one second's worth of them at once (a token bucket).
 *
 * A bucket left alone for a second is full again, which is what no bucket means: so two generations of a
 * second each hold all there is to know, and memory follows the sessions of the last two seconds.
 */
export function createProofRate(perSecond: number): ProofRate {
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  let youngSince = 0;

  const turn = (now: number): void => {
    if (now - youngSince < secondsToFill && now >= youngSince) return;
    old = young;
    young = new Map();
    youngSince = now;
  };

  return {
    take: (session, now) => {
      turn(now);
      const bucket = young.get(session) ?? old.get(session) ?? { level: perSecond, at: now };
      const level = Math.min(perSecond, bucket.level + Math.max(0, now - bucket.at) * perSecond);
      if (level < 1) {
        const retryAfter = Math.ceil((1 - level) / perSecond);
        throw new AuthError('proof_rate_exceeded', { detail: { retryAfter } });
      }
      young.set(session, { level: level - 1, at: now });
    },
  };
}
