/** The SQL of sessions as they stand: which are alive, what is read of them, and how they are listed. */

/**
 * Whether the row of `sessions` at hand stands. The one place that knows; every rule and every list uses it.
 * A cut ends what started at or before it, so a session stands if it started after.
 */
export const alive = `(
  sessions.ended_at IS NULL
  AND sessions.idle_expires_at > now_us()
  AND sessions.absolute_expires_at > now_us()
  AND EXISTS (SELECT 1 FROM subjects
    WHERE subjects.id = sessions.subject AND subjects.enabled = 1 AND subjects.cut_at < sessions.started_at)
  AND EXISTS (SELECT 1 FROM clients
    WHERE clients.id = sessions.client_id AND clients.removed_at IS NULL AND clients.cut_at < sessions.started_at)
  AND (sessions.grant_id IS NULL OR EXISTS (SELECT 1 FROM grants
    WHERE grants.id = sessions.grant_id AND grants.ended_at IS NULL))
  AND EXISTS (SELECT 1 FROM head WHERE head.cut_at < sessions.started_at))`;

const aliveColumn = `CASE WHEN ${alive} THEN 1 ELSE 0 END AS alive`;

export const sessionColumns = `
  id AS sid, kind, subject, client_id, audience, scope, jkt, generation, rotated_at, started_at, created_at,
  authenticated_at, amr, device, last_used_at, idle_expires_at, absolute_expires_at, repeats, ended_at, end_reason,
  grant_id, sign_in, device_key,
  (SELECT handle FROM subjects WHERE subjects.id = sessions.subject) AS handle`;

const currentKey = (purpose: string, alg: string) =>
  `(SELECT id FROM signing_keys WHERE purpose = '${purpose}' AND alg = ${alg} AND state = 'current')`;

export const issueColumns = (session: string, refresh: string): string => `${sessionColumns}, now_us() AS now,
  ${currentKey('session', session)} AS session_kid, ${currentKey('refresh', refresh)} AS refresh_kid`;

export const findSession = `SELECT ${sessionColumns}, now_us() AS now, ${aliveColumn} FROM sessions WHERE id = $1`;

/** Newest first. The values in the order in which the filters are named here, the limit last. */
export const listSessions = (by: {
  client: boolean;
  subject: boolean;
  after: boolean;
  alive: boolean;
}): string => {
  let count = 0;
  const next = () => `$${++count}`;
  const conditions = [
    by.client ? [`client_id = ${next()}`] : [],
    by.subject ? [`subject = ${next()}`] : [],
    by.after
      ? [`(started_at, id) < (SELECT p.started_at, p.id FROM sessions AS p WHERE p.id = ${next()})`]
      : [],
    by.alive ? [alive] : [],
  ].flat();
  return `SELECT ${sessionColumns}, ${aliveColumn} FROM sessions
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY started_at DESC, id DESC LIMIT ${next()}`;
};
