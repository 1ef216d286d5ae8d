/** The SQL of links and codes by which a first passkey comes, and of the account that it opens. */
import { given } from './dialect.ts';
import { standing } from './one-time-codes.ts';
import { passkeyColumns, passkeyValues } from './passkeys.ts';

/** $1 name, $2 state, $3 life. */
export const offerFirst = `
  INSERT INTO one_time_codes (hash, purpose, state, created_at, expires_at)
  SELECT $1, 'first', $2, now_us(), now_us() + CAST($3 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM accounts)
  RETURNING expires_at`;

/** $1 the account's name, folded: the latest invitation is the one that counts. */
export const dropInvitations = `DELETE FROM one_time_codes WHERE folded = $1 AND purpose = 'invitation'`;

/** $1 name, $2 state, $3 life, $4 the account's name, folded, $5 the operator who makes it. */
export const invite = `
  INSERT INTO one_time_codes (hash, purpose, state, folded, made_by, created_at, expires_at)
  SELECT $1, 'invitation', $2, ${given(4)}, ${given(5)}, now_us(), now_us() + CAST($3 AS BIGINT)
  WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE folded = $4)
  RETURNING expires_at`;

/** What somebody made as an operator is good for as long as he is one. */
const madeByOperator = `(c.made_by IS NULL OR EXISTS (SELECT 1 FROM accounts AS m, subjects AS s
  WHERE m.subject = c.made_by AND m.role = 'operator' AND s.id = m.subject AND s.enabled = 1))`;

const unexpired = `c.expires_at > now_us()
  AND c.purpose IN ('first', 'invitation', 'recovered', 'recovery_link') AND ${madeByOperator}`;

/** A link to the first account is good for no second one. */
const good = `${unexpired} AND (c.purpose <> 'first' OR NOT EXISTS (SELECT 1 FROM accounts))`;

/** $1 name. */
export const findEnrolment = `
  SELECT c.purpose, c.state, c.subject, (SELECT accounts.name FROM accounts WHERE accounts.subject = c.subject) AS name
  FROM one_time_codes AS c WHERE c.hash = $1 AND ${good}`;

/** Somebody is invited by this name, folded, by a link that still opens something. */
export const isInvited = (folded: string): string => `EXISTS (SELECT 1 FROM one_time_codes AS c
  WHERE c.folded = ${folded} AND c.purpose = 'invitation' AND c.expires_at > now_us() AND ${madeByOperator})`;

const invitations = `
  SELECT c.hash, c.state, c.created_at, c.expires_at FROM one_time_codes AS c
  WHERE c.folded IS NOT NULL AND c.purpose = 'invitation' AND c.expires_at > now_us() AND ${madeByOperator}`;

/** $1 limit. */
export const listInvitations = `${invitations} ORDER BY c.folded, c.created_at, c.hash LIMIT $1`;

/** $1 the account's name, folded. A read: what is withdrawn is decided code by code. */
export const findInvitations = `${invitations} AND c.folded = $1`;

/** $1 name, with the head held. */
export const withdrawInvitation = `
  DELETE FROM one_time_codes WHERE hash = $1 AND purpose = 'invitation' RETURNING hash`;

/** $1 code, $2 challenge. Whatever is asked of the code below is decided while the head is held. */
const opens = `c.hash = $1 AND ${standing('$2')} AND ${good} AND c.purpose IN ('first', 'invitation')`;

/** $3 subject, $4 handle. */
export const addSubjectByCode = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  SELECT $3, '', $3, $4, 1, 0, now_us() FROM one_time_codes AS c WHERE ${opens}`;

/** $3 subject, $4 name, $5 name, folded, $6 role. */
export const addAccountByCode = `
  INSERT INTO accounts (subject, name, folded, role, created_at)
  SELECT $3, $4, $5, $6, now_us() FROM one_time_codes AS c WHERE ${opens}`;

/**
 * $3 subject, $4 passkey, $5 public key, $6 counter, $7 transports, $8 backed up, $9 name, $10 request. The account stands
 * by now; where its code was not good, it does not.
 */
export const addPasskeyByCode = `
  INSERT INTO passkeys (${passkeyColumns}) SELECT ${passkeyValues(4)}
  FROM one_time_codes AS c, accounts, subjects
  WHERE c.hash = $1 AND ${standing('$2')} AND ${unexpired}
    AND accounts.subject = $3 AND subjects.id = accounts.subject AND subjects.enabled = 1
  RETURNING id`;

/** $1 name, $2 passkey, $3 request. */
export const useUpCode = `
  DELETE FROM one_time_codes WHERE (hash = $1 OR purpose = 'first')
    AND EXISTS (SELECT 1 FROM passkeys WHERE id = $2 AND request = $3)`;

/** $1 subject, $2 passkey, $3 request, after the head was moved: whoever held the account before is out. */
export const cutByLink = `
  UPDATE subjects SET cut_at = (SELECT position FROM head)
  WHERE id = $1 AND EXISTS (SELECT 1 FROM passkeys WHERE id = $2 AND request = $3)`;
