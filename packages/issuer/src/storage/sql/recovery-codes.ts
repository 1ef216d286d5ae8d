/** The SQL of recovery codes, and of the link an operator gives in their place. */
import { given } from './dialect.ts';
import { standing } from './one-time-codes.ts';

export const countRecoveryCodes = `
  SELECT count(*) AS many FROM one_time_codes WHERE subject = $1 AND purpose = 'recovery'`;

export const dropRecoveryCodes = `
  DELETE FROM one_time_codes WHERE subject = $1 AND purpose = 'recovery'
    AND EXISTS (SELECT 1 FROM subjects WHERE subjects.id = $1 AND subjects.enabled = 1)`;

/** $1 name, $2 subject. */
export const addRecoveryCode = `
  INSERT INTO one_time_codes (hash, purpose, subject, state, created_at)
  SELECT $1, 'recovery', accounts.subject, '', now_us() FROM accounts, subjects
  WHERE accounts.subject = $2 AND subjects.id = accounts.subject AND subjects.enabled = 1 RETURNING subject`;

/** $1 name, $2 the account's name, folded. A read: whose a code is never changes. */
export const findRecoveryCode = `
  SELECT accounts.subject FROM one_time_codes, accounts, subjects
  WHERE one_time_codes.hash = $1 AND one_time_codes.purpose = 'recovery'
    AND accounts.subject = one_time_codes.subject AND accounts.folded = $2
    AND subjects.id = accounts.subject AND subjects.enabled = 1`;

/** $1 name, $2 the account's name, folded, $3 the code to enrol with, $4 its life, with the head held. */
export const offerRecovery = `
  INSERT INTO one_time_codes (hash, purpose, subject, state, created_at, expires_at)
  SELECT $3, 'recovered', subjects.id, '', now_us(), now_us() + CAST($4 AS BIGINT)
  FROM one_time_codes AS c, accounts, subjects
  WHERE c.hash = $1 AND c.purpose = 'recovery' AND accounts.subject = c.subject AND accounts.folded = $2
    AND subjects.id = accounts.subject AND subjects.enabled = 1
  RETURNING subject`;

/** $1 name, $2 the code to enrol with. */
export const useUpRecoveryCode = `DELETE FROM one_time_codes WHERE hash = $1 AND ${standing('$2')}`;

/** $1 subject: the latest link is the one that counts. */
export const dropRecoveryLinks = `
  DELETE FROM one_time_codes WHERE subject = $1 AND purpose = 'recovery_link'
    AND EXISTS (SELECT 1 FROM subjects WHERE subjects.id = $1 AND subjects.enabled = 1)`;

/** $1 name, $2 subject, $3 life, $4 the operator who makes it, with the head held. */
export const offerRecoveryLink = `
  INSERT INTO one_time_codes (hash, purpose, subject, state, made_by, created_at, expires_at)
  SELECT $1, 'recovery_link', accounts.subject, '', ${given(4)}, now_us(), now_us() + CAST($3 AS BIGINT)
  FROM accounts, subjects
  WHERE accounts.subject = $2 AND subjects.id = accounts.subject AND subjects.enabled = 1
  RETURNING expires_at`;
