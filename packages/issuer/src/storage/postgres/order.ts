import type { Statement } from '../engine.ts';

/** What a batch holds until its commit, before anything else. */
export type Hold = 'alone' | 'together' | 'nothing';

/** What decides whether a session may start: cuts, disabled subjects, removed clients, blocked keys. */
const forbids = /^\s*(UPDATE (subjects|clients) SET|UPDATE head SET cut_at|INSERT INTO blocked_keys)/;
/** A code is the start of what it will give: a cut that comes later must find it behind. */
const starts = /^\s*INSERT INTO (sessions|authorization_codes)\b/;

/**
 * SQLite lets one batch in at a time. PostgreSQL lets all in, and each statement sees what was committed when it began:
 * a start could pass a subject that is being disabled, take a time after the position of that cut, and live.
 *
 * So starts hold a lock together, which costs them nothing, and whatever forbids starts holds it alone: it waits for the
 * starts that began and then takes its time, which so is after theirs; a start that waits for it sees it done. Refreshes
 * need none: what is cut while they run started before, and guards hear of it.
 */
export function holdOf(statements: readonly Statement[]): Hold {
  if (statements.some(({ sql }) => forbids.test(sql))) return 'alone';
  return statements.some(({ sql }) => starts.test(sql)) ? 'together' : 'nothing';
}

/** `symbolon` in eight bytes: the number of the lock. */
const lock = `CAST(${BigInt('0x73796d626f6c6f6e')} AS BIGINT)`;
export const holdAlone = `SELECT pg_advisory_xact_lock(${lock})`;
export const holdTogether = `SELECT pg_advisory_xact_lock_shared(${lock})`;
