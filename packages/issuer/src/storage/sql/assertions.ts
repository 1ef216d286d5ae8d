/** The SQL of client assertions, each of which is redeemed once. */
import { sweptAtOnce } from './dialect.ts';

/** The primary key decides: a second redemption fails the whole batch. */
export const redeemAssertion = `
  INSERT INTO redeemed_assertions (client_id, jti_hash, expires_at) VALUES ($1, $2, $3)`;

export const sweepAssertions = `
  DELETE FROM redeemed_assertions WHERE (client_id, jti_hash) IN (
    SELECT client_id, jti_hash FROM redeemed_assertions WHERE expires_at <= now_us() LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
