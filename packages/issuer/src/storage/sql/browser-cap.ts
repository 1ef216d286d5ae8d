/** The SQL that bounds how many browser sessions of a person stand. `dialect.ts` says what it may use. */
import { tell } from './audit.ts';
import { given } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';
import { alive } from './sessions.ts';

/**
 * Ends the one idle for longest where more than $3 stand beside the one just started. The head is held by now, so no
 * two starts overlook each other; a row that somebody has in hand is not waited for, which could be in a circle, and
 * the next of them goes. $1 subject, $2 the sid just started, $4 request.
 */
export const evictIdlestBrowser = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'evicted', request = $4
  WHERE id IN (SELECT s.id FROM sessions AS s WHERE s.ended_at IS NULL AND s.id IN (SELECT id FROM sessions
    WHERE subject = $1 AND kind = 'browser' AND id <> $2 AND ${alive}
    ORDER BY last_used_at DESC, id DESC LIMIT 1000 OFFSET $3)
    ORDER BY s.last_used_at, s.id LIMIT 1 /* FOR UPDATE SKIP LOCKED */)
  RETURNING id`;

/** $1 request, $2 subject. */
const evicted = `sessions.subject = $2 AND sessions.request = $1 AND sessions.end_reason = 'evicted'`;
export const moveHeadIfBrowserEvicted = `
  ${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${evicted})`;
export const sayBrowserEvicted = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${evicted}`,
});
/** $3 fields. */
export const auditBrowserEvicted = tell(
  {
    kind: `'session_ended'`,
    clientId: 'CAST(NULL AS TEXT)',
    sid: `(SELECT sessions.id FROM sessions WHERE ${evicted})`,
    fields: given(3),
  },
  `EXISTS (SELECT 1 FROM sessions WHERE ${evicted})`,
);
