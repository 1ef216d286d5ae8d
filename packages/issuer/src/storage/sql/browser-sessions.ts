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

/** $1 sid. */
export const findBrowserSession = `
  SELECT ${sessionColumns}, now_us() AS now,
    (SELECT accounts.name FROM accounts WHERE accounts.subject = sessions.subject) AS account_name,
    (SELECT accounts.role FROM accounts WHERE accounts.subject = sessions.subject) AS account_role
  FROM sessions WHERE id = $1 AND ${browser}`;

/** How long the generation before the current one is answered again: a cookie is good in anybody's hands. */
const repeatedFor = 10_000_000;
const isRepeat = `generation = $2 + 1 AND rotated_at >= now_us() - ${repeatedFor}`;
const isReuse = `generation > $2 AND NOT (${isRepeat})`;
const countable = `$2 < ${Number.MAX_SAFE_INTEGER}`;

/**
 * Renews by the refresh cookie: rules 1 to 3 of the refresh with a window on rule 2, and never once the session is bound
 * to its device. $1 sid, $2 generation, $3 request, $4 $5 algorithms.
 */
export const renewByCookie = `
  UPDATE sessions SET
    request = $3,
    outcome = CASE WHEN generation < $2 THEN 'recovered' WHEN generation = $2 THEN 'rotated'
      WHEN ${isRepeat} THEN 'repeated' ELSE 'reuse' END,
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
