import type { GuardRow } from '../storage/port/feed-storage.ts';
import type { Storage } from '../storage/port/storage.ts';

/** A guard process that has an identity, as it last reported. */
export interface RegisteredGuard {
  /** What its installer calls it. */
  readonly name: string;
  /** Drawn by the process when it started. */
  readonly instance: string;
  readonly clientId: string;
  readonly audience: string;
  /** It has applied every entry of the feed up to here (µs). */
  readonly to: number;
  /** The session keys it holds. */
  readonly keys: readonly string[];
  /** For how long it has said nothing, in seconds. */
  readonly silentFor: number;
}

/** The guards that were heard of within a day. */
export interface RegisteredGuards {
  /** Those heard of within ten minutes: keys and ends count on them. */
  readonly heard: readonly RegisteredGuard[];
  /** Those silent for longer, which nothing waits for; one that has come back under its name is not among them. */
  readonly silent: readonly RegisteredGuard[];
}

/** A guard that was not heard of for this long, in seconds, is named and no longer waited for. */
const silentAfter = 600;

/** Reads which guards there are. Guards without an identity read the feed as well, and nobody knows of them. */
export async function readGuards(storage: Storage): Promise<RegisteredGuards> {
  const rows = await storage.listGuards();
  const now = await storage.now();
  const guards = rows.map((row) => describe(row, now));
  const heard = guards.filter(({ silentFor }) => silentFor < silentAfter);
  const back = new Set(heard.map(placeOf));
  return {
    heard,
    silent: guards.filter((guard) => guard.silentFor >= silentAfter && !back.has(placeOf(guard))),
  };
}

function describe({ seenAt, ...row }: GuardRow, now: number): RegisteredGuard {
  return { ...row, silentFor: Math.max(0, Math.round((now - seenAt) / 1_000_000)) };
}

/** A process that was started anew has another instance and the same place. */
function placeOf({ clientId, name }: RegisteredGuard): string {
  return JSON.stringify([clientId, name]);
}
