/**
 * All SQL. `$1` placeholders, and only what SQLite and PostgreSQL both understand, with four functions: `now_us()`
 * (the database's clock in µs, one value for a whole transaction), `greatest` and `least` (which ignore NULL), and
 * `sha256_hex(text)` (over its UTF-8). SQLite has none of them, its adapter brings them. A lock on what is read stands in
 * a comment, `/* FOR UPDATE … *\/`: SQLite lets one in at a time, and the adapter of PostgreSQL takes it out.
 *
 * Where rows are locked one by one, every transaction takes them in this order, so that none waits for another in a
 * circle: authorization requests, codes, grants, sessions, the head, whatever the head rules (subjects, clients, keys,
 * blocks, pages), the audit log's head.
 */

/**
 * Whether the row of `sessions` at hand stands. The one place that knows; every rule and every list uses it.
 * A cut ends what started at or before it (design section 5), so a session stands if it started after.
 */
export const alive = `(
  sessions.ended_at IS NULL
  AND sessions.idle_expires_at > now_us()
  AND sessions.absolute_expires_at > now_us()
  AND EXISTS (SELECT 1 FROM subjects
    WHERE subjects.id = sessions.subject AND subjects.enabled = 1 AND subjects.cut_at < sessions.started_at)
  AND EXISTS (SELECT 1 FROM clients
    WHERE clients.id = sessions.client_id AND clients.removed_at IS NULL AND clients.cut_at < sessions.started_at)
  AND (sessions.grant_id IS NULL OR EXISTS (SELECT 1 FROM grants
    WHERE grants.id = sessions.grant_id AND grants.ended_at IS NULL))
  AND EXISTS (SELECT 1 FROM head WHERE head.cut_at < sessions.started_at))`;

export const sessionColumns = `
  id AS sid, kind, subject, client_id, audience, scope, jkt, generation, rotated_at, started_at, created_at,
  authenticated_at, amr, device, last_used_at, idle_expires_at, absolute_expires_at, repeats, ended_at, end_reason,
  grant_id, sign_in, device_key,
  (SELECT handle FROM subjects WHERE subjects.id = sessions.subject) AS handle`;

const currentKey = (purpose: string, alg: string) =>
  `(SELECT id FROM signing_keys WHERE purpose = '${purpose}' AND alg = ${alg} AND state = 'current')`;

export const issueColumns = (session: string, refresh: string): string => `${sessionColumns}, now_us() AS now,
  ${currentKey('session', session)} AS session_kid, ${currentKey('refresh', refresh)} AS refresh_kid`;

export const now = `SELECT now_us() AS now`;

/** The lowest time the clock may show: nothing is ever decided before what the feed has said. */
export const headPosition = `SELECT position FROM head`;
export const nextPosition = `UPDATE head SET position = greatest(position + 1, now_us())`;
/**
 * Whoever moves the head holds it until the commit: the order of positions is the order of commits, and whoever sees a
 * position committed sees everything at and below it. So it comes before the entries at that position, always.
 *
 * At or after every start there is: the clock may have been set back since, and a cut here ends them all.
 */
export const moveHead = `
  UPDATE head SET position = greatest(position + 1, now_us(), (SELECT max(started_at) FROM sessions)) RETURNING position`;
/** Waits for every transaction that moved the head, and lets none move it until the commit. */
export const holdHead = `UPDATE head SET position = position`;
const atHead = `(SELECT position FROM head)`;

export const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;

// ——— assertions

/** The primary key decides: a second redemption fails the whole batch. */
export const redeemAssertion = `
  INSERT INTO redeemed_assertions (client_id, jti_hash, expires_at) VALUES ($1, $2, $3)`;

// ——— audit

interface Line {
  readonly kind: string;
  readonly clientId: string;
  readonly sid: string;
  readonly fields: string;
}
const orDash = (text: string) => `coalesce(length(${text}) || ':' || ${text}, '-')`;
/** What is hashed of a line: `auditHash` in sql-audit.ts says the same in our language. */
const chained = ({ kind, clientId, sid, fields }: Line) =>
  `sha256_hex(hash || ' ' || (seq + 1) || ' ' || CAST(now_us() AS BIGINT) || ' ' || ${kind} || ' ' || ${orDash(clientId)} || ' ' ||
    ${orDash(sid)} || ' ' || ${fields})`;

/**
 * Writes a line at the head of the log, each hashed together with the hash before it. The row's lock makes one chain of
 * the lines of all replicas. `recordAudit` comes next; unless the head is held, nothing that locks comes after them.
 */
export const tell = (line: Line, condition = '1 = 1'): string => `
  UPDATE audit_head SET seq = seq + 1, at = now_us(), kind = ${line.kind}, client_id = ${line.clientId},
    sid = ${line.sid}, fields = ${line.fields}, hash = ${chained(line)}
  WHERE ${condition}`;
/** Keeps the line at the head, if it is not kept yet. */
export const recordAudit = `
  INSERT INTO audit (seq, at, kind, client_id, sid, fields, hash)
  SELECT seq, at, kind, client_id, sid, fields, hash FROM audit_head WHERE seq > 0
  ON CONFLICT (seq) DO NOTHING`;

export const given = (place: number): string => `CAST($${place} AS TEXT)`;
/** $1 kind, $2 client, $3 sid, $4 fields. */
const givenLine: Line = { kind: given(1), clientId: given(2), sid: given(3), fields: given(4) };
export const audit = tell(givenLine);
const auditIf = (condition: string) => tell(givenLine, condition);

/** $5 the request: whether it was this one that touched the session $3. */
const thisRequest = `id = $3 AND request = $5`;
export const auditIfSessionStands = auditIf(`EXISTS (SELECT 1 FROM sessions WHERE id = $3)`);
export const auditIfSessionTouched = auditIf(`EXISTS (SELECT 1 FROM sessions WHERE ${thisRequest})`);
export const auditIfSubjectCut = auditIf(
  `EXISTS (SELECT 1 FROM subjects WHERE id = $5 AND cut_at = ${atHead})`,
);
export const auditIfClientCut = auditIf(
  `EXISTS (SELECT 1 FROM clients WHERE id = $5 AND cut_at = ${atHead})`,
);
export const auditIfSubjectStands = auditIf(`EXISTS (SELECT 1 FROM subjects WHERE id = $5)`);
export const auditIfKeyStands = auditIf(`EXISTS (SELECT 1 FROM signing_keys WHERE id = $5)`);
/** $5 kid, after the head was moved and the key ended. */
export const auditIfKeyRevoked = auditIf(
  `EXISTS (SELECT 1 FROM revocations WHERE position = ${atHead} AND kind = 'key' AND value = $5)`,
);

/** Of refused refreshes so many lines are written for a session in a minute: a token in wrong hands fills no disk. */
const refusalsToldAtMost = 10;
const refusedOften = `coalesce((SELECT at FROM audit WHERE sid = $3 AND kind = 'refresh_refused'
  ORDER BY seq DESC LIMIT 1 OFFSET ${refusalsToldAtMost - 1}), 0) > now_us() - ${minute}`;

/** $1 request, $2 client, $3 sid, $4 fields: what is worth telling about a refresh, told in its transaction. */
export const auditRefresh = tell(
  {
    ...givenLine,
    kind: `('refresh_' || coalesce((SELECT outcome FROM sessions WHERE id = $3 AND request = $1), 'refused'))`,
  },
  `NOT EXISTS (SELECT 1 FROM sessions
    WHERE id = $3 AND request = $1 AND outcome IN ('rotated', 'repeated', 'superseded'))
    AND (EXISTS (SELECT 1 FROM sessions WHERE id = $3 AND request = $1) OR NOT (${refusedOften}))`,
);

/** One line of the log for each row and its head beside it, in one reading. $1 after, $2 limit. */
export const readChain = `
  SELECT audit_head.seq AS head_seq, audit_head.hash AS head_hash,
    line.seq, line.at, line.kind, line.client_id, line.sid, line.fields, line.hash
  FROM audit_head LEFT JOIN (
    SELECT seq, at, kind, client_id, sid, fields, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2) AS line ON 1 = 1
  ORDER BY line.seq`;

export const listAudit = (by: { kind: boolean; sid: boolean }): string => `
  SELECT seq, at, kind, client_id, sid, fields FROM audit
  WHERE seq > $1 ${by.kind ? 'AND kind = $3' : ''} ${by.sid ? `AND sid = $${by.kind ? 4 : 3}` : ''}
  ORDER BY seq LIMIT $2`;

// ——— the feed

/**
 * Until when an entry is said: until no token made before this transaction can live, and five minutes. A life counts for
 * three hours after it was last settled: the hour its tokens may live, and two settlings that may fail. Where none is
 * known, the longest there may be counts.
 */
const untilTokensAreOver = `now_us() + ${5 * minute} +
  coalesce((SELECT max(life) FROM token_lives WHERE in_force_at > now_us() - ${3 * hour}), ${hour})`;

/** $1 how long tokens may live from now on. */
export const settleTokenLife = `
  INSERT INTO token_lives (life, in_force_at) VALUES ($1, now_us())
  ON CONFLICT (life) DO UPDATE SET in_force_at = greatest(token_lives.in_force_at, excluded.in_force_at)`;

/** Says an end in the transaction that made it, at the position to which that moved the head. */
export const say = (entry: {
  kind: string;
  value: string;
  cutAt: string;
  until?: string;
  of: string;
}): string => `
  INSERT INTO revocations (position, kind, value, cut_at, until)
  SELECT head.position, '${entry.kind}', ${entry.value}, ${entry.cutAt}, ${entry.until ?? untilTokensAreOver}
  FROM ${entry.of}`;

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

/** $1 request. By its time, for no refresh moves an entry of that index. */
const evicted = `sessions.ended_at = now_us() AND sessions.request = $1 AND sessions.end_reason = 'evicted'`;
export const moveHeadIfEvicted = `${nextPosition} WHERE EXISTS (SELECT 1 FROM sessions WHERE ${evicted})`;
export const sayEvicted = say({
  kind: 'session',
  value: 'sessions.id',
  cutAt: '0',
  of: `head, sessions WHERE ${evicted}`,
});

/** $1 id. A cut is at the head's position only if this transaction made it. */
export const sayClientCut = say({
  kind: 'client',
  value: 'clients.id',
  cutAt: 'clients.cut_at',
  of: 'head, clients WHERE clients.id = $1 AND clients.cut_at = head.position',
});
export const saySubjectCut = say({
  kind: 'subject',
  value: 'subjects.handle',
  cutAt: 'subjects.cut_at',
  of: 'head, subjects WHERE subjects.id = $1 AND subjects.cut_at = head.position',
});
export const sayEverythingCut = say({ kind: 'everything', value: `''`, cutAt: 'head.cut_at', of: 'head' });

/** A guard never admits a key again that it saw revoked; a guard that starts within this time hears of it. */
const keyEntriesLast = 400 * day;
/** Before the key is revoked. $1 kid, $2 purpose, $3 algorithm. */
export const sayKeyRevoked = say({
  kind: 'key',
  value: 'k.id',
  cutAt: '0',
  until: `now_us() + ${keyEntriesLast}`,
  of: `head, signing_keys AS k WHERE k.id = $1 AND k.purpose = $2 AND k.alg = $3 AND k.state <> 'gone'`,
});

/** One row for each entry, the head beside it, in one reading, so that they fit. $1 after, $2 limit. */
export const readFeed = `
  SELECT head.position AS head, head.floor, coalesce((SELECT max(to_position) FROM feed_pages), 0) AS page_end,
    entry.position, entry.kind, entry.value, entry.cut_at, entry.until
  FROM head LEFT JOIN (
    SELECT position, kind, value, cut_at, until FROM revocations
    WHERE position > $1 ORDER BY position, kind, value LIMIT $2) AS entry ON 1 = 1
  ORDER BY entry.position, entry.kind, entry.value`;

/** $1 where the page ends. */
export const readPage = `
  SELECT feed_pages.from_position, feed_pages.to_position, head.floor,
    entry.position, entry.kind, entry.value, entry.cut_at, entry.until
  FROM head, feed_pages LEFT JOIN revocations AS entry
    ON entry.position > feed_pages.from_position AND entry.position <= feed_pages.to_position
  WHERE feed_pages.to_position = $1
  ORDER BY entry.position, entry.kind, entry.value`;

/**
 * A clock that was set back stands at the head until it has caught up (or shows less): then the head moves by what it
 * can, so that guards see that the issuer lives.
 */
export const beat = `${nextPosition} WHERE position < now_us() - 900000 OR position >= now_us()`;

const pageHoldsAtMost = 10_000;
const pageEnd = `coalesce((SELECT max(to_position) FROM feed_pages), 0)`;
const open = `SELECT position FROM revocations WHERE position > ${pageEnd}
  ORDER BY position LIMIT ${pageHoldsAtMost + 1}`;
/**
 * With the head held, closes one page: when more are open than it holds, as many whole positions as fit; else, when one
 * has been open for 15 minutes, all that are older than ten.
 */
export const closePage = `
  INSERT INTO feed_pages (from_position, to_position)
  SELECT ${pageEnd}, max(o.position)
  FROM (${open}) AS o,
    (SELECT count(*) AS many, min(position) AS oldest, max(position) AS newest FROM (${open}) AS p) AS s
  WHERE (s.many > ${pageHoldsAtMost} AND o.position < s.newest)
    OR (s.many <= ${pageHoldsAtMost} AND s.oldest < now_us() - ${15 * minute} AND o.position < now_us() - ${10 * minute})
  HAVING count(*) > 0
  RETURNING to_position`;

/**
 * A key's entry outlives all others and would hold the floor down. An hour old it is said again at the head, and where
 * it stood it stays for the hour in which somebody may still be reading the pages there.
 */
const isOldKey = `kind = 'key' AND position < now_us() - ${hour} AND until > now_us() + ${2 * hour}`;
export const moveHeadIfKeysAreOld = `${nextPosition} WHERE EXISTS (SELECT 1 FROM revocations WHERE ${isOldKey})`;
export const sayOldKeysAgain = `
  INSERT INTO revocations (position, kind, value, cut_at, until)
  SELECT ${atHead}, kind, value, cut_at, until FROM revocations WHERE ${isOldKey}`;
export const shortenOldKeys = `UPDATE revocations SET until = now_us() + ${hour} WHERE ${isOldKey}`;

/** The floor is one below the first entry that has not run its time, and the head where there is none. It never sinks. */
export const raiseFloor = `
  UPDATE head SET floor = greatest(floor, coalesce(
    (SELECT r.position - 1 FROM revocations AS r WHERE r.until > now_us() ORDER BY r.position LIMIT 1), position))`;

/** Pages below the floor lead nowhere; a reader who knows an older floor has an hour. The last one says where the next begins. */
export const sweepPages = `
  DELETE FROM feed_pages WHERE to_position <= (SELECT floor FROM head) - ${hour}
    AND to_position < (SELECT max(p.to_position) FROM feed_pages AS p)`;

// ——— guards

/** $1 client, $2 instance, $3 name, $4 audience, $5 to, $6 keys. What was overtaken on its way takes nothing back. */
export const acknowledge = `
  INSERT INTO guards (client_id, instance, name, audience, to_position, keys, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, now_us())
  ON CONFLICT (client_id, instance) DO UPDATE SET name = excluded.name, audience = excluded.audience,
    keys = CASE WHEN excluded.to_position >= guards.to_position THEN excluded.keys ELSE guards.keys END,
    to_position = greatest(guards.to_position, excluded.to_position),
    seen_at = greatest(guards.seen_at, excluded.seen_at)`;
/** So many processes of one client are remembered; beyond that those heard of longest ago go. */
const guardsOfClientAtMost = 1000;
/** $1 client. */
export const dropSurplusGuards = `
  DELETE FROM guards WHERE client_id = $1 AND instance IN (SELECT instance FROM guards
    WHERE client_id = $1 AND EXISTS (SELECT 1 FROM guards AS g WHERE g.client_id = $1
      ORDER BY g.instance LIMIT 1 OFFSET ${guardsOfClientAtMost})
    ORDER BY seen_at DESC, to_position DESC, instance LIMIT ${guardsOfClientAtMost} OFFSET ${guardsOfClientAtMost} /* FOR UPDATE SKIP LOCKED */)`;
export const listGuards = `
  SELECT client_id, instance, name, audience, to_position, keys, seen_at FROM guards
  WHERE seen_at > now_us() - ${day} ORDER BY seen_at DESC, client_id, instance`;
export const sweepGuards = `DELETE FROM guards WHERE seen_at <= now_us() - ${day} RETURNING 1 AS swept`;

// ——— clients and subjects

const clientColumns = `id, name, kind, keys, bearer, audiences, rights, registration, subject, created_at, removed_at`;

/** $1 id, $2 namespace, $3 external id, $4 handle. */
export const addSubject = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  VALUES ($1, $2, $3, $4, 1, 0, now_us())`;

/** As `addSubject`, for a client ($5) that stands, unless the namespace knows the name. */
export const addSubjectOfSession = `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  SELECT $1, $2, $3, $4, 1, 0, now_us() FROM clients WHERE clients.id = $5 AND clients.removed_at IS NULL
  ON CONFLICT (namespace, external_id) DO NOTHING`;

export const findSubject = `
  SELECT id, namespace, external_id, handle, enabled FROM subjects WHERE namespace = $1 AND external_id = $2`;

export const addClient = `
  INSERT INTO clients (id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, now_us())
  RETURNING ${clientColumns}`;

export const findClient = `SELECT ${clientColumns} FROM clients WHERE id = $1`;
export const listClients = `SELECT ${clientColumns} FROM clients ORDER BY created_at, id`;

export const removeClient = `
  UPDATE clients SET removed_at = now_us(), cut_at = ${atHead} WHERE id = $1 AND removed_at IS NULL
  RETURNING cut_at AS position`;
export const cutClient = `UPDATE clients SET cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;
export const cutSubject = `UPDATE subjects SET cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;
export const disableSubject = `
  UPDATE subjects SET enabled = 0, cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;
export const enableSubject = `UPDATE subjects SET enabled = 1 WHERE id = $1 RETURNING id`;
export const cutEverything = `UPDATE head SET cut_at = position RETURNING position`;

// ——— sessions start

export const startColumnsWith = (more: string): string => `
  INSERT INTO sessions (${more}id, kind, subject, client_id, audience, scope, jkt, authenticated_at, amr, device,
    generation, repeats, rotated_at, created_at, last_used_at, started_at, idle_life, idle_expires_at, absolute_expires_at)`;
export const startColumns = startColumnsWith('');

/** A start is after every cut it must survive, so a sign-in right after an end is not caught by it. */
export const startTimes = (idle: string, absolute: string): string => `
  0, 0, now_us(), now_us(), now_us(),
  greatest(now_us(), subjects.cut_at + 1, clients.cut_at + 1, head.cut_at + 1),
  CAST(${idle} AS BIGINT), now_us() + least(CAST(${idle} AS BIGINT), CAST(${absolute} AS BIGINT)),
  now_us() + CAST(${absolute} AS BIGINT)`;

/**
 * $1 sid, $2 client, $3 audience, $4 scope, $5 jkt, $6 idle life, $7 absolute life, $8 $9 algorithms,
 * $10 namespace, $11 external id, $12 authenticated at, $13 amr, $14 device.
 */
export const startSession = `${startColumns}
  SELECT $1, 'person', subjects.id, clients.id, $3, $4, $5, least(CAST($12 AS BIGINT), now_us()), $13, $14,
    ${startTimes('$6', '$7')}
  FROM clients, subjects, head
  WHERE clients.id = $2 AND clients.kind IN ('public', 'web') AND clients.removed_at IS NULL
    AND ($5 <> '' OR clients.bearer = 1)
    AND subjects.namespace = $10 AND subjects.external_id = $11 AND subjects.enabled = 1
  RETURNING ${issueColumns('$8', '$9')}`;

/** Says why nothing started. $1 client, $2 namespace, $3 external id. */
export const whyNotStarted = `
  SELECT kind, bearer, removed_at,
    (SELECT enabled FROM subjects WHERE namespace = $2 AND external_id = $3) AS enabled
  FROM clients WHERE id = $1`;

/** Makes room for a new session where the last one of this client, key and audience is over. */
export const endStaleMachineSession = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'expired'
  WHERE client_id = $1 AND jkt = $2 AND audience = $3 AND kind = 'machine' AND ended_at IS NULL AND NOT ${alive}`;

/** $1 to $9 as in `startSession`, $10 the key that made the assertion: whoever has a blocked one can make any proof's. */
export const openMachineSession = `${startColumnsWith('assertion_kid, ')}
  SELECT $10, $1, 'machine', subjects.id, clients.id, $3, $4, $5, NULL, NULL, NULL, ${startTimes('$6', '$7')}
  FROM clients, subjects, head
  WHERE clients.id = $2 AND clients.kind = 'machine' AND clients.removed_at IS NULL
    AND ($5 <> '' OR clients.bearer = 1)
    AND subjects.id = clients.subject AND subjects.enabled = 1
    AND NOT EXISTS (SELECT 1 FROM blocked_keys WHERE blocked_keys.client_id = $2 AND blocked_keys.jkt IN ($5, $10))
  ON CONFLICT (client_id, jkt, audience) WHERE kind = 'machine' AND ended_at IS NULL
  DO UPDATE SET scope = excluded.scope, assertion_kid = excluded.assertion_kid, last_used_at = now_us(), idle_life = excluded.idle_life,
    idle_expires_at = least(now_us() + excluded.idle_life, sessions.absolute_expires_at)
  RETURNING ${issueColumns('$8', '$9')}`;

/** $1 client, $2 jkt, $3 the key that made the assertion. */
export const whyNotOpened = `
  SELECT kind, bearer, removed_at,
    (SELECT enabled FROM subjects WHERE subjects.id = clients.subject) AS enabled,
    (SELECT count(*) FROM blocked_keys WHERE client_id = $1 AND jkt IN ($2, $3)) AS blocked
  FROM clients WHERE id = $1`;

const evictedAtOnce = 100;
/**
 * $4 is how many may stand beside the one just opened, which is never the one to go. Openings that do not see each other
 * may each add one, so all beyond the bound go; those that another opening has in hand are its to end. $5 request.
 */
export const evictOldestMachineSession = `
  UPDATE sessions SET ended_at = now_us(), end_reason = 'evicted', request = $5
  WHERE id IN (SELECT s.id FROM sessions AS s WHERE s.ended_at IS NULL AND s.id IN (SELECT id FROM sessions
    WHERE client_id = $1 AND kind = 'machine' AND ended_at IS NULL
      AND id <> (SELECT o.id FROM sessions AS o WHERE o.client_id = $1 AND o.jkt = $2 AND o.audience = $3
        AND o.kind = 'machine' AND o.ended_at IS NULL)
    ORDER BY last_used_at DESC, id DESC LIMIT ${evictedAtOnce} OFFSET $4) /* FOR UPDATE SKIP LOCKED */)
  RETURNING id`;

// ——— refresh

/** Rule 3 asks how long ago the last rotation was. */
const supersededFor = 60_000_000;

/** What the token's generation $2 means against the row as it stands: design section 4, rules 1 to 3, and nothing else. */
const refreshOutcome = `CASE
  WHEN generation < $2 THEN 'recovered'
  WHEN generation = $2 THEN 'rotated'
  WHEN generation = $2 + 1 THEN 'repeated'
  WHEN rotated_at >= now_us() - ${supersededFor} THEN 'superseded'
  ELSE 'reuse' END`;
const isReuse = `generation > $2 + 1 AND rotated_at < now_us() - ${supersededFor}`;

/**
 * The refresh: one statement. $1 sid, $2 generation, $3 client, $4 jkt, $5 refresh algorithm, $6 request, then an
 * audience and its algorithm, as many times as `audiences` says. A foreign key, a foreign client or a session that is over touches no row. The row keeps the outcome and which
 * request it was, so that what follows in this transaction speaks about this refresh and no other.
 */
export const rotate = (audiences: number): string => `
  UPDATE sessions SET
    request = $6,
    outcome = ${refreshOutcome},
    generation = CASE WHEN generation <= $2 THEN $2 + 1 ELSE generation END,
    rotated_at = CASE WHEN generation <= $2 THEN now_us() ELSE rotated_at END,
    idle_expires_at = CASE WHEN generation <= $2
      THEN least(now_us() + idle_life, absolute_expires_at) ELSE idle_expires_at END,
    last_used_at = CASE WHEN generation <= $2 + 1 THEN now_us() ELSE last_used_at END,
    repeats = CASE WHEN generation = $2 + 1 THEN repeats + 1 ELSE repeats END,
    ended_at = CASE WHEN ${isReuse} THEN now_us() END,
    end_reason = CASE WHEN ${isReuse} THEN 'reuse' END
  WHERE id = $1 AND client_id = $3 AND jkt = $4 AND jkt <> '' AND $2 < ${Number.MAX_SAFE_INTEGER} AND ${alive}
    AND audience IN (${pairs(audiences, ([audience]) => audience).join(', ')})
  RETURNING outcome, ${issueColumns(algOfAudience(audiences), '$5')}`;

const pairs = (count: number, text: (placeholders: [string, string]) => string) =>
  Array.from({ length: count }, (_, pair) => text([`$${7 + 2 * pair}`, `$${8 + 2 * pair}`]));
const algOfAudience = (audiences: number) =>
  `CASE sessions.audience ${pairs(audiences, ([audience, alg]) => `WHEN ${audience} THEN ${alg}`).join(' ')} END`;

// ——— sessions end and are listed

/** $1 sid, $2 reason, $3 request; $4 the client whose session it must be. */
export const endSession = (by: { client: boolean }): string => `
  UPDATE sessions SET ended_at = now_us(), end_reason = $2, request = $3
  WHERE id = $1 AND ended_at IS NULL ${by.client ? 'AND client_id = $4' : ''}
  RETURNING ${sessionColumns}, now_us() AS now`;

/** The key that made its proofs and the one that made its assertion, mostly the same. $1 sid, $2 request. */
export const blockHolderKey = `
  INSERT INTO blocked_keys (client_id, jkt, blocked_at)
  SELECT client_id, key, now_us() FROM (
    SELECT client_id, jkt AS key FROM sessions WHERE id = $1 AND request = $2 AND kind = 'machine' AND jkt <> ''
    UNION SELECT client_id, assertion_kid FROM sessions
      WHERE id = $1 AND request = $2 AND kind = 'machine' AND assertion_kid <> '') AS keys
  WHERE 1 = 1 ON CONFLICT (client_id, jkt) DO NOTHING`;

export const sessionStands = (by: { client: boolean }): string => `
  SELECT 1 AS stands FROM sessions WHERE id = $1 ${by.client ? 'AND client_id = $2' : ''}`;

export const listBlocks = (by: { client: boolean }): string => `
  SELECT client_id, jkt, blocked_at FROM blocked_keys ${by.client ? 'WHERE client_id = $1' : ''}
  ORDER BY client_id, blocked_at, jkt`;
export const liftBlock = (by: { jkt: boolean }): string => `
  DELETE FROM blocked_keys WHERE client_id = $1 ${by.jkt ? 'AND jkt = $2' : ''} RETURNING jkt`;
/** Before the block goes: $5 client, $6 jkt. */
export const auditIfBlocked = (by: { jkt: boolean }): string =>
  auditIf(`EXISTS (SELECT 1 FROM blocked_keys WHERE client_id = $5 ${by.jkt ? 'AND jkt = $6' : ''})`);

const aliveColumn = `CASE WHEN ${alive} THEN 1 ELSE 0 END AS alive`;
export const findSession = `SELECT ${sessionColumns}, now_us() AS now, ${aliveColumn} FROM sessions WHERE id = $1`;

/** Newest first. The values in the order in which the filters are named here, the limit last. */
export const listSessions = (by: {
  client: boolean;
  subject: boolean;
  after: boolean;
  alive: boolean;
}): string => {
  let count = 0;
  const next = () => `$${++count}`;
  const conditions = [
    by.client ? [`client_id = ${next()}`] : [],
    by.subject ? [`subject = ${next()}`] : [],
    by.after
      ? [`(started_at, id) < (SELECT p.started_at, p.id FROM sessions AS p WHERE p.id = ${next()})`]
      : [],
    by.alive ? [alive] : [],
  ].flat();
  return `SELECT ${sessionColumns}, ${aliveColumn} FROM sessions
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY started_at DESC, id DESC LIMIT ${next()}`;
};

// ——— signing keys

const keyColumns = `id AS kid, purpose, alg, state, public_jwk, wrapped_key, kek_id, created_at, holdable_from, current_at,
  retired_at, gone_at`;
const insertKey = `INSERT INTO signing_keys (id, purpose, alg, public_jwk, wrapped_key, kek_id, state, created_at,
  holdable_from, current_at)`;
const inState = (state: string) =>
  `EXISTS (SELECT 1 FROM signing_keys AS k WHERE k.purpose = $2 AND k.alg = $3 AND k.state = '${state}')`;

/** $1 kid, $2 purpose, $3 algorithm, $4 public key, $5 wrapped key, $6 key-encryption key; $7 holdable after. */
export const addNextKey = `${insertKey}
  VALUES ($1, $2, $3, $4, $5, $6, 'next', now_us(), now_us() + $7, NULL) RETURNING ${keyColumns}`;
/** $1 to $6 as in `addNextKey`. */
export const addCurrentKey = `${insertKey}
  VALUES ($1, $2, $3, $4, $5, $6, 'current', now_us(), now_us(), now_us()) RETURNING ${keyColumns}`;
export const addNextKeyUnlessOne = `${insertKey}
  SELECT $1, $2, $3, $4, $5, $6, 'next', now_us(), now_us() + CAST($7 AS BIGINT), NULL WHERE NOT ${inState('next')}`;

/** After a revocation: the missing one of next and current. $8 the key revoked. */
export const addKeyInPlaceOf = `${insertKey}
  SELECT $1, $2, $3, $4, $5, $6, CASE WHEN ${inState('current')} THEN 'next' ELSE 'current' END,
    now_us(), now_us() + CAST($7 AS BIGINT), CASE WHEN ${inState('current')} THEN NULL ELSE now_us() END
  WHERE NOT ${inState('next')} AND EXISTS (SELECT 1 FROM signing_keys WHERE id = $8 AND state = 'gone')`;

export const listKeys = `SELECT ${keyColumns} FROM signing_keys WHERE state <> 'gone' ORDER BY created_at, id`;
export const keysOf = `
  SELECT ${keyColumns} FROM signing_keys WHERE purpose = $1 AND alg = $2 AND state IN ('next', 'current')`;

/** $1 purpose, $2 algorithm, $3 whether forced. */
const nextIsDue = `EXISTS (SELECT 1 FROM signing_keys AS n WHERE n.purpose = $1 AND n.alg = $2 AND n.state = 'next'
  AND (n.holdable_from <= now_us() OR $3 = 1))`;
export const retireCurrentIfNextIsDue = `
  UPDATE signing_keys SET state = 'retired', retired_at = now_us()
  WHERE purpose = $1 AND alg = $2 AND state = 'current' AND ${nextIsDue}`;
export const promoteNextIfDue = `
  UPDATE signing_keys SET state = 'current', current_at = now_us()
  WHERE purpose = $1 AND alg = $2 AND state = 'next' AND (holdable_from <= now_us() OR $3 = 1)
  RETURNING id AS kid`;

/** $1 kid, $2 purpose, $3 algorithm. */
export const revokeKey = `
  UPDATE signing_keys SET state = 'gone', gone_at = now_us(), wrapped_key = NULL
  WHERE id = $1 AND purpose = $2 AND alg = $3 AND state <> 'gone' RETURNING id AS kid`;
export const promoteNextInPlaceOf = `
  UPDATE signing_keys SET state = 'current', current_at = now_us()
  WHERE purpose = $2 AND alg = $3 AND state = 'next' AND NOT ${inState('current')}
    AND EXISTS (SELECT 1 FROM signing_keys AS r WHERE r.id = $1 AND r.state = 'gone')`;

/** The one that was retired first of those whose tokens are over. */
const expiredKey = (purpose: string, life: string) => `(SELECT id FROM signing_keys
  WHERE purpose = ${purpose} AND state = 'retired' AND retired_at + ${life} <= now_us() ORDER BY retired_at, id LIMIT 1)`;
/** With the head held, before it is dropped. $1 purpose, $2 the longest life of a token it may have signed. */
export const auditExpiredKey = tell(
  {
    kind: `'key_dropped'`,
    clientId: 'CAST(NULL AS TEXT)',
    sid: 'CAST(NULL AS TEXT)',
    fields: `('{"kid":"' || ${expiredKey('$1', '$2')} || '"}')`,
  },
  `${expiredKey('$1', '$2')} IS NOT NULL`,
);
/** $1 and $2 as in `auditExpiredKey`. */
export const dropExpiredKey = `
  UPDATE signing_keys SET state = 'gone', gone_at = now_us(), wrapped_key = NULL
  WHERE id = ${expiredKey('$1', '$2')} RETURNING ${keyColumns}`;

/** $1 kid, $2 the private key wrapped anew, $3 under which key-encryption key, $4 under which it was. */
export const rewrapKey = `
  UPDATE signing_keys SET wrapped_key = $2, kek_id = $3 WHERE id = $1 AND kek_id = $4 AND state <> 'gone'
  RETURNING id AS kid`;
/** $5 kid, $6 the key-encryption key it is wrapped under now. */
export const auditIfKeyWrapped = auditIf(
  `EXISTS (SELECT 1 FROM signing_keys WHERE id = $5 AND kek_id = $6 AND state <> 'gone')`,
);

// ——— facts about this store, and cleaning

export const settleMeta = `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`;
export const replaceMeta = `UPDATE meta SET value = $3 WHERE key = $1 AND value = $2`;
export const findMeta = `SELECT value FROM meta WHERE key = $1`;

/** Bounded, so that no transaction of a sweep holds the store for long; whoever sweeps goes on until less was found. */
export const sweptAtOnce = 1000;
export const sweepAssertions = `
  DELETE FROM redeemed_assertions WHERE (client_id, jti_hash) IN (
    SELECT client_id, jti_hash FROM redeemed_assertions WHERE expires_at <= now_us() LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
/** $1 how long they are kept after their end. */
export const sweepEndedSessions = `
  DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < now_us() - $1 LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
export const sweepExpiredSessions = `
  DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE absolute_expires_at < now_us() - $1 LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
export const sweepRevocations = `
  DELETE FROM revocations WHERE (position, kind, value) IN (
    SELECT position, kind, value FROM revocations WHERE until <= now_us() ORDER BY until LIMIT ${sweptAtOnce})
  RETURNING 1 AS swept`;
