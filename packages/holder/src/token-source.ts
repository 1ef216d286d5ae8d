import { transient, type Refused, type Transient } from './errors.ts';
import { startStopwatch, type Clocks } from './stopwatch.ts';
import type { Obtained } from './token-endpoint.ts';

/** A session token that may be used now. */
export interface UsableToken {
  readonly kind: 'ok';
  /** Only good together with proofs by the holder's key. */
  readonly token: string;
  /** When it expires, in milliseconds on this machine's clock, right or wrong. */
  readonly expiresAt: number;
  readonly scope?: string;
  readonly sessionId?: string;
}

/** A token, or why there is none: `transient` may pass, `refused` is the issuer's word. */
export type TokenResult = UsableToken | Transient | Refused;

/** Keeps one token fresh; however many ask, one request is under way at a time. */
export interface TokenSource {
  /** The token to use now. */
  current(): Promise<TokenResult>;
  /** A token other than the one that a resource refused. */
  replacing(rejected: string): Promise<TokenResult>;
  /** Forgets the token and every failure; what is under way is not kept. */
  reset(): void;
}

/** Gets a token from the issuer or a store: another than `known`, which is near its end or was refused. */
export type Obtain = (known: string | undefined) => Promise<Obtained | Transient | Refused>;

/** How far a token's life has gone; from `ageing` on it should be refreshed, from `ending` on requests wait for that. */
export type Phase = 'fresh' | 'ageing' | 'ending' | 'expired';

const ageingFrom = 0.75; // of the token's life
const lastPart = 0.1; // of the token's life, at most `lastSeconds`
const lastSeconds = 30;
const refusalKept = 30; // seconds: a refused client does not hammer, and an operator's lift needs no restart
const longestPause = 10; // seconds
const tooNew = 5000; // ms: a resource that refuses so new a token will refuse the next one too

/** Tells how far the life of a token has gone. */
export function phaseOf({ issued, age }: Pick<Obtained, 'issued' | 'age'>): Phase {
  const life = issued.life * 1000;
  const gone = age();
  if (gone >= life) return 'expired';
  if (gone >= life - Math.min(lastSeconds * 1000, life * lastPart)) return 'ending';
  return gone >= life * ageingFrom ? 'ageing' : 'fresh';
}

/** Makes a source that has no token yet. */
export function createTokenSource(obtain: Obtain, clocks: Clocks): TokenSource {
  let held: Obtained | undefined;
  let flight: Promise<Obtained | Failure> | undefined;
  const pause = createPause(clocks);

  const begin = (known: string | undefined): Promise<Obtained | Failure> => {
    const mine = obtain(known)
      .catch(unforeseen)
      .then((result) => {
        if (flight === mine) settle(result);
        return result;
      });
    flight = mine;
    return mine;
  };
  const settle = (result: Obtained | Failure): void => {
    flight = undefined;
    pause.note(result);
    if (result.kind !== 'transient') held = result.kind === 'ok' ? result : undefined;
  };

  const current = async (): Promise<TokenResult> => {
    const phase = held === undefined ? 'expired' : phaseOf(held);
    if (held !== undefined && phase === 'fresh') return usable(held);
    const attempt = pause.left() ?? flight ?? begin(held?.issued.token);
    if (held !== undefined && phase === 'ageing') return usable(held);
    const result = await attempt;
    // A blip stops nothing: what was issued is good until it expires.
    if (result.kind === 'transient' && held !== undefined && phaseOf(held) !== 'expired') return usable(held);
    return toResult(result);
  };

  return {
    current,
    replacing: async (rejected) => {
      if (held !== undefined && held.issued.token !== rejected) return current();
      if (held !== undefined && held.age() < tooNew) return usable(held);
      return toResult(await (pause.left() ?? flight ?? begin(rejected)));
    },
    reset: () => {
      held = flight = undefined;
      pause.note(undefined);
    },
  };
}

type Failure = Transient | Refused;

/** The time after a failure in which nobody is asked again. */
interface Pause {
  note(result: Obtained | Failure | undefined): void;
  /** The failure, while its time is not over; `retryAfter` is what is left of it. */
  left(): Failure | undefined;
}

function createPause(clocks: Clocks): Pause {
  let failures = 0;
  let last: { failure: Failure; seconds: number; elapsed: () => number } | undefined;
  return {
    note: (result) => {
      failures = result?.kind === 'transient' ? failures + 1 : 0;
      const failed = result !== undefined && result.kind !== 'ok';
      last = failed
        ? { failure: result, seconds: pauseAfter(result, failures), elapsed: startStopwatch(clocks) }
        : undefined;
    },
    left: () => {
      const rest = last === undefined ? 0 : last.seconds - last.elapsed() / 1000;
      if (last === undefined || rest <= 0) return undefined;
      return last.failure.kind === 'refused'
        ? last.failure
        : { ...last.failure, retryAfter: Math.ceil(rest) };
    },
  };
}

function pauseAfter(failure: Failure, failures: number): number {
  if (failure.kind === 'refused') return refusalKept;
  return failure.retryAfter ?? Math.min(2 ** (failures - 1), longestPause);
}

/** A key that cannot sign now (a KMS, a token that was pulled out), a store that cannot be read: may pass. */
function unforeseen(cause: unknown): Transient {
  return transient('holder_fault', 'no token could be asked for; see the cause', { cause });
}

function toResult(result: Obtained | Failure): TokenResult {
  return result.kind === 'ok' ? usable(result) : result;
}

function usable({ issued, sentAt }: Obtained): UsableToken {
  const { token, life, scope, sessionId } = issued;
  return {
    kind: 'ok',
    token,
    expiresAt: sentAt + life * 1000,
    ...(scope === undefined ? {} : { scope }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}
