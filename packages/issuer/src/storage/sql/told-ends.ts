/** The SQL that tells a person what ended of his, in the transaction that ended it. `dialect.ts` says what it may use. */
import { given } from './dialect.ts';

/** $2 the request, which names the event as well; an address says it. */
export const eventId = `replace(${given(2)}, '.', '-')`;

/** A JSON object with one text, which holds no control character; without a text an empty one. */
export const called = (name: string, text: string): string =>
  `coalesce('{"${name}":"' || replace(replace(${text}, '\\', '\\\\'), '"', '\\"') || '"}', '{}')`;

/** Of a browser its device, of an application its name. */
const whatEnded = `CASE WHEN sessions.kind = 'browser' THEN ${called('device', 'sessions.device')}
  ELSE ${called('application', '(SELECT clients.name FROM clients WHERE clients.id = sessions.client_id)')} END`;

/** Only people with an account here have a page that shows it. */
export const hasAccount = (subject: string): string =>
  `EXISTS (SELECT 1 FROM accounts WHERE accounts.subject = ${subject})`;

/** $2 request, $3 kind. `session`: which one, and that this request ended it. */
export const noteEndOf = (session: string): string => `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${eventId}, sessions.subject, now_us(), ${given(3)}, ${whatEnded}
  FROM sessions WHERE ${session} AND ${hasAccount('sessions.subject')}`;

/** $1 sid, $2 request, $3 kind. */
export const noteEnd = noteEndOf(
  `sessions.id = $1 AND sessions.request = $2 AND sessions.ended_at IS NOT NULL`,
);

/** $1 grant, $2 request, $3 kind. */
export const noteGrantEnd = `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${eventId}, grants.subject, now_us(), ${given(3)},
    ${called('application', '(SELECT clients.name FROM clients WHERE clients.id = grants.client_id)')}
  FROM grants WHERE grants.id = $1 AND grants.request = $2 AND grants.ended_at IS NOT NULL AND ${hasAccount('grants.subject')}`;

/** After the cut. $1 subject, $2 request, $3 kind. */
export const noteCut = `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${eventId}, subjects.id, now_us(), ${given(3)}, '{}'
  FROM subjects, head WHERE subjects.id = $1 AND subjects.cut_at = head.position AND ${hasAccount('subjects.id')}`;
