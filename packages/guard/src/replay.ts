import { AuthError, maxProofAge, type VerifiedProof } from '@symbolon/token';
import { createProofRate } from './proof-rate.ts';

/** What one process remembers of the proofs it accepted. */
export interface ReplayMemory {
  /**
   * Accepts a proof that was verified, once.
   *
   * `session` is whom its rate is counted for; `now` in seconds. A proof that is refused is not remembered.
   *
   * @throws AuthError `proof_replayed`, `proof_rate_exceeded`, or `proof_expired` where the clock went back
   * beyond what is still remembered.
   */
  readonly accept: (
    proof: Pick<VerifiedProof, 'thumbprint' | 'jti' | 'iat'>,
    request: { now: number; session: string },
  ) => void;
  readonly size: () => number;
}

/**
 * Remembers each proof, by key and `jti`, for as long as its `iat` could pass again (RFC 9449 section 11.1).
 *
 * Nothing leaves before its time, whatever arrives: there is no number of entries at which one is evicted, so a
 * flood cannot push a proof out and send it again. Memory is bounded by what can be verified in 35 seconds and
 * by `proofRate`. A replay is not counted against the session: whoever repeats what he overheard cannot slow
 * its holder down.
 */
export function createReplayMemory(options: { proofRate?: number } = {}): ReplayMemory {
  const rate = createProofRate(options.proofRate ?? 500);
  const seen = new Set<string>();
  const bySecond = new Map<number, string[]>();
  let forgottenBefore = 0;

  const forget = (now: number): void => {
    const horizon = Math.floor(now) - maxProofAge;
    if (!(horizon > forgottenBefore)) return; // also where a clock gives no number
    forgottenBefore = horizon;
    for (const [second, ids] of bySecond) {
      if (second >= horizon) continue;
      for (const id of ids) seen.delete(id);
      bySecond.delete(second);
    }
  };

  return {
    accept: ({ thumbprint, jti, iat }, { now, session }) => {
      forget(now);
      const id = `${thumbprint}.${jti}`;
      if (seen.has(id)) throw new AuthError('proof_replayed');
      if (iat < forgottenBefore) throw new AuthError('proof_expired');
      rate.take(session, now);
      seen.add(id);
      const ids = bySecond.get(iat);
      if (ids === undefined) bySecond.set(iat, [id]);
      else ids.push(id);
    },
    size: () => seen.size,
  };
}
