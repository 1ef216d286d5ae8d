/** The SQL that tells a person what has happened to his account. */
import { dispensable } from './accounts.ts';
import { tell } from './audit.ts';
import { day, given, hour, sweptAtOnce } from './dialect.ts';

/** $5 passkey, $6 request. */
const passkeyTouched = `EXISTS (SELECT 1 FROM passkeys WHERE id = $5 AND request = $6)`;

/** Whether what is told happened: `$5` and on say of what. Made once, used for the person's event and the audit log. */
export const happened = {
  passkeyTouched,
  /** The same, of a name: it needs no presence, so whoever has the cookie could fill the list with it. */
  passkeyRenamed: `${passkeyTouched} AND NOT EXISTS (SELECT 1 FROM security_events AS e
    WHERE e.subject = ${given(2)} AND e.kind = 'passkey_renamed' AND e.at > now_us() - ${hour})`,
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

/** What changes who can open the account, or says that somebody else could: none of it comes by a copied cookie alone. */
const alarming = [
  'session_stolen',
  'passkey_refused',
  'passkey_added',
  'passkey_removed',
  'account_recovered',
  'recovery_codes_made',
  'recovery_link_made',
  'recovery_link_used',
];
/** For how long it comes before others. */
const alarmingFor = 30 * day;
const quoted = alarming.map((kind) => `'${kind}'`).join(', ');

/** What a person must not overlook, then what is linked, then the rest; shown newest first. $1 subject, $2 limit. */
export const summariseEvents = `
  SELECT id, at, kind, fields FROM (SELECT e.* FROM (
      SELECT id, at, kind, fields FROM security_events WHERE subject = $1 ORDER BY at DESC, id DESC LIMIT 1000) AS e
    ORDER BY CASE WHEN e.at <= now_us() - ${alarmingFor} THEN 2 WHEN e.kind IN (${quoted}) THEN 0
      WHEN e.kind = 'grant_made' THEN 1 ELSE 2 END, e.at DESC, e.id DESC LIMIT $2) AS foremost
  ORDER BY at DESC, id DESC`;

const eventsLast = 400 * day;

export const sweepEvents = `
  DELETE FROM security_events WHERE id IN (
    SELECT id FROM security_events WHERE at < now_us() - ${eventsLast} LIMIT ${sweptAtOnce}) RETURNING 1 AS swept`;
