import type { SigningKeys } from './keys/signing-keys.ts';
import type { Storage } from './storage/port/storage.ts';

const everyTenMinutes = 10 * 60 * 1000;
/** µs: 90 days. */
const sweepAfter = 90 * 24 * 3600 * 1_000_000;

/** Does every ten minutes what keeps a store in order: settings, keys, pages of the feed, and what is over. */
export function keepMaintained(what: {
  keys: SigningKeys;
  storage: Storage;
  report: (fault: { path: string; error: unknown }) => void;
  tokenLife: number;
}): ReturnType<typeof setInterval> {
  const { keys, storage, report, tokenLife } = what;
  const run = async (): Promise<void> => {
    try {
      await storage.settleTokenLife(tokenLife);
      await keys.maintain();
      await storage.closePages();
      await storage.sweepAuthorizations();
      await storage.sweep({ keepSessions: sweepAfter });
      await storage.sweepCodes();
    } catch (error) {
      report({ path: 'maintenance', error });
    }
  };
  return setInterval(() => void run(), everyTenMinutes).unref();
}
