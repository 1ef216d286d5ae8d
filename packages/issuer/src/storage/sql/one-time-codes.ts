/** The SQL of what is presented once. */
import { minute, sweptAtOnce } from './dialect.ts';

export const standing = (place: string): string =>
  `EXISTS (SELECT 1 FROM one_time_codes AS c WHERE c.hash = ${place})`;

/** For how long a challenge may be answered. */
const answerableFor = 5 * minute;

/**
 * The primary key decides: a second redemption fails the whole batch. $1 name, $2 when it was given. The row stays
 * until the challenge is refused for its age.
 */
export const redeemChallenge = `
  INSERT INTO one_time_codes (hash, purpose, state, created_at, expires_at)
  SELECT $1, 'challenge', '', now_us(), CAST($2 AS BIGINT) + ${answerableFor}
  WHERE CAST($2 AS BIGINT) > now_us() - ${answerableFor} RETURNING 1 AS redeemed`;

export const sweepCodes = `
  DELETE FROM one_time_codes WHERE hash IN (
    SELECT hash FROM one_time_codes WHERE expires_at <= now_us() LIMIT ${sweptAtOnce}) RETURNING 1 AS swept`;
