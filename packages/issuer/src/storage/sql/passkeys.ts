/** The SQL of passkeys. */
import { standing } from './one-time-codes.ts';
import { counts, spareFor } from './security-events.ts';

const foundColumns = `id, subject, public_key, counter, transports, backed_up, name, created_at, last_used_at`;

export const findPasskey = `SELECT ${foundColumns} FROM passkeys WHERE id = $1`;

export const listPasskeys = `SELECT ${foundColumns} FROM passkeys WHERE subject = $1 ORDER BY created_at, id`;

/** $1 id, $2 counter, $3 backed up, $4 request, $5 challenge. */
export const usePasskey = `
  UPDATE passkeys SET counter = $2, backed_up = $3, request = $4, last_used_at = now_us()
  WHERE id = $1 AND ${counts('$2')} AND ${standing('$5')}
    AND EXISTS (SELECT 1 FROM subjects WHERE subjects.id = passkeys.subject AND subjects.enabled = 1)
  RETURNING subject`;

/** How many passkeys an account may have. */
const passkeysAtMost = 20;

export const passkeyColumns = `id, subject, public_key, counter, transports, backed_up, name, created_at, request`;

export const passkeyValues = (from: number): string =>
  `$${from}, subjects.id, $${from + 1}, CAST($${from + 2} AS BIGINT), $${from + 3}, CAST($${from + 4} AS BIGINT),
    $${from + 5}, now_us(), $${from + 6}`;

/** $1 subject, $2 challenge, $3 passkey, $4 public key, $5 counter, $6 transports, $7 backed up, $8 name, $9 request. */
export const addPasskey = `
  INSERT INTO passkeys (${passkeyColumns}) SELECT ${passkeyValues(3)}
  FROM subjects, accounts WHERE accounts.subject = subjects.id AND subjects.id = $1 AND subjects.enabled = 1
    AND ${standing('$2')} AND (SELECT count(*) FROM passkeys AS p WHERE p.subject = $1) < ${passkeysAtMost}
  RETURNING id`;

/** $1 id, $2 subject, $3 name, $4 request. */
export const renamePasskey = `
  UPDATE passkeys SET name = $3, request = $4 WHERE id = $1 AND subject = $2 AND name <> $3 RETURNING id`;

/** $1 id, $2 subject, with the head held. */
export const removePasskey = `
  DELETE FROM passkeys WHERE id = $1 AND subject = $2 AND ${spareFor('$2')} RETURNING id`;

/** $1 id, $2 subject. */
export const passkeyStands = `SELECT 1 AS stands FROM passkeys WHERE id = $1 AND subject = $2`;
