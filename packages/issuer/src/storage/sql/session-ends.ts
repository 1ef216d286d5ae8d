/** The SQL that ends one session, says so, and forgets it long after. */
import { auditIf } from './audit.ts';
import { sweptAtOnce } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';
import { sessionColumns } from './sessions.ts';

/** $1 sid, $2 reason, $3 request; $4 the client whose session it must be. */
export const endSession = (by: { client: boolean }): string => `
  UPDATE sessions SET ended_at = now_us(), end_reason = $2, request = $3
  WHERE id = $1 AND ended_at IS NULL ${by.client ? 'AND client_id = $4' : ''}
  RETURNING ${sessionColumns}, now_us() AS now`;

export const sessionStands = (by: { client: boolean }): string => `
  SELECT 1 AS stands FROM sessions WHERE id = $1 ${by.client ? 'AND client_id = $2' : ''}`;

/** $1 sid, $2 request. */
const ended = `sessions.id = $1 AND sessions.request = $2 AND sessions.ended_at IS NOT NULL`;

export const moveHeadIfEnded = `
  ${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${ended}) RETURNING position`;

export const sayEnded = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${ended}`,
});

export const auditIfSessionStands = auditIf(`EXISTS (SELECT 1 FROM sessions WHERE id = $3)`);

/** $5 the request: whether it was this one that touched the session $3. */
const thisRequest = `id = $3 AND request = $5`;

export const auditIfSessionTouched = auditIf(`EXISTS (SELECT 1 FROM sessions WHERE ${thisRequest})`);

/** $1 how long they are kept after their end. */
export const sweepEndedSessions = `
  DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < now_us() - $1 LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;

export const sweepExpiredSessions = `
  DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE absolute_expires_at < now_us() - $1 LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
