import { transient, refused, type Refused, type Transient } from './errors.ts';
import type { PairStore, TokenPair } from './pair-store.ts';
import { startStopwatch, type Clocks } from './stopwatch.ts';
import type { Issued } from './token-answer.ts';
import type { Obtained, TokenEndpoint } from './token-endpoint.ts';
import { phaseOf, type Obtain } from './token-source.ts';

/** What a refresh needs. */
export interface RefreshOptions {
  readonly endpoint: TokenEndpoint;
  readonly store: Pick<PairStore, 'load' | 'save'>;
  readonly clocks: Clocks;
}

/**
 * Makes the way a session's holder gets its next token (`docs/spec/holder.md`, section "Refresh").
 *
 * Reads the store first: another process may have refreshed meanwhile. Saves only a newer pair. Whatever goes
 * wrong on the way leaves the store as it was, so that the same refresh token is presented again: to that a
 * lost answer and a second process look alike, and the issuer answers both.
 */
export function createRefresh(options: RefreshOptions): Obtain {
  return async (known) => {
    const pair = await options.store.load();
    if (pair === undefined) return sessionMissing;
    const kept = obtainedFrom(pair, options.clocks);
    if (pair.token !== known && phaseOf(kept) !== 'expired') return kept;
    let presented = pair;
    const answer = await options.endpoint.request(async () => {
      presented = (await options.store.load()) ?? pair;
      return { grant_type: 'refresh_token', refresh_token: presented.refreshToken };
    });
    return settle(presented, answer, options);
  };
}

const sessionMissing = refused('session_missing', 'there is no session in the store; start one');

async function settle(
  presented: TokenPair,
  answer: Obtained | Transient | Refused,
  options: RefreshOptions,
): Promise<Obtained | Transient | Refused> {
  if (answer.kind === 'refused') return settleRefusal(presented, answer, options);
  if (answer.kind !== 'ok') return answer;
  const next = toPair(answer.issued, answer.sentAt);
  if (next?.sessionId !== presented.sessionId) {
    return transient(
      'issuer_answer_malformed',
      'unexpected token answer, expected the next pair of this session',
    );
  }
  await options.store.save(next);
  return answer;
}

/** Superseded means that somebody who shares the store was faster: what he saved is read, nothing has ended. */
async function settleRefusal(
  presented: TokenPair,
  refusal: Refused,
  { store, clocks }: RefreshOptions,
): Promise<Obtained | Transient | Refused> {
  const kept = await store.load();
  const changed = kept !== undefined && kept.refreshToken !== presented.refreshToken;
  if (changed && phaseOf(obtainedFrom(kept, clocks)) !== 'expired') return obtainedFrom(kept, clocks);
  if (refusal.code === 'refresh_superseded') {
    return transient(refusal.code, 'another process refreshed and has not saved its pair yet', {
      retryAfter: 1,
    });
  }
  if (changed) return transient(refusal.code, 'the store changed while it was refreshed', { retryAfter: 1 });
  return refusal;
}

/** The pair of an answer, undefined if a member that only a session's answer has is missing. */
export function toPair(issued: Issued, obtainedAt: number): TokenPair | undefined {
  const { token, life, scope, sessionId, refreshToken, generation } = issued;
  if (sessionId === undefined || refreshToken === undefined || generation === undefined) return undefined;
  const pair = { token, refreshToken, sessionId, generation, obtainedAt, life };
  return scope === undefined ? pair : { ...pair, scope };
}

const wrongClock = 5000;

/** A pair from the store; one from the future (the clock was put back) counts as expired. */
export function obtainedFrom(pair: TokenPair, clocks: Clocks): Obtained {
  const { token, life, scope, sessionId, refreshToken, generation, obtainedAt } = pair;
  const before = clocks.wall() - obtainedAt;
  const since = startStopwatch(clocks);
  const issued = {
    token,
    life,
    sessionId,
    refreshToken,
    generation,
    ...(scope === undefined ? {} : { scope }),
  };
  const age = (): number => (before < -wrongClock ? Infinity : Math.max(0, before) + since());
  return { kind: 'ok', issued, sentAt: obtainedAt, age };
}
