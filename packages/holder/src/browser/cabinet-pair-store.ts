import { isNewer, type PairStore, type TokenPair } from '../pair-store.ts';
import type { Cabinet } from './cabinet.ts';

const name = 'pair';

/** Keeps the pair of tokens in a cabinet, for all tabs. */
export function cabinetPairStore(cabinet: Cabinet): PairStore {
  return {
    load: async () => readPair(await cabinet.read(name)),
    save: async (pair) => {
      await cabinet.change(name, (kept) => (isNewer(pair, readPair(kept)) ? pair : kept));
    },
    replace: async (pair) => {
      await cabinet.change(name, () => pair);
    },
  };
}

/** Only this package writes here, and a pair of another version of it counts as none. */
function readPair(value: unknown): TokenPair | undefined {
  const sound = typeof value === 'object' && value !== null && 'refreshToken' in value && 'life' in value;
  return sound ? (value as TokenPair) : undefined;
}
