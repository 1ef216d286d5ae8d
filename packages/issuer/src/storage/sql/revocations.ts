/** The SQL that says an end in the feed, and for how long. */
import { hour, minute, sweptAtOnce } from './dialect.ts';

/**
 * Until when an entry is said: until no token made before this transaction can live, and five minutes. A life counts for
 * three hours after it was last settled: the hour its tokens may live, and two settlings that may fail. Where none is
 * known, the longest there may be counts.
 */
const untilTokensAreOver = `now_us() + ${5 * minute} +
  coalesce((SELECT max(life) FROM token_lives WHERE in_force_at > now_us() - ${3 * hour}), ${hour})`;

/** $1 how long tokens may live from now on. */
export const settleTokenLife = `
  INSERT INTO token_lives (life, in_force_at) VALUES ($1, now_us())
  ON CONFLICT (life) DO UPDATE SET in_force_at = greatest(token_lives.in_force_at, excluded.in_force_at)`;

/** Says an end in the transaction that made it, at the position to which that moved the head. */
export const say = (entry: {
  kind: string;
  value: string;
  cutAt: string;
  until?: string;
  of: string;
}): string => `
  INSERT INTO revocations (position, kind, value, cut_at, until)
  SELECT head.position, '${entry.kind}', ${entry.value}, ${entry.cutAt}, ${entry.until ?? untilTokensAreOver}
  FROM ${entry.of}`;

export const sayEverythingCut = say({ kind: 'everything', value: `''`, cutAt: 'head.cut_at', of: 'head' });

export const cutEverything = `UPDATE head SET cut_at = position RETURNING position`;

export const sweepRevocations = `
  DELETE FROM revocations WHERE (position, kind, value) IN (
    SELECT position, kind, value FROM revocations WHERE until <= now_us() ORDER BY until LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
