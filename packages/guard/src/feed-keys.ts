import { readFeedKeys, revocationName, revocationsHeader, type VerificationKey } from '@symbolon/token';
import type { Revocations } from './revocations.ts';

/** The feed keys of one issuer, by the exact header of the statements that each signs. */
export interface FeedKeys {
  readonly table: () => ReadonlyMap<string, VerificationKey>;
  /** Fetches the keys past every cache; one fetch at a time, at most one in ten seconds. */
  readonly refresh: () => Promise<void>;
  /** Drops what the feed itself has ended; answers whether anything was. */
  readonly dropEnded: () => Promise<boolean>;
}

const minInterval = 10_000;

/** Keeps the feed keys of one issuer. A key that was ended is never admitted again, whichever set brings it. */
export function createFeedKeys(options: {
  issuer: string;
  fetchKeys: () => Promise<unknown>;
  revocations: Revocations;
  elapsed: () => number;
}): FeedKeys {
  const { issuer, fetchKeys, revocations, elapsed } = options;
  let table: ReadonlyMap<string, VerificationKey> = new Map();
  let lastFetch = Number.NEGATIVE_INFINITY;
  let flight: Promise<void> | undefined;

  const isLive = async (key: VerificationKey): Promise<boolean> =>
    !revocations.isKeyEnded(await revocationName(issuer, { kind: 'key', value: key.kid }));

  const load = async (): Promise<void> => {
    lastFetch = elapsed();
    try {
      const keys = await readFeedKeys(await fetchKeys());
      const live = await Promise.all(keys.map(async (key) => ((await isLive(key)) ? [key] : [])));
      table = new Map(live.flat().map((key) => [revocationsHeader(key), key]));
    } finally {
      flight = undefined;
    }
  };

  return {
    table: () => table,
    refresh: () => {
      if (flight === undefined && elapsed() - lastFetch < minInterval) return Promise.resolve();
      return (flight ??= load());
    },
    dropEnded: async () => {
      const rows = [...table];
      const live = await Promise.all(rows.map(([, key]) => isLive(key)));
      if (!live.includes(false)) return false;
      table = new Map(rows.filter((_, at) => live[at]));
      lastFetch = Number.NEGATIVE_INFINITY;
      return true;
    },
  };
}
