import { readFeedKeys, revocationName, revocationsHeader, type VerificationKey } from '@symbolon/token';
import type { FeedSource } from './feed-source.ts';
import type { Revocations } from './revocations.ts';

/** The feed keys of one issuer, by the exact header of the statements that each signs. */
export interface FeedKeys {
  readonly table: () => ReadonlyMap<string, VerificationKey>;
  /** Fetches the keys if that was not done just now; answers whether it was done. One fetch at a time. */
  readonly refresh: () => Promise<boolean>;
  /** Drops what the feed itself has ended; answers whether any of it was ever held here. */
  readonly dropEnded: () => boolean;
}

/** How often at most statements by unknown keys may cause a fetch, in ms. */
const minInterval = 10_000;
const retryInterval = 1_000;

/**
 * Keeps the feed keys of one issuer.
 *
 * They are fetched from any cache once, and past every cache after that: whoever asks again has met a key that
 * is newer than what he holds, or lost one. A key that was ended is never admitted again, whichever set brings it.
 */
export function createFeedKeys(options: {
  issuer: string;
  fetchKeys: FeedSource['keys'];
  revocations: Revocations;
  elapsed: () => number;
}): FeedKeys {
  const { issuer, fetchKeys, revocations, elapsed } = options;
  let held: readonly { name: string; key: VerificationKey }[] = [];
  let table: ReadonlyMap<string, VerificationKey> = new Map();
  let hasLoaded = false;
  const trusted = new Set<string>(); // the names of all keys that were ever held and not ended
  let allowedAt = Number.NEGATIVE_INFINITY;
  let flight: Promise<boolean> | undefined;

  const keepLive = (keys: typeof held): void => {
    held = keys.filter(({ name }) => !revocations.isKeyEnded(name));
    for (const { name } of held) trusted.add(name);
    table = new Map(held.map(({ key }) => [revocationsHeader(key), key]));
  };

  const load = async (): Promise<boolean> => {
    const pastCaches = hasLoaded;
    allowedAt = elapsed() + retryInterval;
    try {
      const keys = await readFeedKeys(await fetchKeys({ pastCaches }));
      keepLive(await Promise.all(keys.map((key) => named(issuer, key))));
      allowedAt = pastCaches ? elapsed() + minInterval : Number.NEGATIVE_INFINITY;
      hasLoaded = true;
      return true;
    } finally {
      flight = undefined;
    }
  };

  return {
    table: () => table,
    refresh: async () => {
      if (flight === undefined && elapsed() < allowedAt) return false;
      return (flight ??= load());
    },
    dropEnded: () => {
      const ended = [...trusted].filter(revocations.isKeyEnded);
      if (ended.length === 0) return false;
      for (const name of ended) trusted.delete(name);
      keepLive(held);
      allowedAt = Number.NEGATIVE_INFINITY;
      return true;
    },
  };
}

async function named(issuer: string, key: VerificationKey): Promise<{ name: string; key: VerificationKey }> {
  return { key, name: await revocationName(issuer, { kind: 'key', value: key.kid }) };
}
