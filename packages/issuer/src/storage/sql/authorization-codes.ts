/** The SQL of authorization codes: how one is redeemed, and what it means when it comes again. */
import { tell } from './audit.ts';
import { taken } from './authorization-requests.ts';
import { given, sweptAtOnce } from './dialect.ts';
import { nextPosition } from './head.ts';
import { say } from './revocations.ts';
import { startColumnsWith, startTimes } from './session-starts.ts';
import { alive, issueColumns } from './sessions.ts';
import { noteEndOf } from './told-ends.ts';

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

/** A minute more than `people/presence.ts` asks: another process may have judged by another clock. */
const presenceCounts = 360_000_000;

/** What was allowed by a cookie alone, without a passkey proved just now, is over with the sign-in at the latest. */
const absoluteLife = (longest: string) => `least(CAST(${longest} AS BIGINT), (
    SELECT b.absolute_expires_at - now_us() FROM sessions AS b
    WHERE b.id = codes.sign_in AND codes.authenticated_at < codes.created_at - ${presenceCounts}))`;

/** $1 code, $2 request, $3 refresh algorithm, $4 idle life, $5 absolute life, then audiences and algorithms. */
export const startByCode = (audiences: number): string => `${startColumnsWith('grant_id, sign_in, ')}
  SELECT codes.grant_id, codes.sign_in, codes.sid, 'person', subjects.id, clients.id, codes.audience, codes.scope,
    codes.jkt, codes.authenticated_at, codes.amr, NULL, ${startTimes('$4', absoluteLife('$5'))}
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

const codesAreKept = 24 * 3600 * 1_000_000;

/** Kept for a day: a code that comes back says that somebody has seen it. */
export const sweepCodes = `
  DELETE FROM authorization_codes WHERE hash IN (
    SELECT hash FROM authorization_codes WHERE expires_at <= now_us() - ${codesAreKept} LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
