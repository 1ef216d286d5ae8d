/** The SQL that tells a person what has happened to his account. */
import { dispensable } from './accounts.ts';
import { tell } from './audit.ts';
import { given, minute, sweptAtOnce } from './dialect.ts';

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
export function counts(counter: string): string {
  return `(counter < ${counter} OR (counter = 0 AND ${counter} = 0))`;
}

/** Something else than this passkey opens the account of the subject: another one, or a recovery code. */
export function spareFor(subject: string): string {
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

const eventsLast = 400 * 24 * 60 * minute;

export const sweepEvents = `
  DELETE FROM security_events WHERE id IN (
    SELECT id FROM security_events WHERE at < now_us() - ${eventsLast} LIMIT ${sweptAtOnce}) RETURNING 1 AS swept`;
