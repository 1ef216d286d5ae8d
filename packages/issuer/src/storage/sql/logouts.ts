/** The SQL of signing out, and of whom to tell. `dialect.ts` says what it may use, and in which order rows are locked. */
import { tell } from './audit.ts';
import { given, sweptAtOnce } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';

const hasScope = (table: string, value: string) => `(' ' || ${table}.scope || ' ') LIKE '% ${value} %'`;

/** First, so that it waits for a code of this sign-in that is being redeemed, and then sees what it gave. $1 sid. */
export const holdSignIn = `SELECT id FROM sessions WHERE id = $1 AND kind = 'browser' /* FOR UPDATE */`;

/** By these an application knows who is here, and no longer than he is. */
const knowsWho = `${hasScope('s', 'openid')} AND NOT ${hasScope('s', 'offline_access')}`;

/**
 * Ends a sign-in and what came of it: sessions by which applications know who is here, or everything. Otherwise one that
 * asked for more than that (`offline_access`), or for an API alone, outlives the sign-in. $1 the browser's sid, $2 request.
 */
export const endSignIn = (also: { everything: boolean }): string => `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'signed_out', request = $2
  WHERE id IN (SELECT s.id FROM sessions AS s
    WHERE s.ended_at IS NULL AND ((s.id = $1 AND s.kind = 'browser')
      OR (s.sign_in = $1 ${also.everything ? '' : `AND ${knowsWho}`}))
    ORDER BY s.id /* FOR UPDATE */)
  RETURNING id AS sid`;

/** By who signed in as well, so that no more is looked at. $1 sid, $2 request. */
const signedOut = `(sessions.id = $1 OR sessions.sign_in = $1) AND sessions.request = $2 AND sessions.ended_at IS NOT NULL`;
export const moveHeadIfSignedOut = `
  ${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${signedOut}) RETURNING position`;
export const saySignedOut = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${signedOut}`,
});
/** $1 sid, $2 request, $3 fields. */
export const auditSignedOut = tell(
  { kind: `'session_ended'`, clientId: 'CAST(NULL AS TEXT)', sid: given(1), fields: given(3) },
  `EXISTS (SELECT 1 FROM sessions WHERE ${signedOut})`,
);

// ——— whom to tell

const cursor = 'logout_cursor';
const cursorValue = `coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE key = '${cursor}'), 0)`;

/** Whether the feed has said more than was looked at. */
export const newEnds = `SELECT 1 AS found FROM revocations WHERE position > ${cursorValue} LIMIT 1`;

/** Whoever writes it holds it until the commit: another process looks at nothing twice. */
export const openCursor = `INSERT INTO meta (key, value) VALUES ('${cursor}', '0') ON CONFLICT (key) DO UPDATE SET value = meta.value`;
/** Before the entries are read: what comes in meanwhile is for the next time. */
export const noteEnd = `
  INSERT INTO meta (key, value) SELECT 'logout_to', CAST(head.position AS TEXT) FROM head WHERE 1 = 1
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
const newEntries = `revocations AS r WHERE r.position > ${cursorValue}
  AND r.position <= (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'logout_to')`;

/** Registered with a URI to tell, and told who it is: only that is a sign-in at the application. */
const isTold = `s.kind = 'person' AND ${hasScope('s', 'openid')} AND EXISTS (SELECT 1 FROM clients
  WHERE clients.id = s.client_id AND clients.registration LIKE '%"backchannelLogoutUri":"http%')`;
const due = (kind: string, sessions: string) => `
  INSERT INTO logouts (sid, due_at, attempts)
  SELECT s.id, now_us(), 0 FROM ${sessions} AND r.kind = '${kind}' AND ${isTold}
  ON CONFLICT (sid) DO NOTHING`;
const cut = `(s.ended_at IS NULL OR s.ended_at >= r.cut_at) AND s.started_at <= r.cut_at`;
export const noteEndedSessions = due('session', `sessions AS s, ${newEntries} AND s.id = r.value`);
export const noteCutSubjects = due(
  'subject',
  `sessions AS s, subjects, ${newEntries} AND subjects.handle = r.value AND s.subject = subjects.id AND ${cut}`,
);
export const noteCutClients = due(
  'client',
  `sessions AS s, ${newEntries} AND s.client_id = r.value AND ${cut}`,
);
export const noteEverythingCut = due('everything', `sessions AS s, ${newEntries} AND ${cut}`);
export const moveCursor = `
  UPDATE meta SET value = (SELECT m.value FROM meta AS m WHERE m.key = 'logout_to') WHERE key = '${cursor}'`;

const firstPause = 10_000_000;
const attemptsAtMost = 6;
const isDue = `d.due_at <= now_us() AND d.attempts < ${attemptsAtMost}`;
const clientOf = (table: string) => `(SELECT s.client_id FROM sessions AS s WHERE s.id = ${table}.sid)`;
/** $1 clients that are being told already, each on a line of its own between two others. */
const isFree = `replace($1, '\n' || coalesce(${clientOf('d')}, '') || '\n', '') = $1`;
export const anyDue = `SELECT 1 AS found FROM logouts AS d WHERE ${isDue} AND ${isFree} LIMIT 1`;
/** Takes what is due: whoever takes it has the pause to deliver it, which grows with each attempt. $2 how many. */
export const takeDueLogouts = `
  UPDATE logouts SET attempts = attempts + 1, due_at = now_us() + ${firstPause} * (1 + attempts * attempts * 6)
  WHERE sid IN (SELECT d.sid FROM logouts AS d WHERE ${isDue} AND ${isFree}
    ORDER BY d.due_at LIMIT $2 /* FOR UPDATE SKIP LOCKED */)
  RETURNING sid, (SELECT s.subject FROM sessions AS s WHERE s.id = logouts.sid) AS subject,
    ${clientOf('logouts')} AS client_id, now_us() AS now`;
/** Told for good: the row stays, so that no later cut tells it again, and goes with its session. $1 sid. */
export const settleLogout = `UPDATE logouts SET attempts = ${attemptsAtMost} WHERE sid = $1`;
export const sweepLogouts = `
  DELETE FROM logouts WHERE sid IN (
    SELECT d.sid FROM logouts AS d WHERE d.attempts >= ${attemptsAtMost}
      AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = d.sid) LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
