import { hashText, verifySessionToken, type HeaderTable, type VerifiedSessionToken } from '@symbolon/token';
import { checkTokenText } from './credentials.ts';
import { createLatelyUsed } from './lately-used.ts';
import { revocableNames, type RevocableNames } from './revocations.ts';
import { toSession, type Session } from './session.ts';

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

/**
 * Makes the cache of verified tokens, bounded in bytes (estimated from the length of each text).
 *
 * Only successes enter. A hit says that the signature and the claims were good: times, carrier, proof and
 * requirement are checked again at every request.
 */
export function createVerifiedTokens(maxBytes: number): VerifiedTokens {
  // Measured: 1.8 kB for a token of 600 characters, most of it objects.
  const bytesOf = (_end: string, { text }: Kept): number => 2 * text.length + 1024;
  const tokens = createLatelyUsed<Kept>({ maxBytes, bytesOf });
  return {
    find: (text) => {
      const kept = tokens.find(endOf(text));
      return kept?.text === text ? kept.entry : undefined;
    },
    keep: (text, entry) => {
      tokens.keep(endOf(text), { text, entry });
    },
    keepOnlyKeys: (kids) => {
      tokens.dropUnless(({ entry }) => kids.has(entry.token.kid));
    },
    size: tokens.size,
  };
}

interface Kept {
  readonly text: string;
  readonly entry: VerifiedEntry;
}

/**
 * What an entry is found by: the end of its signature. The whole text is compared then.
 *
 * Each request brings its token as a new string, which a map must first hash character by character: over the
 * whole text that takes twice as long as all the rest of a decision.
 */
function endOf(text: string): string {
  return text.slice(-32);
}

/**
 * Verifies a token afresh and derives from it what every request with it needs. `now` in seconds.
 *
 * It does not check the carrier, a proof or a requirement.
 *
 * @throws AuthError `credentials_malformed` or a `token_…` code.
 */
export async function verifyEntry(
  text: string,
  expected: { table: HeaderTable; issuer: string; audience: string; now: number },
): Promise<VerifiedEntry> {
  checkTokenText(text);
  const { table: keys, ...others } = expected;
  const token = await verifySessionToken(text, { keys, ...others });
  const hash = token.carrier.kind === 'key' ? await hashText(text) : undefined;
  const names = await revocableNames(expected.issuer, token);
  return { token, session: toSession(token), hash, names, checkedAt: -1 };
}
