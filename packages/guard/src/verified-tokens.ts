import type { VerifiedSessionToken } from '@symbolon/token';
import type { RevocableNames } from './revocations.ts';
import type { Session } from './session.ts';

/** A verified token, what is derived from it once, and shared by every request that brings the same text. */
export interface VerifiedEntry {
  readonly token: VerifiedSessionToken;
  readonly session: Session;
  /** `ath` of the token, undefined where no proof belongs to it. */
  readonly hash: string | undefined;
  /** How the feed could speak of it. */
  readonly names: RevocableNames;
  /** The version of the revocations at which it was last found not to be ended. */
  checkedAt: number;
}

/** The tokens that were verified lately, by their full text. */
export interface VerifiedTokens {
  readonly find: (text: string) => VerifiedEntry | undefined;
  readonly keep: (text: string, entry: VerifiedEntry) => void;
  /** Drops the entries of every key that is not named: a key that leaves takes its tokens along. */
  readonly keepOnlyKeys: (kids: ReadonlySet<string>) => void;
  readonly size: () => { entries: number; bytes: number };
}

// An entry was measured to hold its text three times (key, claims, payload) and about 2 kB of objects.
const bytesOf = (text: string): number => 3 * text.length + 2048;

/**
 * Makes the cache of verified tokens, bounded in bytes (estimated from the length of each text).
 *
 * Only successes enter. A hit says that the signature and the claims were good: times, carrier, proof and
 * requirement are checked again at every request. When it is full the half that was not used lately goes: two
 * generations, of which the older is dropped whole, so that no request pays for eviction.
 */
export function createVerifiedTokens(maxBytes: number): VerifiedTokens {
  const half = maxBytes / 2;
  let young = new Map<string, VerifiedEntry>();
  let old = new Map<string, VerifiedEntry>();
  let youngBytes = 0;
  let oldBytes = 0;

  const keep = (text: string, entry: VerifiedEntry): void => {
    const bytes = bytesOf(text);
    if (bytes > half) return;
    if (youngBytes + bytes > half) {
      old = young;
      oldBytes = youngBytes;
      young = new Map();
      youngBytes = 0;
    }
    if (!young.has(text)) youngBytes += bytes;
    young.set(text, entry);
  };

  const findOld = (text: string): VerifiedEntry | undefined => {
    const entry = old.get(text);
    if (entry === undefined) return undefined;
    old.delete(text);
    oldBytes -= bytesOf(text);
    keep(text, entry);
    return entry;
  };

  return {
    find: (text) => young.get(text) ?? findOld(text),
    keep,
    keepOnlyKeys: (kids) => {
      youngBytes -= dropOthers(young, kids);
      oldBytes -= dropOthers(old, kids);
    },
    size: () => ({ entries: young.size + old.size, bytes: youngBytes + oldBytes }),
  };
}

function dropOthers(entries: Map<string, VerifiedEntry>, kids: ReadonlySet<string>): number {
  let bytes = 0;
  for (const [text, entry] of entries) {
    if (kids.has(entry.token.kid)) continue;
    entries.delete(text);
    bytes += bytesOf(text);
  }
  return bytes;
}
