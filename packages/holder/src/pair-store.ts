import type { Eventually } from '@symbolon/token';

/** The two tokens of a session as they are kept between requests and restarts. */
export interface TokenPair {
  readonly token: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  /** Counts the rotations of the session: of two pairs of one session the higher is newer. */
  readonly generation: number;
  /** When the pair was asked for, in milliseconds on the clock of whoever asked. */
  readonly obtainedAt: number;
  /** The life of `token` from then, in seconds. */
  readonly life: number;
  readonly scope?: string;
}

/**
 * Where the one pair of a holder's key is kept, shared by all its processes or tabs.
 *
 * Both writes must be atomic. A store that fails throws; then nothing is lost, because the pair that was read
 * before is good until its successor is used.
 */
export interface PairStore {
  /** The pair, undefined if there is none. */
  load(): Eventually<TokenPair | undefined>;
  /** Keeps a refreshed pair, but only over an older one of the same session (see {@link isNewer}). */
  save(pair: TokenPair): Eventually<void>;
  /** Keeps the first pair of another session, or nothing any more, over whatever is there. */
  replace(pair: TokenPair | undefined): Eventually<void>;
}

/** Whether a pair may take the place of the one that is kept: same session, higher generation. */
export function isNewer(pair: TokenPair, kept: TokenPair | undefined): boolean {
  return kept?.sessionId === pair.sessionId && kept.generation < pair.generation;
}

/** Makes a store that lives and dies with this process. */
export function memoryPairStore(): PairStore {
  let kept: TokenPair | undefined;
  return {
    load: () => kept,
    save: (pair) => {
      if (isNewer(pair, kept)) kept = pair;
    },
    replace: (pair) => {
      kept = pair;
    },
  };
}
