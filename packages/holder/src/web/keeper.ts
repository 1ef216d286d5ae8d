import { encodeBase64url, hashText } from '@symbolon/token';
import { memoryPairStore, type PairStore, type TokenPair } from '../pair-store.ts';
import type { Seal } from './seal.ts';

/** Names and values of cookies. */
export type CookieValues = readonly (readonly [name: string, value: string])[];

/** A person's session, as the cookies of one request lead to it. */
export interface KeptSession {
  readonly store: Pick<PairStore, 'load' | 'save'>;
  /** What the browser has to keep of a refreshed pair, where it is not kept elsewhere. */
  readonly refreshed: (pair: TokenPair) => Promise<CookieValues>;
  readonly forget: () => Promise<void>;
}

/** Where the pairs of people's sessions are kept, and by which cookies they are found. */
export interface SessionKeeper {
  /** The names of its cookies; without the first nobody is signed in. */
  readonly names: readonly [string, ...string[]];
  /** The session that cookies lead to; undefined if they are none of ours. */
  readonly open: (read: (name: string) => string | undefined) => Promise<KeptSession | undefined>;
  /** Keeps the pair of a sign-in, under values that nobody had before. */
  readonly start: (pair: TokenPair) => Promise<CookieValues>;
}

/**
 * A place of the application's servers for the sessions of all people: a table, Redis. Names are SHA-256 hashes, so that
 * what is read there opens nothing.
 */
export interface WebStore {
  readonly load: (name: string) => Promise<TokenPair | undefined>;
  /** Keeps the pair of a sign-in, under a name that is new. */
  readonly create: (name: string, pair: TokenPair) => Promise<void>;
  /**
   * Keeps a refreshed pair over an older one of the same session (`isNewer`), at one stroke. Where none is kept it keeps
   * none: that session was signed out while it was refreshed.
   */
  readonly update: (name: string, pair: TokenPair) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

/**
 * Keeps everything in the cookie, sealed: the servers keep nothing.
 *
 * A second cookie has the mark of the sign-in, which only a sign-in writes and which is sealed in: a refreshed cookie that
 * comes after a sign-out, or after somebody else's sign-in, in an answer that took long, opens nothing.
 */
export function cookieKeeper(name: string, seal: Seal): SessionKeeper {
  const markName = `${name}-mark`;
  const close = async (pair: TokenPair, mark: string): Promise<CookieValues> => [
    [name, await seal.close(purposeOf(mark), pair)],
  ];
  return {
    names: [name, markName],
    open: async (read) => {
      const [value, mark] = [read(name), read(markName)];
      if (value === undefined || mark === undefined) return undefined;
      const pair = (await seal.open(purposeOf(mark), value)) as TokenPair | undefined;
      if (pair === undefined) return undefined;
      const store = memoryPairStore();
      await store.replace(pair);
      return { store, refreshed: (next) => close(next, mark), forget: async () => store.replace(undefined) };
    },
    start: async (pair) => {
      const mark = randomText(16);
      return [...(await close(pair, mark)), [markName, mark]];
    },
  };
}

function purposeOf(mark: string): string {
  return `session ${mark}`;
}

const idText = /^[A-Za-z0-9_-]{43}$/;

/** Keeps the pair at the servers, under a name that is made for one `context`; the cookie holds 256 random bits. */
export function serverKeeper(
  name: string,
  { store, context }: { readonly store: WebStore; readonly context: readonly string[] },
): SessionKeeper {
  const nameOf = (id: string): Promise<string> => hashText(JSON.stringify([...context, id]));
  return {
    names: [name],
    open: async (read) => {
      const id = read(name);
      if (id === undefined || !idText.test(id)) return undefined;
      const kept = await nameOf(id);
      return {
        store: { load: () => store.load(kept), save: (pair) => store.update(kept, pair) },
        refreshed: () => Promise.resolve([]),
        forget: () => store.remove(kept),
      };
    },
    start: async (pair) => {
      const id = randomText(32);
      await store.create(await nameOf(id), pair);
      return [[name, id]];
    },
  };
}

function randomText(bytes: number): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
}
