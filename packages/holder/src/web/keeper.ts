import { encodeBase64url, hashText } from '@symbolon/token';
import { memoryPairStore, type PairStore, type TokenPair } from '../pair-store.ts';
import type { Seal } from './seal.ts';

/** Where the pair of a person's session is kept, by what stands in the cookie. */
export interface SessionKeeper {
  /** The pair behind a cookie's value; undefined if the value is none of ours. */
  readonly open: (value: string) => Promise<PairStore | undefined>;
  /** Keeps a pair, under a new value or the one that it had, and gives the value for the cookie. */
  readonly keep: (pair: TokenPair, value: string | undefined) => Promise<string>;
  readonly forget: (value: string) => Promise<void>;
}

/**
 * A place of the application's servers for the sessions of all people: a table, Redis. Names are SHA-256 hashes, so that
 * what is read there opens nothing.
 */
export interface WebStore {
  readonly load: (name: string) => Promise<TokenPair | undefined>;
  /** Keeps a pair if none is kept, or an older one of the same session (`isNewer`), at one stroke. */
  readonly save: (name: string, pair: TokenPair) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

/** Keeps everything in the cookie, sealed: the servers keep nothing. */
export function cookieKeeper(seal: Seal): SessionKeeper {
  const purpose = 'session';
  return {
    open: async (value) => {
      const pair = (await seal.open(purpose, value)) as TokenPair | undefined;
      if (pair === undefined) return undefined;
      const store = memoryPairStore();
      await store.replace(pair);
      return store;
    },
    keep: (pair) => seal.close(purpose, pair),
    forget: () => Promise.resolve(),
  };
}

const idText = /^[A-Za-z0-9_-]{43}$/;

/** Keeps the pair at the servers; the cookie holds 256 random bits. */
export function serverKeeper(store: WebStore): SessionKeeper {
  return {
    open: async (value) => {
      if (!idText.test(value)) return undefined;
      const name = await hashText(value);
      if ((await store.load(name)) === undefined) return undefined;
      return {
        load: () => store.load(name),
        save: (pair) => store.save(name, pair),
        replace: (pair) => (pair === undefined ? store.remove(name) : store.save(name, pair)),
      };
    },
    keep: async (pair, value) => {
      const id = value ?? encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
      await store.save(await hashText(id), pair);
      return id;
    },
    forget: async (value) => store.remove(await hashText(value)),
  };
}
