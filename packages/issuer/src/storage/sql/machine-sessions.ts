/** The SQL that opens machines' sessions: one live one for each client, key and audience, and a bound on all of a client. */
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';
import { startColumnsWith, startTimes } from './session-starts.ts';
import { alive, issueColumns } from './sessions.ts';

/** Makes room for a new session where the last one of this client, key and audience is over. */
export const endStaleMachineSession = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'expired'
  WHERE client_id = $1 AND jkt = $2 AND audience = $3 AND kind = 'machine' AND ended_at IS NULL AND NOT ${alive}`;

/** $1 to $9 as in `startSession`, $10 the key that made the assertion: whoever has a blocked one can make any proof's. */
export const openMachineSession = `${startColumnsWith('assertion_kid, ')}
  SELECT $10, $1, 'machine', subjects.id, clients.id, $3, $4, $5, NULL, NULL, NULL, ${startTimes('$6', '$7')}
  FROM clients, subjects, head
  WHERE clients.id = $2 AND clients.kind = 'machine' AND clients.removed_at IS NULL
    AND ($5 <> '' OR clients.bearer = 1)
    AND subjects.id = clients.subject AND subjects.enabled = 1
    AND NOT EXISTS (SELECT 1 FROM blocked_keys WHERE blocked_keys.client_id = $2 AND blocked_keys.jkt IN ($5, $10))
  ON CONFLICT (client_id, jkt, audience) WHERE kind = 'machine' AND ended_at IS NULL
  DO UPDATE SET scope = excluded.scope, assertion_kid = excluded.assertion_kid, last_used_at = now_us(), idle_life = excluded.idle_life,
    idle_expires_at = least(now_us() + excluded.idle_life, sessions.absolute_expires_at)
  RETURNING ${issueColumns('$8', '$9')}`;

/** $1 client, $2 jkt, $3 the key that made the assertion. */
export const whyNotOpened = `
  SELECT kind, bearer, removed_at,
    (SELECT enabled FROM subjects WHERE subjects.id = clients.subject) AS enabled,
    (SELECT count(*) FROM blocked_keys WHERE client_id = $1 AND jkt IN ($2, $3)) AS blocked
  FROM clients WHERE id = $1`;

const evictedAtOnce = 100;

/**
 * $4 is how many may stand beside the one just opened, which is never the one to go. Openings that do not see each other
 * may each add one, so all beyond the bound go; those that another opening has in hand are its to end. $5 request.
 */
export const evictOldestMachineSession = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'evicted', request = $5
  WHERE id IN (SELECT s.id FROM sessions AS s WHERE s.ended_at IS NULL AND s.id IN (SELECT id FROM sessions
    WHERE client_id = $1 AND kind = 'machine' AND ended_at IS NULL
      AND id <> (SELECT o.id FROM sessions AS o WHERE o.client_id = $1 AND o.jkt = $2 AND o.audience = $3
        AND o.kind = 'machine' AND o.ended_at IS NULL)
    ORDER BY last_used_at DESC, id DESC LIMIT ${evictedAtOnce} OFFSET $4) /* FOR UPDATE SKIP LOCKED */)
  RETURNING id`;

/** $1 request. By its time, for no refresh moves an entry of that index. */
const evicted = `sessions.ended_at = now_us() AND sessions.request = $1 AND sessions.end_reason = 'evicted'`;

export const moveHeadIfEvicted = `${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${evicted})`;

export const sayEvicted = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${evicted}`,
});
