/** The SQL of accounts, passkeys and what is presented once. `dialect.ts` says what it may use. */
import { tell } from './audit.ts';
import { given, minute, sweptAtOnce } from './dialect.ts';

// ——— accounts

const accountColumns = `accounts.subject, accounts.name, accounts.role, accounts.created_at, subjects.enabled`;
const accounts = `SELECT ${accountColumns} FROM accounts, subjects WHERE subjects.id = accounts.subject`;
export const findAccountBySubject = `${accounts} AND accounts.subject = $1`;
/** $1 the name, folded. */
export const findAccountByName = `${accounts} AND accounts.folded = $1`;
/** $1 limit, $2 the last name of the page before, folded. */
export const listAccounts = (by: { after: boolean }): string =>
  `${accounts} ${by.after ? 'AND accounts.folded > $2' : ''} ORDER BY accounts.folded LIMIT $1`;

/** $1 subject, $2 role, with the head held. */
export const setRole = `
  UPDATE accounts SET role = $2 WHERE subject = $1 AND role <> $2 AND ($2 = 'operator' OR ${dispensable('$1')})
  RETURNING subject`;
/** $1 subject, after the head was moved. */
export const disableAccount = `
  UPDATE subjects SET enabled = 0, cut_at = (SELECT position FROM head)
  WHERE id = $1 AND EXISTS (SELECT 1 FROM accounts WHERE accounts.subject = $1) AND ${dispensable('$1')}
  RETURNING cut_at AS position`;
/** $1 subject: whatever somebody else may have been given to enrol with. */
export const voidEnrolments = `
  DELETE FROM one_time_codes WHERE subject = $1 AND purpose IN ('recovered', 'recovery_link')`;
/** $1 subject, after it was disabled. */
export const voidEnrolmentsIfDisabled = `${voidEnrolments}
    AND EXISTS (SELECT 1 FROM subjects WHERE id = $1 AND enabled = 0)`;

/**
 * Somebody can still use the console without this account. The head orders all that changes it: of two operators who
 * demote each other, the second is judged when the first is done.
 */
function dispensable(subject: string): string {
  const operators = `SELECT 1 FROM accounts AS o, subjects AS s
    WHERE o.role = 'operator' AND s.id = o.subject AND s.enabled = 1`;
  return `(NOT EXISTS (${operators} AND o.subject = ${subject}) OR EXISTS (${operators} AND o.subject <> ${subject}))`;
}

// ——— what is told

/** Whether what is told happened: `$5` and on say of what. Made once, used for the person's event and the audit log. */
export const happened = {
  passkeyTouched: `EXISTS (SELECT 1 FROM passkeys WHERE id = $5 AND request = $6)`,
  /** $5 passkey, $6 request that did not touch it, $7 challenge, which was good, $8 counter. */
  counterWentBack: `EXISTS (SELECT 1 FROM passkeys WHERE id = $5 AND request <> $6 AND NOT ${counts('$8')})
    AND EXISTS (SELECT 1 FROM one_time_codes WHERE hash = $7)`,
  /** $5 passkey, $6 subject, before it goes. */
  passkeyRemovable: `EXISTS (SELECT 1 FROM passkeys WHERE id = $5 AND subject = $6 AND ${spareFor('$6')})`,
  /** $5 the name of a code. */
  codeKept: `EXISTS (SELECT 1 FROM one_time_codes WHERE hash = $5)`,
  /** $5 the code, $6 the code to enrol with, before the first is gone. */
  codeRedeemed: `EXISTS (SELECT 1 FROM one_time_codes WHERE hash = $5)
    AND EXISTS (SELECT 1 FROM one_time_codes WHERE hash = $6)`,
  /** $5 subject, $6 role, before it changes. */
  roleChanges: `EXISTS (SELECT 1 FROM accounts WHERE subject = $5 AND role <> $6)
    AND ($6 = 'operator' OR ${dispensable('$5')})`,
  /** $5 subject. */
  accountStands: `EXISTS (SELECT 1 FROM accounts WHERE subject = $5)`,
  /** $5 subject, after the head was moved. */
  accountCut: `EXISTS (SELECT 1 FROM subjects WHERE id = $5 AND cut_at = (SELECT position FROM head))`,
} as const;

/**
 * A counter that stands still or goes back says that there are two of this passkey (WebAuthn section 6.1.1); one that is
 * always 0 does not count.
 */
function counts(counter: string): string {
  return `(counter < ${counter} OR (counter = 0 AND ${counter} = 0))`;
}

/** Something else than this passkey opens the account of the subject: another one, or a recovery code. */
function spareFor(subject: string): string {
  return `((SELECT count(*) FROM passkeys AS p WHERE p.subject = ${subject}) > 1
    OR EXISTS (SELECT 1 FROM one_time_codes WHERE subject = ${subject} AND purpose = 'recovery'))`;
}

/** $1 id, $2 subject, $3 kind, $4 fields; without a condition where the decision itself is none. */
export const keepEvent = (condition = '1 = 1'): string => `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${given(1)}, ${given(2)}, now_us(), ${given(3)}, ${given(4)} WHERE ${condition}`;
/** $1 kind, $2 client, $3 sid, $4 fields. */
export const auditIf = (condition: string): string =>
  tell({ kind: given(1), clientId: given(2), sid: given(3), fields: given(4) }, condition);

// ——— what is presented once

const standing = (place: string): string =>
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
const passkeyColumns = `id, subject, public_key, counter, transports, backed_up, name, created_at, request`;
const passkeyValues = (from: number): string =>
  `$${from}, subjects.id, $${from + 1}, CAST($${from + 2} AS BIGINT), $${from + 3}, CAST($${from + 4} AS BIGINT),
    $${from + 5}, now_us(), $${from + 6}`;
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

// ——— passkeys

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
/** $1 subject, $2 challenge, $3 passkey, $4 public key, $5 counter, $6 transports, $7 backed up, $8 name, $9 request. */
export const addPasskey = `
  INSERT INTO passkeys (${passkeyColumns}) SELECT ${passkeyValues(3)}
  FROM subjects, accounts WHERE accounts.subject = subjects.id AND subjects.id = $1 AND subjects.enabled = 1
    AND ${standing('$2')} AND (SELECT count(*) FROM passkeys AS p WHERE p.subject = $1) < ${passkeysAtMost}
  RETURNING id`;
/** $1 id, $2 subject, $3 name, $4 request. */
export const renamePasskey = `
  UPDATE passkeys SET name = $3, request = $4 WHERE id = $1 AND subject = $2 RETURNING id`;
/** $1 id, $2 subject, with the head held. */
export const removePasskey = `
  DELETE FROM passkeys WHERE id = $1 AND subject = $2 AND ${spareFor('$2')} RETURNING id`;
/** $1 id, $2 subject. */
export const passkeyStands = `SELECT 1 AS stands FROM passkeys WHERE id = $1 AND subject = $2`;

// ——— recovery codes

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

// ——— an operator's link

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

// ——— cleaning

export const sweepCodes = `
  DELETE FROM one_time_codes WHERE hash IN (
    SELECT hash FROM one_time_codes WHERE expires_at <= now_us() LIMIT ${sweptAtOnce}) RETURNING 1 AS swept`;
const eventsLast = 400 * 24 * 60 * minute;
export const sweepEvents = `
  DELETE FROM security_events WHERE id IN (
    SELECT id FROM security_events WHERE at < now_us() - ${eventsLast} LIMIT ${sweptAtOnce}) RETURNING 1 AS swept`;
