/** The SQL that gives an account another name, or takes it away. `dialect.ts` says what it may use. */

import { isInvited } from './enrolments.ts';

/** $5 subject, $6 name, $7 name, folded, before it changes. */
export const nameChanges = `EXISTS (SELECT 1 FROM accounts WHERE subject = $5 AND name <> $6)
  AND NOT EXISTS (SELECT 1 FROM accounts WHERE folded = $7 AND subject <> $5) AND NOT ${isInvited('$7')}`;
/** $1 subject, $2 name, $3 name, folded, with the head held. */
export const renameAccount = `
  UPDATE accounts SET name = $2, folded = $3
  WHERE subject = $1 AND name <> $2 AND NOT EXISTS (SELECT 1 FROM accounts AS o WHERE o.folded = $3 AND o.subject <> $1)
    AND NOT ${isInvited('$3')}
  RETURNING subject`;

/** Whoever enables it in between keeps it: then nothing below does anything. */
const isDisabled = `EXISTS (SELECT 1 FROM subjects WHERE subjects.id = $1 AND subjects.enabled = 0)`;

/** $1 subject, $2 request. */
export const endGrants = `
  UPDATE grants SET ended_at = now_us(), request = $2 WHERE subject = $1 AND ended_at IS NULL AND ${isDisabled}`;
/** $5 subject, before it goes. */
export const accountGoes = `EXISTS (SELECT 1 FROM accounts, subjects
  WHERE accounts.subject = $5 AND subjects.id = accounts.subject AND subjects.enabled = 0)`;
/** $1 subject, with the head held; the account itself last, since the others refer to it. */
export const deleteAccount: readonly string[] = [
  `DELETE FROM passkeys WHERE subject = $1 AND ${isDisabled}`,
  `DELETE FROM one_time_codes WHERE (subject = $1 OR made_by = $1) AND ${isDisabled}`,
  `DELETE FROM security_events WHERE subject = $1 AND ${isDisabled}`,
  `DELETE FROM accounts WHERE subject = $1 AND ${isDisabled} RETURNING subject`,
];
