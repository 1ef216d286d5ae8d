import { AuthError, hashText, maxProofAge, verifyProof, type VerifiedProof } from '@symbolon/token';
import type { Counters } from './counters.ts';
import { createHolderKeys } from './holder-keys.ts';
import { createNonces } from './nonces.ts';
import type { GuardSettings } from './options.ts';
import { createReplayMemory } from './replay.ts';
import { publicUrlOf, type RequestView } from './request-view.ts';
import type { VerifiedEntry } from './verified-tokens.ts';

/** The proofs of one guard: verified, new, and remembered. */
export interface Proofs {
  /** Verifies that a proof is by the token's key and for this request and token, and accepts it once. */
  readonly accept: (
    proof: string,
    made: { request: RequestView; entry: VerifiedEntry; now: number },
  ) => Promise<VerifiedProof>;
  /** Takes a proof once across all processes, in the replay store; without a proof there is nothing to take. */
  readonly redeem: (proof: VerifiedProof | undefined) => Promise<void>;
  readonly remembered: () => number;
}

const storeTimeout = 2_000;

/** Makes the part of a guard that checks proofs. */
export function createProofs(settings: GuardSettings, counters: Counters): Proofs {
  const { audience, publicUrl, clock, replayStore } = settings;
  const nonces = createNonces({ audience, key: settings.nonceKey, clock });
  const knownKeys = createHolderKeys();
  const replay = createReplayMemory({ proofRate: settings.proofRate });

  return {
    accept: async (text, { request, entry, now }) => {
      const proof = await verifyProof(text, {
        method: request.method,
        url: publicUrlOf(request, publicUrl),
        tokenHash: entry.hash,
        now,
        knownKeys,
        ...(entry.token.carrier.kind === 'key' ? { thumbprint: entry.token.carrier.thumbprint } : {}),
      });
      await nonces.check(proof, now);
      replay.accept(proof, { now, session: entry.session.sessionId });
      return proof;
    },
    redeem: async (proof) => {
      if (proof === undefined) throw new AuthError('token_bearer_refused');
      const { thumbprint, jti, iat } = proof;
      counters.storeCalls++;
      const id = await hashText(`${audience}\n${thumbprint}\n${jti}`);
      const isFirst = await askStore(async () => replayStore?.insertIfAbsent(id, iat + maxProofAge + 1));
      if (!isFirst) throw new AuthError('proof_replayed');
    },
    remembered: () => replay.size(),
  };
}

/** A store that fails, hangs or answers nonsense refuses the request: nothing else is safe. */
async function askStore(ask: () => Promise<boolean | undefined>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer within 2 s'));
    }, storeTimeout);
  });
  try {
    const first = await Promise.race([ask(), late]);
    if (typeof first !== 'boolean') throw new TypeError('unexpected answer, expected true or false');
    return first;
  } catch (cause) {
    throw new AuthError('replay_store_unavailable', { cause, detail: { retryAfter: 1 } });
  } finally {
    clearTimeout(timer);
  }
}
