/** The SQL of browser sessions: sign-ins at the issuer's own pages, carried by cookies. `dialect.ts` says what it may use. */
import { tell } from './audit.ts';
import { startColumns, startTimes } from './session-starts.ts';
import { alive, issueColumns, sessionColumns } from './sessions.ts';

/** $1 sid, $2 client, $3 audience, $4 idle life, $5 absolute life, $6 $7 algorithms, $8 subject, $9 amr, $10 device. */
export const startBrowserSession = `${startColumns}
  SELECT $1, 'browser', subjects.id, clients.id, $3, '', '', now_us(), $9, $10, ${startTimes('$4', '$5')}
  FROM clients, subjects, head
  WHERE clients.id = $2 AND clients.kind = 'own' AND clients.removed_at IS NULL
    AND subjects.id = $8 AND subjects.enabled = 1
    AND EXISTS (SELECT 1 FROM accounts WHERE accounts.subject = subjects.id)
  RETURNING ${issueColumns('$6', '$7')}`;

const browser = `sessions.kind = 'browser' AND ${alive}`;

/** A cookie renewed it, and no request has brought yet what that led to: the answer may be lost. */
const isAwaited = `device_key IS NULL AND coalesce(outcome, '') IN ('rotated', 'recovered', 'repeated')`;

/** $1 sid. */
export const findBrowserSession = `
  SELECT ${sessionColumns}, now_us() AS now,
    (SELECT accounts.name FROM accounts WHERE accounts.subject = sessions.subject) AS account_name,
    (SELECT accounts.role FROM accounts WHERE accounts.subject = sessions.subject) AS account_role,
    CASE WHEN ${isAwaited} THEN 1 ELSE 0 END AS is_awaited
  FROM sessions WHERE id = $1 AND ${browser}`;

/** How long the generation before is answered again although the current one has come: a second tab may be slow. */
const repeatedFor = 10_000_000;
const hasCome = `coalesce(outcome, '') IN ('arrived', 'overtaken')`;
const isRepeat = `generation = $2 + 1 AND (NOT ${hasCome} OR rotated_at >= now_us() - ${repeatedFor})`;
const isReuse = `generation > $2 AND NOT (${isRepeat})`;
const countable = `$2 < ${Number.MAX_SAFE_INTEGER}`;

/**
 * Renews by the refresh cookie: rules 1, 2 and 4 of the refresh, and never once the session is bound to its device. No
 * key tells a thief's cookie from its owner's, so rule 2 lasts only until the current generation has come.
 * $1 sid, $2 generation, $3 request, $4 $5 algorithms.
 */
export const renewByCookie = `
  UPDATE sessions SET
    request = $3,
    outcome = CASE WHEN generation < $2 THEN 'recovered' WHEN generation = $2 THEN 'rotated'
      WHEN ${isRepeat} THEN CASE WHEN ${hasCome} THEN 'overtaken' ELSE 'repeated' END ELSE 'reuse' END,
    generation = CASE WHEN generation <= $2 THEN $2 + 1 ELSE generation END,
    rotated_at = CASE WHEN generation <= $2 THEN now_us() ELSE rotated_at END,
    idle_expires_at = CASE WHEN generation <= $2
      THEN least(now_us() + idle_life, absolute_expires_at) ELSE idle_expires_at END,
    last_used_at = CASE WHEN ${isReuse} THEN last_used_at ELSE now_us() END,
    repeats = CASE WHEN ${isRepeat} THEN repeats + 1 ELSE repeats END,
    ended_at = CASE WHEN ${isReuse} THEN now_us() END,
    end_reason = CASE WHEN ${isReuse} THEN 'reuse' END
  WHERE id = $1 AND device_key IS NULL AND ${countable} AND ${browser}
  RETURNING outcome, ${issueColumns('$4', '$5')}`;

/** What the refresh cookie stands for, and nothing is changed. $1 sid, $2 generation, $3 $4 algorithms. */
export const readByCookie = `
  SELECT ${issueColumns('$3', '$4')} FROM sessions
  WHERE id = $1 AND device_key IS NULL AND ${countable} AND (generation = $2 OR ${isRepeat}) AND ${browser}`;

/** The current generation has come: from now on the one before is an old one. $1 sid, $2 generation. */
export const noteArrival = `
  UPDATE sessions SET outcome = 'arrived' WHERE id = $1 AND generation = $2 AND ${isAwaited} AND ${browser}`;

/** $1 sid, $2 fields, $3 request: what is worth telling about a renewal. */
export const auditRenewal = tell(
  {
    kind: `('refresh_' || (SELECT outcome FROM sessions WHERE id = $1))`,
    clientId: '(SELECT client_id FROM sessions WHERE id = $1)',
    sid: 'CAST($1 AS TEXT)',
    fields: 'CAST($2 AS TEXT)',
  },
  `EXISTS (SELECT 1 FROM sessions WHERE id = $1 AND request = $3 AND outcome IN ('recovered', 'reuse'))`,
);

/**
 * The person proved a passkey again. Only a session that is bound to its device keeps it: what renews another one is
 * good in anybody's hands, so there it counts in the one token made now. $1 sid, $2 amr, $3 $4 algorithms.
 */
export const provePresence = `
  UPDATE sessions SET last_used_at = now_us(),
    authenticated_at = CASE WHEN device_key IS NULL THEN authenticated_at ELSE now_us() END,
    amr = CASE WHEN device_key IS NULL THEN amr ELSE $2 END
  WHERE id = $1 AND ${browser}
  RETURNING ${issueColumns('$3', '$4')}`;

/** From the sign-in, for how long a browser may bind its session. */
const bindableFor = 60_000_000;
/**
 * Binds a session to the device whose key is $2: once, and as long as nothing but its sign-in has given it a token.
 * $1 sid, $3 the generation for which that was offered, $4 idle life, $5 absolute life, $6 request, $7 $8 algorithms.
 */
export const bindToDevice = `
  UPDATE sessions SET request = $6, device_key = $2, generation = $3 + 1, rotated_at = now_us(), last_used_at = now_us(),
    idle_life = $4, idle_expires_at = least(now_us() + CAST($4 AS BIGINT), created_at + CAST($5 AS BIGINT)),
    absolute_expires_at = created_at + CAST($5 AS BIGINT)
  WHERE id = $1 AND device_key IS NULL AND generation = $3 AND created_at > now_us() - ${bindableFor} AND ${browser}
  RETURNING ${issueColumns('$7', '$8')}`;

/** From when it was given, for how long a challenge may be answered. */
const answerableFor = 60_000_000;
/**
 * Renews by an answer of the device to the challenge that was given at $3 for the generation $2: the generation moves,
 * so each answer counts once. $1 sid, $4 $5 algorithms.
 */
export const renewByDevice = `
  UPDATE sessions SET generation = $2 + 1, rotated_at = now_us(), last_used_at = now_us(),
    idle_expires_at = least(now_us() + idle_life, absolute_expires_at)
  WHERE id = $1 AND device_key IS NOT NULL AND generation <= $2 AND ${countable}
    AND $3 > now_us() - ${answerableFor} AND ${browser}
  RETURNING ${issueColumns('$4', '$5')}`;
