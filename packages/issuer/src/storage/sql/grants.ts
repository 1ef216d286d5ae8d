/** The SQL of grants: what a person allowed an application, and its end. */
import { tell } from './audit.ts';
import { taken } from './authorization-requests.ts';
import { isUsed } from './coverage.ts';
import { given } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';

/** $1 id, $2 subject, $3 request's name, $4 request. One live grant for each person and client. */
export const makeGrant = `
  INSERT INTO grants (id, subject, client_id, created_at, request)
  SELECT $1, subjects.id, asked.client_id, now_us(), $4 FROM subjects, ${taken('$3', '$4')}
    AND subjects.id = $2 AND subjects.enabled = 1
  ON CONFLICT (subject, client_id) WHERE ended_at IS NULL DO NOTHING`;

/**
 * What was given so long ago that it counts no more is given anew, which is news. $1 subject, $2 request's name,
 * $3 request, $4 audience, $5 scope value, $6 how long a yes counts.
 */
export const mergeScope = `
  INSERT INTO granted_scopes (grant_id, audience, scope, granted_at)
  SELECT grants.id, $4, $5, now_us() FROM grants, ${taken('$2', '$3')}
    AND grants.subject = $1 AND grants.client_id = asked.client_id AND grants.ended_at IS NULL
  ON CONFLICT (grant_id, audience, scope) DO UPDATE SET granted_at = excluded.granted_at
    WHERE granted_scopes.granted_at < excluded.granted_at - CAST($6 AS BIGINT) AND NOT ${isUsed('$6')}`;

/** $1 grant, $2 request, $3 the subject whose it must be. */
export const endGrant = (by: { subject: boolean }): string => `
  UPDATE grants SET ended_at = now_us(), request = $2
  WHERE id = $1 AND ended_at IS NULL ${by.subject ? 'AND subject = $3' : ''} RETURNING id`;

const thisEnd = `EXISTS (SELECT 1 FROM grants WHERE grants.id = $1 AND grants.request = $2 AND grants.ended_at IS NOT NULL)`;

/** $1 grant, $2 request, $3 reason. */
export const endSessionsOfGrant = `
  UPDATE sessions SET ended_at = now_us(), end_reason = $3, request = $2
  WHERE id IN (SELECT s.id FROM sessions AS s WHERE s.grant_id = $1 AND s.ended_at IS NULL ORDER BY s.id /* FOR UPDATE */)
    AND ${thisEnd}
  RETURNING id AS sid`;

/** $1 grant, $2 request: moved even where no session stood, so that there is a position to wait for. */
export const moveHeadIfGrantEnded = `${nextPosition} WHERE ${thisEnd} RETURNING position`;

export const sayGrantEnded = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE sessions.grant_id = $1 AND sessions.request = $2 AND sessions.ended_at IS NOT NULL`,
});

/** $1 grant, $2 request, $3 fields. */
export const auditGrantEnded = tell(
  {
    kind: `'grant_ended'`,
    clientId: `(SELECT client_id FROM grants WHERE id = $1)`,
    sid: 'CAST(NULL AS TEXT)',
    fields: given(3),
  },
  thisEnd,
);

/** Whether this decision allowed what the grant did not hold before. */
const isNews = (code: string) => `EXISTS (SELECT 1 FROM authorization_codes AS codes, granted_scopes
  WHERE codes.hash = ${code} AND granted_scopes.grant_id = codes.grant_id AND granted_scopes.granted_at = now_us())`;

/** $1 id, $2 subject, $3 fields, $4 code. */
export const noteGrantMade = `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${given(1)}, ${given(2)}, now_us(), 'grant_made', ${given(3)} FROM head WHERE ${isNews('$4')}`;

/** $1 client, $2 fields, $3 code. */
export const auditGrantMade = tell(
  { kind: `'grant_made'`, clientId: given(1), sid: 'CAST(NULL AS TEXT)', fields: given(2) },
  isNews('$3'),
);
