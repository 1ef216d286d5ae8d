/**
 * The SQL that ends what was opened from a sign-in together with it, where its cookie may have been in other hands.
 * `dialect.ts` says what it may use, and in which order rows are locked: grants before sessions.
 */
import { called, eventId, hasAccount } from './told-ends.ts';
import { given } from './dialect.ts';

/** Made since this sign-in began. $1 sid. */
const madeSince = `g.ended_at IS NULL AND g.subject = (SELECT b.subject FROM sessions AS b WHERE b.id = $1)
  AND g.created_at >= (SELECT b.created_at FROM sessions AS b WHERE b.id = $1 AND b.kind = 'browser')`;

/** Nobody has got anything by it in another sign-in: so it was the one who was here that made it. $1 sid. */
const usedHereAlone = `
  NOT EXISTS (SELECT 1 FROM sessions AS s WHERE s.grant_id = g.id AND coalesce(s.sign_in, '') <> $1)
  AND NOT EXISTS (SELECT 1 FROM authorization_codes AS c
    WHERE c.subject = g.subject AND c.grant_id = g.id AND coalesce(c.sign_in, '') <> $1)`;

/** First, so that it waits for codes that are being redeemed, and then sees what they gave. $1 sid. */
export const holdGrantsMadeHere = `
  SELECT g.id FROM grants AS g WHERE ${madeSince} ORDER BY g.id /* FOR UPDATE */`;

/** The same before a renewal that may be reuse: by a cookie that is not the newest. $1 sid, $2 generation. */
export const holdGrantsIfOlder = `
  SELECT g.id FROM grants AS g
  WHERE EXISTS (SELECT 1 FROM sessions WHERE id = $1 AND device_key IS NULL AND ended_at IS NULL AND generation > $2)
    AND ${madeSince} ORDER BY g.id /* FOR UPDATE */`;

/** All that came of a sign-in whose cookie was in two hands, once this request has ended it. $1 sid, $2 request. */
export const endOpenedByThief = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'reuse', request = $2
  WHERE id IN (SELECT s.id FROM sessions AS s
    WHERE s.ended_at IS NULL AND s.sign_in = $1 AND EXISTS (
      SELECT 1 FROM sessions AS b WHERE b.id = $1 AND b.request = $2 AND b.ended_at IS NOT NULL)
    ORDER BY s.id /* FOR UPDATE */)`;

/**
 * After the sessions: none of what was linked here counts as allowed. All of it is held by now; what came in between and
 * is in somebody's hand is not waited for, which could be in a circle: its code finds the sign-in ended. $1 sid, $2 request.
 */
export const endGrantsMadeHere = `
  UPDATE grants SET ended_at = now_us(), request = $2
  WHERE id IN (SELECT g.id FROM grants AS g WHERE ${madeSince} AND ${usedHereAlone} /* FOR UPDATE SKIP LOCKED */)
    AND EXISTS (SELECT 1 FROM sessions AS b WHERE b.id = $1 AND b.request = $2 AND b.ended_at IS NOT NULL)`;

/** One for each application that lost something. $1 sid, $2 request. */
export const noteOpenedEnds = `
  INSERT INTO security_events (id, subject, at, kind, fields)
  SELECT ${eventId} || '-' || grants.id, grants.subject, now_us(), 'ended_with_browser',
    ${called('application', '(SELECT clients.name FROM clients WHERE clients.id = grants.client_id)')}
  FROM grants WHERE ${hasAccount('grants.subject')}
    AND grants.subject = (SELECT b.subject FROM sessions AS b WHERE b.id = ${given(1)})
    AND (grants.request = $2 OR grants.id IN (SELECT s.grant_id FROM sessions AS s
      WHERE s.sign_in = ${given(1)} AND s.request = $2 AND s.ended_at IS NOT NULL))`;
