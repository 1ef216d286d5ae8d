/** The SQL that ends everything of a person but the session that asks. `dialect.ts` says what it may use. */
import { tell } from './audit.ts';
import { given } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';

/** $1 subject, $2 the session that stays, $3 request. */
export const endOtherSessions = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'person', request = $3
  WHERE subject = $1 AND id <> $2 AND ended_at IS NULL RETURNING id AS sid`;
/** $1 subject, $2 request: also the links, so that no application starts anew without asking. */
export const endOtherGrants = `
  UPDATE grants SET ended_at = now_us(), request = $2
  WHERE subject = $1 AND ended_at IS NULL RETURNING id`;
/** Moved even where nothing stood, so that there is a position to wait for. */
export const moveHeadForOthers = `${nextPosition} RETURNING position`;
/** $1 subject, $2 request. */
export const sayOthersEnded = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions
    WHERE sessions.subject = $1 AND sessions.request = $2 AND sessions.ended_at IS NOT NULL AND sessions.end_reason = 'person'`,
});
/** $1 the session that stays, $2 fields. */
export const auditOthersEnded = tell({
  kind: `'sessions_cut'`,
  clientId: 'CAST(NULL AS TEXT)',
  sid: given(1),
  fields: given(2),
});
