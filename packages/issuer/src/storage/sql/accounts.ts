/** The SQL of accounts, and of the rule that one operator stays. `dialect.ts` says what it may use. */

const accountColumns = `accounts.subject, accounts.name, accounts.role, accounts.created_at, subjects.enabled`;

const accounts = `SELECT ${accountColumns} FROM accounts, subjects WHERE subjects.id = accounts.subject`;

export const findAccountBySubject = `${accounts} AND accounts.subject = $1`;

/** $1 the name, folded. */
export const findAccountByName = `${accounts} AND accounts.folded = $1`;

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
export function dispensable(subject: string): string {
  const operators = `SELECT 1 FROM accounts AS o, subjects AS s
    WHERE o.role = 'operator' AND s.id = o.subject AND s.enabled = 1`;
  return `(NOT EXISTS (${operators} AND o.subject = ${subject}) OR EXISTS (${operators} AND o.subject <> ${subject}))`;
}

/** $1 subject. */
export const accountName = `SELECT name FROM accounts WHERE subject = $1`;
