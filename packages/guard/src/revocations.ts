import { revocationName, type Revocation, type VerifiedRevocations } from '@symbolon/token';
import { createRevocationTable, nameLanes, type NameLanes } from './revocation-table.ts';

/** The names by which the feed could speak of one token, and its session's start (µs). */
export interface RevocableNames {
  readonly session: NameLanes;
  readonly subject: string;
  readonly client: string;
  readonly startedAt: number;
}

/** What a guard knows of ends, merged from every genuine statement it saw. */
export interface Revocations {
  /**
   * Takes in the entries of a genuine statement and, if it joins on to what is known, moves `to`.
   *
   * Answers `gap` if entries between may be missing: then fetch the pages before `from`.
   */
  readonly merge: (statement: VerifiedRevocations) => 'merged' | 'gap';
  /** Moves `to` once every entry at or below it was merged, page by page. */
  readonly completeTo: (to: number) => void;
  readonly isEnded: (names: RevocableNames) => boolean;
  /** Whether a signing key was ended for good, by its revocation name. */
  readonly isKeyEnded: (name: string) => boolean;
  /** Up to where every entry is known (µs on the issuer's clock); 0 before the first statement. */
  readonly to: () => number;
  /** Grows whenever something new was learnt, so that a token checked at this version need not be checked again. */
  readonly version: () => number;
  readonly size: () => { entries: number; bytes: number };
}

interface Cut {
  readonly cutAt: number;
  readonly deadline: number;
}

/**
 * Makes the set of revocations of one issuer.
 *
 * `elapsed` counts milliseconds that never go back: entries leave by elapsed time, whatever the wall clock does.
 * Entries only add; a statement that is older than what is known changes nothing and is no error.
 */
export function createRevocations(options: { elapsed: () => number }): Revocations {
  const sessions = createRevocationTable();
  const keys = new Map<string, number>();
  const cuts = new Map<string, Cut>();
  let everything = 0;
  let to = 0;
  let version = 0;

  const seconds = (): number => Math.floor(options.elapsed() / 1000);

  const add = (entry: Revocation, deadline: number): boolean => {
    switch (entry.kind) {
      case 'session':
        return sessions.add(nameLanes(entry.name), deadline);
      case 'key':
        return addKey(entry.name, deadline);
      case 'subject':
      case 'client':
        return addCut(entry.name, { cutAt: entry.cutAt, deadline });
      case 'everything':
        return addEverything(entry.cutAt);
    }
  };

  const addKey = (name: string, deadline: number): boolean => {
    const isNew = !keys.has(name);
    keys.set(name, Math.max(keys.get(name) ?? 0, deadline));
    return isNew;
  };

  const addCut = (name: string, cut: Cut): boolean => {
    const known = cuts.get(name);
    if (known !== undefined && known.cutAt >= cut.cutAt) return false;
    cuts.set(name, cut);
    return true;
  };

  const addEverything = (cutAt: number): boolean => {
    const isNew = cutAt > everything;
    everything = Math.max(everything, cutAt);
    return isNew;
  };

  const sweep = (now: number): void => {
    sessions.sweep(now);
    for (const [name, { deadline }] of cuts) if (deadline <= now) cuts.delete(name);
    for (const [name, deadline] of keys) if (deadline <= now) keys.delete(name);
  };

  const isCut = (name: string, startedAt: number): boolean => startedAt <= (cuts.get(name)?.cutAt ?? -1);

  return {
    merge: (statement) => {
      const now = seconds();
      sweep(now);
      let learnt = false;
      for (const entry of statement.entries) {
        const left = entry.until - Math.floor(statement.to / 1_000_000);
        if (left > 0 && add(entry, now + left)) learnt = true;
      }
      if (learnt) version++;
      if (statement.to <= to) return 'merged';
      if (statement.from > Math.max(to, statement.floor)) return 'gap';
      to = statement.to;
      return 'merged';
    },
    completeTo: (position) => {
      to = Math.max(to, position);
    },
    isEnded: ({ session, subject, client, startedAt }) =>
      startedAt <= everything ||
      sessions.has(session) ||
      isCut(subject, startedAt) ||
      isCut(client, startedAt),
    isKeyEnded: (name) => keys.has(name),
    to: () => to,
    version: () => version,
    size: () => ({ entries: sessions.size() + cuts.size + keys.size, bytes: sessions.bytes() }),
  };
}

/** Computes, once for a token, the names by which the feed could speak of it. */
export async function revocableNames(
  issuer: string,
  claims: { sid: string; sh: string; client_id: string; sst: number },
): Promise<RevocableNames> {
  const [session, subject, client] = await Promise.all([
    revocationName(issuer, { kind: 'session', value: claims.sid }),
    revocationName(issuer, { kind: 'subject', value: claims.sh }),
    revocationName(issuer, { kind: 'client', value: claims.client_id }),
  ]);
  return { session: nameLanes(session), subject, client, startedAt: claims.sst };
}
