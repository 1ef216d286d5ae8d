import type { Done } from './token-endpoint.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { Refused, Transient } from './errors.ts';
import { createFetch, type HolderFetch } from './fetch.ts';
import type { MachineKey } from './keys.ts';
import { askOnce, type ProvePresence } from './presence.ts';
import { surroundingsOf, type HolderOptions } from './options.ts';
import type { PairStore } from './pair-store.ts';
import { createRefresh, toPair } from './refresh.ts';
import { readTokenAnswer } from './token-answer.ts';
import { createTokenSource, type TokenResult } from './token-source.ts';

/** How the holder of a session is told who it is. */
export interface SessionHolderOptions extends HolderOptions {
  /** The key that the session is bound to. */
  readonly key: MachineKey;
  /** The client's registered key, where the client authenticates (RFC 7523); a public client has none. */
  readonly clientKey?: MachineKey;
  /** Where the pair of tokens is kept: one store for one key. */
  readonly store: PairStore;
  /**
   * Has the person prove presence when a resource asks for it (RFC 9470); the request is then repeated. Without it
   * that answer, a 401, goes to the caller.
   */
  readonly provePresence?: ProvePresence;
}

/** The holder of one session that an application started: it keeps it alive and proves it. */
export interface Holder {
  /** Fetches with token and proof. @throws HolderError if there is no token to send. */
  readonly fetch: HolderFetch;
  /** The token to use now, for software that cannot use `fetch`; it is no good without proofs. */
  token(): Promise<TokenResult>;
  /**
   * Takes over a session from the answer that started it: `access_token`, `token_type`, `expires_in`,
   * `refresh_token`, `sid`, `generation`, `scope` (RFC 6749 section 5.1).
   *
   * @throws TypeError if a member is missing or unsound.
   */
  adopt(answer: unknown): Promise<void>;
  /** Ends the session at the issuer and empties the store. */
  end(): Promise<Done | Transient | Refused>;
}

/**
 * Makes the holder of a session (refresh grant, RFC 6749 section 6, bound by DPoP, RFC 9449).
 *
 * Nothing is fetched before the first request. A `refused` token whose `error` is `invalid_grant` means that
 * the session has ended; `transient` never does.
 *
 * @throws TypeError for options that can never work.
 */
export function createHolder(options: SessionHolderOptions): Holder {
  const surroundings = surroundingsOf(options);
  const { issuer, clientId, clientKey, key: holderKey, store } = options;
  const { clocks } = surroundings;
  const provePresence = options.provePresence && askOnce(options.provePresence);
  const endpoint = createTokenEndpoint({ issuer, clientId, clientKey, holderKey, ...surroundings });
  const source = createTokenSource(createRefresh({ endpoint, store, clocks }), clocks);
  return {
    fetch: createFetch({ source, key: holderKey, provePresence, ...surroundings }),
    token: () => source.current(),
    adopt: async (answer) => {
      await store.replace(readPair(answer, clocks.wall()));
      source.reset();
    },
    end: async () => {
      const pair = await store.load();
      const done: Done | Transient | Refused =
        pair === undefined ? { kind: 'ok' } : await endpoint.revoke(pair.refreshToken);
      if (done.kind !== 'ok') return done;
      await store.replace(undefined);
      source.reset();
      return done;
    },
  };
}

function readPair(answer: unknown, now: number): NonNullable<ReturnType<typeof toPair>> {
  const read =
    typeof answer === 'object' && answer !== null
      ? readTokenAnswer({ ...answer })
      : ({ kind: 'unbound' } as const);
  const pair = read.kind === 'issued' ? toPair(read.issued, now) : undefined;
  if (pair === undefined) {
    throw new TypeError('unexpected answer, expected a DPoP token with refresh_token, sid and generation');
  }
  return pair;
}
