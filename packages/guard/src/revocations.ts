import { revocationName, type Revocation, type VerifiedRevocations } from '@symbolon/token';
import { createCoverage } from './coverage.ts';
import { createRevocationTable, nameLanes, type NameLanes } from './revocation-table.ts';

/** The names by which the feed could speak of one token, and its session's start (µs). */
export interface RevocableNames {
  readonly session: NameLanes;
  readonly subject: string;
  readonly client: string;
  readonly key: string;
  readonly startedAt: number;
}

/** What taking in a statement came to. */
export interface Merged {
  /** No genuine statement before it ended later: what it says about the present counts. */
  readonly isNewest: boolean;
  /** It told of a stretch of the feed that was not heard yet. */
  readonly isNews: boolean;
}

/** What a guard knows of ends, merged from every genuine statement it saw. */
export interface Revocations {
  /** Takes in a genuine statement. The order in which they come, and how often, makes no difference. */
  readonly merge: (statement: VerifiedRevocations) => Merged;
  /** Where a page must end that would fill what is missing before a position; undefined if nothing is. */
  readonly gapBefore: (position: number) => number | undefined;
  /** Forgets what was heard, but no entry: a key that signed some of it was not its issuer's alone. */
  readonly doubt: () => void;
  readonly isEnded: (names: RevocableNames) => boolean;
  /** Whether a key was ended for good, by its revocation name. */
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

/** Past this a deadline is not counted, in seconds: 136 years. */
const latestDeadline = 2 ** 32 - 1;
/** So many cuts and keys are looked at for their deadline at each statement. */
const sweptAtOnce = 2_000;
/** What an entry of a map takes with its text, measured, in bytes. */
const bytesOfMapped = 150;

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
  const sweepCuts = createSweep(cuts, ({ deadline }) => deadline);
  const sweepKeys = createSweep(keys, (deadline) => deadline);
  let everything = -1;
  let coverage = createCoverage();
  let toBefore = 0;
  let latest = 0;
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
    const known = keys.get(name);
    keys.set(name, Math.max(known ?? 0, deadline));
    return known === undefined;
  };

  const addCut = (name: string, { cutAt, deadline }: Cut): boolean => {
    const known = cuts.get(name) ?? { cutAt: -1, deadline: 0 };
    cuts.set(name, { cutAt: Math.max(known.cutAt, cutAt), deadline: Math.max(known.deadline, deadline) });
    return cutAt > known.cutAt;
  };

  const addEverything = (cutAt: number): boolean => {
    const isNew = cutAt > everything;
    everything = Math.max(everything, cutAt);
    return isNew;
  };

  const sweep = (now: number): void => {
    sessions.sweep(now);
    sweepCuts(now);
    sweepKeys(now);
  };

  const isCut = (name: string, startedAt: number): boolean => startedAt <= (cuts.get(name)?.cutAt ?? -1);

  return {
    merge: (statement) => {
      const now = seconds();
      sweep(now);
      const isNewest = statement.to > latest;
      latest = Math.max(latest, statement.to);
      let learnt = false;
      for (const entry of statement.entries) {
        // By the issuer's own clock: an old statement, whoever says it again, brings nothing that has run out.
        const left = entry.until - Math.floor(latest / 1_000_000);
        if (left > 0 && add(entry, Math.min(now + left, latestDeadline))) learnt = true;
      }
      if (learnt) version++;
      return { isNewest, isNews: coverage.add(statement) };
    },
    gapBefore: (position) => coverage.gapBefore(position),
    doubt: () => {
      toBefore = coverage.reach() || toBefore;
      coverage = createCoverage();
      latest = 0;
    },
    isEnded: ({ session, subject, client, startedAt }) =>
      startedAt <= everything ||
      sessions.has(session) ||
      isCut(subject, startedAt) ||
      isCut(client, startedAt),
    isKeyEnded: (name) => keys.has(name),
    to: () => coverage.reach() || toBefore,
    version: () => version,
    size: () => {
      const mapped = cuts.size + keys.size;
      return { entries: sessions.size() + mapped, bytes: sessions.bytes() + mapped * bytesOfMapped };
    },
  };
}

/** Makes the function that goes round a map a little at a time and drops what is past its deadline. */
function createSweep<T>(map: Map<string, T>, deadlineOf: (value: T) => number): (now: number) => void {
  let round = map.entries();
  return (now) => {
    for (let count = 0; count < sweptAtOnce; count++) {
      const { value: row, done } = round.next();
      if (done === true) {
        round = map.entries();
        return;
      }
      if (deadlineOf(row[1]) <= now) map.delete(row[0]);
    }
  };
}

/** Computes, once for a token, the names by which the feed could speak of it. */
export async function revocableNames(
  issuer: string,
  { claims, kid }: { claims: { sid: string; sh: string; client_id: string; sst: number }; kid: string },
): Promise<RevocableNames> {
  const [session, subject, client, key] = await Promise.all([
    revocationName(issuer, { kind: 'session', value: claims.sid }),
    revocationName(issuer, { kind: 'subject', value: claims.sh }),
    revocationName(issuer, { kind: 'client', value: claims.client_id }),
    revocationName(issuer, { kind: 'key', value: kid }),
  ]);
  return { session: nameLanes(session), subject, client, key, startedAt: claims.sst };
}
