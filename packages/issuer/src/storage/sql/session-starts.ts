/** The SQL that starts sessions. */
import { issueColumns } from './sessions.ts';

export const startColumnsWith = (more: string): string => `
  INSERT INTO sessions (${more}id, kind, subject, client_id, audience, scope, jkt, authenticated_at, amr, device,
    generation, repeats, rotated_at, created_at, last_used_at, started_at, idle_life, idle_expires_at, absolute_expires_at)`;

export const startColumns = startColumnsWith('');

/** A start is after every cut it must survive, so a sign-in right after an end is not caught by it. */
export const startTimes = (idle: string, absolute: string): string => `
  0, 0, now_us(), now_us(), now_us(),
  greatest(now_us(), subjects.cut_at + 1, clients.cut_at + 1, head.cut_at + 1),
  CAST(${idle} AS BIGINT), now_us() + least(CAST(${idle} AS BIGINT), CAST(${absolute} AS BIGINT)),
  now_us() + CAST(${absolute} AS BIGINT)`;

/**
 * $1 sid, $2 client, $3 audience, $4 scope, $5 jkt, $6 idle life, $7 absolute life, $8 $9 algorithms,
 * $10 namespace, $11 external id, $12 authenticated at, $13 amr, $14 device.
 */
export const startSession = `${startColumns}
  SELECT $1, 'person', subjects.id, clients.id, $3, $4, $5, least(CAST($12 AS BIGINT), now_us()), $13, $14,
    ${startTimes('$6', '$7')}
  FROM clients, subjects, head
  WHERE clients.id = $2 AND clients.kind IN ('public', 'web') AND clients.removed_at IS NULL
    AND ($5 <> '' OR clients.bearer = 1)
    AND subjects.namespace = $10 AND subjects.external_id = $11 AND subjects.enabled = 1
  RETURNING ${issueColumns('$8', '$9')}`;

/** Says why nothing started. $1 client, $2 namespace, $3 external id. */
export const whyNotStarted = `
  SELECT kind, bearer, removed_at,
    (SELECT enabled FROM subjects WHERE namespace = $2 AND external_id = $3) AS enabled
  FROM clients WHERE id = $1`;
