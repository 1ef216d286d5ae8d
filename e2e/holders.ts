import assert from 'node:assert/strict';
import type { IssuedTokens } from '@symbolon/issuer';
import { generatePrivateJwk, importSigningKey, signProof, type SigningKey } from '@symbolon/token';
import type { Replica } from './replica.ts';
import { issuerUrl, people } from './replica-orders.ts';
import type { Road } from './road.ts';

/** Who holds a session: the last pair that was answered. */
export interface Holder {
  readonly key: SigningKey;
  readonly sid: string;
  refreshToken: string;
  /** The generation of that pair: the store must never have less. */
  generation: number;
}

/** What became of a load of refreshes. */
export interface Load {
  /** Refreshes that were answered with a new pair. */
  readonly answered: () => number;
  /** What was answered instead, other than that the issuer is in trouble. */
  readonly refused: readonly string[];
  /** Answers and failures after which the holder asked again. */
  readonly disturbed: () => number;
  /** Lets each holder finish what it is at. */
  readonly stop: () => Promise<void>;
}

/** Starts sessions, each on a key of its own. */
export async function startHolders(replica: Replica, count: number): Promise<readonly Holder[]> {
  const keys = await Promise.all(
    Array.from({ length: count }, async () => importSigningKey(await generatePrivateJwk('EdDSA'))),
  );
  const tokens = await replica.start(keys.map(({ kid }, at) => ({ subject: `person ${at}`, jkt: kid })));
  return tokens.map(({ refresh_token: refreshToken = '', sid }, at) => {
    const key = keys[at];
    assert.ok(key !== undefined);
    return { key, sid, refreshToken, generation: generationOf(refreshToken) };
  });
}

/** Lets every holder refresh, one time after the other, until the load is stopped. */
export function refreshAll(holders: readonly Holder[], road: Road): Load {
  let answered = 0;
  let disturbed = 0;
  let stopped = false;
  const refused: string[] = [];
  const run = async (holder: Holder): Promise<void> => {
    while (!stopped) {
      const outcome = await refreshOnce(holder, road);
      if (outcome === 'answered') answered++;
      else if (outcome === 'disturbed') {
        disturbed++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } else {
        refused.push(outcome);
        return;
      }
    }
  };
  const all = Promise.all(holders.map(run));
  return {
    answered: () => answered,
    disturbed: () => disturbed,
    refused,
    stop: async () => {
      stopped = true;
      await all;
    },
  };
}

/** One refresh: `answered`, `disturbed` (no answer, or a fault of the issuer), or what it was refused with. */
export async function refreshOnce(holder: Holder, road: Road): Promise<string> {
  const url = `${issuerUrl}/token`;
  const proof = await signProof({ method: 'POST', url, now: Date.now() / 1000 }, holder.key);
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: people,
    refresh_token: holder.refreshToken,
  });
  try {
    const answer = await road.fetch(url, { method: 'POST', body, headers: { dpop: proof } });
    if (answer.status >= 500) return 'disturbed';
    if (!answer.ok) return `${String(answer.status)} ${await answer.text()}`;
    const { refresh_token: next = '' } = (await answer.json()) as IssuedTokens;
    holder.refreshToken = next;
    holder.generation = generationOf(next);
    return 'answered';
  } catch (error) {
    if (error instanceof TypeError) return 'disturbed';
    throw error;
  }
}

/**
 * Every answered refresh stands in the store, and every holder can go on from the pair it has.
 *
 * `stored` has the generation by session id: a store that had lost one would still answer (rule 1), so it is
 * read past the issuer.
 */
export async function assertNothingLost(
  holders: readonly Holder[],
  { stored, road }: { stored: ReadonlyMap<string, number>; road: Road },
): Promise<void> {
  for (const { sid, generation } of holders) {
    const kept = stored.get(sid) ?? -1;
    assert.ok(kept >= generation, `generation ${generation} was answered, ${kept} is stored`);
  }
  const outcomes = await Promise.all(holders.map((holder) => refreshOnce(holder, road)));
  assert.deepEqual(new Set(outcomes), new Set(['answered']));
}

function generationOf(refreshToken: string): number {
  const [, payload = ''] = refreshToken.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { gen: number }).gen;
}
