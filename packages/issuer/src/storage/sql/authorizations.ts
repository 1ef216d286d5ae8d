/** The SQL of authorization requests, codes and grants. `dialect.ts` says what it may use, and in which order rows are locked. */
import { tell } from './audit.ts';
import { given, sweptAtOnce } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';
import { noteEndOf } from './told-ends.ts';
import { startColumnsWith, startTimes } from './session-starts.ts';
import { alive, issueColumns } from './sessions.ts';

// ——— requests

/** $1 name, $2 client, $3 parameters, $4 how long it stands. A client that is just swept is waited for, and then unknown. */
export const keepRequest = `
  INSERT INTO authorization_requests (hash, client_id, parameters, created_at, expires_at)
  SELECT $1, clients.id, $3, now_us(), now_us() + CAST($4 AS BIGINT)
  FROM clients WHERE clients.id = $2 AND clients.removed_at IS NULL /* FOR KEY SHARE */
  RETURNING hash`;

const open = `request IS NULL AND expires_at > now_us()`;
export const findRequest = `
  SELECT client_id, parameters, created_at FROM authorization_requests WHERE hash = $1 AND ${open}`;

/** One winner. $1 name, $2 request. */
export const dropRequest = `
  DELETE FROM authorization_requests WHERE hash = $1 AND ${open} RETURNING client_id, parameters, created_at`;

/** $1 hash, $2 request. Its row stands until it is swept: the code that comes of it refers to it. */
export const takeRequest = `
  UPDATE authorization_requests SET request = $2 WHERE hash = $1 AND ${open}
  RETURNING client_id, parameters, created_at`;

/** Whether anything was used of a grant that is read as `granted_scopes`, within so long. */
const isUsed = (life: string) => `EXISTS (SELECT 1 FROM sessions AS s
  WHERE s.grant_id = granted_scopes.grant_id AND s.last_used_at >= now_us() - CAST(${life} AS BIGINT))`;

/**
 * Whether a live grant holds each of so many scope values, and each was given, or anything was used of the grant, within
 * `life`: who has not seen an application for that long is asked again.
 */
const isCovered = (
  scopes: number,
  at: { subject: string; client: string; audience: string; life: string; from: number },
) => `
  (SELECT count(*) FROM granted_scopes, grants
    WHERE granted_scopes.grant_id = grants.id AND grants.ended_at IS NULL
      AND grants.subject = ${at.subject} AND grants.client_id = ${at.client} AND granted_scopes.audience = ${at.audience}
      AND (granted_scopes.granted_at >= now_us() - CAST(${at.life} AS BIGINT) OR ${isUsed(at.life)})
      AND granted_scopes.scope IN (${Array.from({ length: scopes }, (_, n) => `$${at.from + n}`).join(', ')})) = ${scopes}`;

/** $1 subject, $2 client, $3 audience, $4 how long a yes counts, then the scope values. */
export const covers = (scopes: number): string => `
  SELECT 1 AS covered FROM head
  WHERE ${isCovered(scopes, { subject: '$1', client: '$2', audience: '$3', life: '$4', from: 5 })}`;

/** As `takeRequest`, only where nothing new is asked for. $3 subject, $4 audience, $5 how long a yes counts, then the scope values. */
export const takeCoveredRequest = (scopes: number): string => `
  UPDATE authorization_requests SET request = $2
  WHERE hash = $1 AND ${open}
    AND ${isCovered(scopes, {
      ...{ subject: '$3', client: 'authorization_requests.client_id', audience: '$4', life: '$5', from: 6 },
    })}
  RETURNING client_id, parameters, created_at`;

// ——— grants

/** What this decision took. */
const taken = (hash: string, request: string) => `authorization_requests AS asked
  WHERE asked.hash = ${hash} AND asked.request = ${request}`;

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

// ——— codes

const codeLives = 60_000_000;

/**
 * $1 name, $2 request's name, $3 request, $4 subject, $5 redirect URI, $6 challenge, $7 jkt, $8 audience, $9 scope,
 * $10 nonce, $11 authenticated at, $12 amr, $13 sign-in: a browser session that stands, or NULL. Made after every cut
 * that stands: one that comes later ends what is not redeemed yet.
 */
export const issueCode = `
  INSERT INTO authorization_codes (hash, client_id, grant_id, subject, redirect_uri, code_challenge, jkt, audience, scope,
    nonce, authenticated_at, amr, sign_in, created_at, expires_at)
  SELECT $1, clients.id, grants.id, subjects.id, $5, $6, $7, $8, $9, $10, least(CAST($11 AS BIGINT), now_us()), $12, ${given(13)},
    greatest(now_us(), subjects.cut_at + 1, clients.cut_at + 1, head.cut_at + 1), now_us() + ${codeLives}
  FROM clients, subjects, head, grants, ${taken('$2', '$3')}
    AND clients.id = asked.client_id AND clients.kind IN ('public', 'web') AND clients.removed_at IS NULL
    AND subjects.id = $4 AND subjects.enabled = 1
    AND grants.subject = subjects.id AND grants.client_id = clients.id AND grants.ended_at IS NULL
    AND (${given(13)} IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE sessions.id = ${given(13)} AND ${alive}))
  RETURNING grant_id`;

/**
 * Where no code was made, undoes all that came before: the taken request once more, whose own key then refuses the
 * batch. What a code needs may have ended since the first statement. $1 request's name, $2 request, $3 code.
 */
export const demandCode = `
  INSERT INTO authorization_requests (hash, client_id, parameters, created_at, expires_at)
  SELECT asked.hash, asked.client_id, asked.parameters, asked.created_at, asked.expires_at FROM ${taken('$1', '$2')}
    AND NOT EXISTS (SELECT 1 FROM authorization_codes WHERE authorization_codes.hash = $3)`;

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

/** How long after its first use a code is answered with the same session again: the first answer may have been lost. */
const repeatedFor = 60_000_000;

/** Without any key nobody can tell the application from who has read its code. */
const hasKey = `EXISTS (SELECT 1 FROM clients WHERE clients.id = $2 AND clients.kind = 'web')`;

/**
 * What the code means now, once client, verifier and key are its own; otherwise no row is touched. $1 name, $2 client,
 * $3 redirect URI or '', $4 challenge, $5 jkt, $6 audience or '', $7 request, $8 sid of what may start.
 */
export const redeemCode = `
  UPDATE authorization_codes SET
    request = $7,
    outcome = CASE WHEN redeemed_at IS NULL THEN 'redeemed'
      WHEN redeemed_at >= now_us() - ${repeatedFor} AND ($5 <> '' OR ${hasKey}) THEN 'repeated' ELSE 'reuse' END,
    redeemed_at = coalesce(redeemed_at, now_us()),
    sid = coalesce(sid, $8),
    jkt = $5
  WHERE hash = $1 AND client_id = $2 AND ($3 = '' OR redirect_uri = $3) AND code_challenge = $4
    AND (jkt = $5 OR (jkt = '' AND redeemed_at IS NULL)) AND ($6 = '' OR audience = $6)
    AND (redeemed_at IS NOT NULL OR expires_at > now_us())
    AND EXISTS (SELECT 1 FROM clients WHERE clients.id = $2 AND clients.kind IN ('public', 'web')
      AND clients.removed_at IS NULL AND ($5 <> '' OR clients.bearer = 1))
  RETURNING outcome, nonce`;

const decided = (outcome: string) => `(SELECT codes.sid FROM authorization_codes AS codes
  WHERE codes.hash = $1 AND codes.request = $2 AND codes.outcome = '${outcome}')`;

/** So that a grant cannot end between this look and the commit. $1 code, $2 request. */
export const holdGrantOfCode = `
  SELECT grants.id FROM grants
  WHERE grants.id = (SELECT codes.grant_id FROM authorization_codes AS codes WHERE codes.hash = $1 AND codes.request = $2)
  /* FOR SHARE */`;

/** So that a sign-in cannot end between this look and the commit, either. After the grant. $1 code, $2 request. */
export const holdSignInOfCode = `
  SELECT sessions.id FROM sessions
  WHERE sessions.id = (SELECT codes.sign_in FROM authorization_codes AS codes
    WHERE codes.hash = $1 AND codes.request = $2 AND codes.outcome = 'redeemed')
  /* FOR SHARE */`;

/** Audiences and their algorithms, as many times as there are audiences, from $6. */
const algOfAudience = (audiences: number, from: number) =>
  `CASE sessions.audience ${Array.from({ length: audiences }, (_, n) => `WHEN $${from + 2 * n} THEN $${from + 1 + 2 * n}`).join(' ')} END`;

/** $1 code, $2 request, $3 refresh algorithm, $4 idle life, $5 absolute life, then audiences and algorithms. */
export const startByCode = (audiences: number): string => `${startColumnsWith('grant_id, sign_in, ')}
  SELECT codes.grant_id, codes.sign_in, codes.sid, 'person', subjects.id, clients.id, codes.audience, codes.scope,
    codes.jkt, codes.authenticated_at, codes.amr, NULL, ${startTimes('$4', '$5')}
  FROM authorization_codes AS codes, grants, clients, subjects, head
  WHERE codes.hash = $1 AND codes.request = $2 AND codes.outcome = 'redeemed'
    AND grants.id = codes.grant_id AND grants.ended_at IS NULL
    AND clients.id = codes.client_id AND clients.cut_at < codes.created_at
    AND subjects.id = codes.subject AND subjects.enabled = 1 AND subjects.cut_at < codes.created_at
    AND head.cut_at < codes.created_at
    AND (codes.sign_in IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE sessions.id = codes.sign_in AND ${alive}))
  RETURNING ${issueColumns(algOfAudience(audiences, 6), '$3')}`;

/** $1 code, $2 request, $3 refresh algorithm, then audiences and algorithms. */
export const repeatByCode = (audiences: number): string => `
  UPDATE sessions SET repeats = repeats + 1, last_used_at = now_us()
  WHERE sessions.id = ${decided('repeated')} AND ${alive}
  RETURNING ${issueColumns(algOfAudience(audiences, 4), '$3')}`;

/** $1 code, $2 request. */
export const endByCode = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'code_reuse', request = $2
  WHERE sessions.id = ${decided('reuse')} AND ended_at IS NULL RETURNING id AS sid`;
const endedByCode = `sessions.id = ${decided('reuse')} AND sessions.request = $2 AND sessions.ended_at IS NOT NULL`;
export const moveHeadIfEndedByCode = `
  ${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${endedByCode}) RETURNING position`;
export const sayEndedByCode = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${endedByCode}`,
});

/** $1 code, $2 request, $3 kind. */
export const noteEndByCode = noteEndOf(endedByCode);

/** $1 code, $2 request, $3 client, $4 fields: what became of it, unless it was repeated. */
export const auditCode = tell(
  {
    kind: `CASE WHEN ${decided('reuse')} IS NULL THEN 'session_started' ELSE 'code_reuse' END`,
    clientId: given(3),
    sid: `(SELECT codes.sid FROM authorization_codes AS codes WHERE codes.hash = $1)`,
    fields: given(4),
  },
  `(EXISTS (SELECT 1 FROM sessions WHERE sessions.id = ${decided('redeemed')}) OR EXISTS (SELECT 1 FROM sessions WHERE ${endedByCode}))`,
);

// ——— subjects that an application's own sign-in names

/** $1 namespace, $2 external id. */
export const subjectByName = `SELECT id FROM subjects WHERE namespace = $1 AND external_id = $2`;
/** $1 id, $2 namespace, $3 external id, $4 handle. */
export const settleSubject = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  VALUES ($1, $2, $3, $4, 1, 0, now_us()) ON CONFLICT (namespace, external_id) DO NOTHING`;

/** $1 subject. */
export const accountName = `SELECT name FROM accounts WHERE subject = $1`;

// ——— cleaning

export const sweepRequests = `
  DELETE FROM authorization_requests WHERE hash IN (
    SELECT hash FROM authorization_requests WHERE expires_at <= now_us() LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
const codesAreKept = 24 * 3600 * 1_000_000;
/** Kept for a day: a code that comes back says that somebody has seen it. */
export const sweepCodes = `
  DELETE FROM authorization_codes WHERE hash IN (
    SELECT hash FROM authorization_codes WHERE expires_at <= now_us() - ${codesAreKept} LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
