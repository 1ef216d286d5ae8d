/** The SQL of the issuer's signing keys: next, current, retired, gone. */
import { auditIf } from './audit.ts';

export const keyColumns = `id AS kid, purpose, alg, state, public_jwk, wrapped_key, kek_id, created_at, holdable_from, current_at,
  retired_at, gone_at`;

const insertKey = `INSERT INTO signing_keys (id, purpose, alg, public_jwk, wrapped_key, kek_id, state, created_at,
  holdable_from, current_at)`;

export const inState = (state: string): string =>
  `EXISTS (SELECT 1 FROM signing_keys AS k WHERE k.purpose = $2 AND k.alg = $3 AND k.state = '${state}')`;

/** $1 kid, $2 purpose, $3 algorithm, $4 public key, $5 wrapped key, $6 key-encryption key; $7 holdable after. */
export const addNextKey = `${insertKey}
  VALUES ($1, $2, $3, $4, $5, $6, 'next', now_us(), now_us() + $7, NULL) RETURNING ${keyColumns}`;

/** $1 to $6 as in `addNextKey`. */
export const addCurrentKey = `${insertKey}
  VALUES ($1, $2, $3, $4, $5, $6, 'current', now_us(), now_us(), now_us()) RETURNING ${keyColumns}`;

export const addNextKeyUnlessOne = `${insertKey}
  SELECT $1, $2, $3, $4, $5, $6, 'next', now_us(), now_us() + CAST($7 AS BIGINT), NULL WHERE NOT ${inState('next')}`;

/** After a revocation: the missing one of next and current. $8 the key revoked. */
export const addKeyInPlaceOf = `${insertKey}
  SELECT $1, $2, $3, $4, $5, $6, CASE WHEN ${inState('current')} THEN 'next' ELSE 'current' END,
    now_us(), now_us() + CAST($7 AS BIGINT), CASE WHEN ${inState('current')} THEN NULL ELSE now_us() END
  WHERE NOT ${inState('next')} AND EXISTS (SELECT 1 FROM signing_keys WHERE id = $8 AND state = 'gone')`;

export const listKeys = `SELECT ${keyColumns} FROM signing_keys WHERE state <> 'gone' ORDER BY created_at, id`;

export const keysOf = `
  SELECT ${keyColumns} FROM signing_keys WHERE purpose = $1 AND alg = $2 AND state IN ('next', 'current')`;

/** $1 purpose, $2 algorithm, $3 whether forced. */
const nextIsDue = `EXISTS (SELECT 1 FROM signing_keys AS n WHERE n.purpose = $1 AND n.alg = $2 AND n.state = 'next'
  AND (n.holdable_from <= now_us() OR $3 = 1))`;

export const retireCurrentIfNextIsDue = `
  UPDATE signing_keys SET state = 'retired', retired_at = now_us()
  WHERE purpose = $1 AND alg = $2 AND state = 'current' AND ${nextIsDue}`;

export const promoteNextIfDue = `
  UPDATE signing_keys SET state = 'current', current_at = now_us()
  WHERE purpose = $1 AND alg = $2 AND state = 'next' AND (holdable_from <= now_us() OR $3 = 1)
  RETURNING id AS kid`;

/** $1 kid, $2 the private key wrapped anew, $3 under which key-encryption key, $4 under which it was. */
export const rewrapKey = `
  UPDATE signing_keys SET wrapped_key = $2, kek_id = $3 WHERE id = $1 AND kek_id = $4 AND state <> 'gone'
  RETURNING id AS kid`;

/** $5 kid, $6 the key-encryption key it is wrapped under now. */
export const auditIfKeyWrapped = auditIf(
  `EXISTS (SELECT 1 FROM signing_keys WHERE id = $5 AND kek_id = $6 AND state <> 'gone')`,
);
