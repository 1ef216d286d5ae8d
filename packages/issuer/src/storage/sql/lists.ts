/**
 * The SQL of what people and operators look at, newest first and page by page. `dialect.ts` says what it may use.
 *
 * No list may cost more than its page: where no index answers a search, it looks at so many rows and no further.
 */
import { clientColumns } from './clients.ts';
import { alive, sessionColumns } from './sessions.ts';

/** How many rows a search without an index looks at. */
const searchedAtMost = 5000;
const atMost = `LIMIT ${searchedAtMost}`;
/** Up to where live sessions are counted. */
export const countedAtMost = 20_000;

const aliveColumn = `CASE WHEN ${alive} THEN 1 ELSE 0 END AS alive`;

// ——— of one person

/** $1 subject, $2 limit. */
export const listApplications = `
  SELECT grants.id AS grant_id, grants.client_id, clients.name, clients.registration, grants.created_at,
    (SELECT max(last_used_at) FROM sessions WHERE sessions.grant_id = grants.id) AS last_used_at,
    (SELECT count(*) FROM sessions WHERE sessions.grant_id = grants.id AND ${alive}) AS sessions
  FROM grants, clients
  WHERE clients.id = grants.client_id AND clients.removed_at IS NULL
    AND grants.subject = $1 AND grants.ended_at IS NULL
  ORDER BY grants.created_at DESC, grants.id DESC LIMIT $2`;

/** $1 subject. */
export const listGrantedScopes = `
  SELECT granted_scopes.grant_id, granted_scopes.audience, granted_scopes.scope
  FROM grants, granted_scopes
  WHERE granted_scopes.grant_id = grants.id AND grants.subject = $1 AND grants.ended_at IS NULL
  ORDER BY granted_scopes.grant_id, granted_scopes.audience, granted_scopes.scope`;

/** $1 subject, $2 limit. */
export const listLinkedSessions = `
  SELECT sessions.grant_id, sessions.id AS sid, sessions.started_at, sessions.last_used_at,
    coalesce(sessions.device, (SELECT b.device FROM sessions AS b WHERE b.id = sessions.sign_in)) AS device
  FROM grants, sessions
  WHERE grants.subject = $1 AND grants.ended_at IS NULL AND sessions.grant_id = grants.id AND ${alive}
  ORDER BY sessions.last_used_at DESC, sessions.id DESC LIMIT $2`;

/** $1 subject, $2 limit, $3 the last event of the page before. */
export const listEvents = (by: { after: boolean }): string => `
  SELECT id, at, kind, fields FROM security_events
  WHERE subject = $1
    ${by.after ? 'AND (at, id) < (SELECT p.at, p.id FROM security_events AS p WHERE p.id = $3 AND p.subject = $1)' : ''}
  ORDER BY at DESC, id DESC LIMIT $2`;

// ——— of everybody

const named = `
  (SELECT accounts.name FROM accounts WHERE accounts.subject = sessions.subject) AS account_name,
  (SELECT clients.name FROM clients WHERE clients.id = sessions.client_id) AS client_name`;

interface SessionFilters {
  readonly client: boolean;
  readonly subject: boolean;
  readonly device: boolean;
  readonly after: boolean;
  /** The last session that is looked at. */
  readonly reach: boolean;
}

/** What an index answers, newest first. */
const indexedSessions = (by: SessionFilters, next: () => string): string =>
  where([
    ...(by.client ? [`s.client_id = ${next()}`] : []),
    ...(by.subject ? [`s.subject IN (${subjectsCalled(next(), next())})`] : []),
    ...(by.after ? [`(s.started_at, s.id) < ${startOf(next())}`] : []),
    ...(by.reach ? [`(s.started_at, s.id) >= ${startOf(next())}`] : []),
  ]);

const startOf = (sid: string): string => `(SELECT p.started_at, p.id FROM sessions AS p WHERE p.id = ${sid})`;

/** The values in the order in which the filters are named here, the device after them, the limit last. */
export const searchSessions = (by: SessionFilters): string => {
  const next = numbered();
  const looked = indexedSessions(by, next);
  const device = by.device ? [holds('sessions.device', next())] : [];
  return `SELECT ${sessionColumns}, ${aliveColumn}, ${named}
    FROM (SELECT s.* FROM sessions AS s ${looked}
      ORDER BY s.started_at DESC, s.id DESC ${by.reach ? '' : atMost}) AS sessions
    ${where(device)} ORDER BY started_at DESC, id DESC LIMIT ${next()}`;
};

/** The session at which a search for a device ends; none where it can look at all. Values as above. */
export const reachOfSessions = (by: SessionFilters): string => `
  SELECT s.id AS reach FROM sessions AS s ${indexedSessions(by, numbered())}
  ORDER BY s.started_at DESC, s.id DESC LIMIT 1 OFFSET ${searchedAtMost - 1}`;

/** A subject's id, or the name of its account, folded. */
const subjectsCalled = (id: string, folded: string): string =>
  `SELECT ${id} UNION SELECT accounts.subject FROM accounts WHERE accounts.folded = ${folded}`;

/** By name. $1 limit, then the beginning of the name and where such names end, then the last name of the page before; all folded. */
export const searchAccounts = (by: { prefix: boolean; after: boolean }): string => {
  const after = by.prefix ? '$4' : '$2';
  return `
  SELECT accounts.subject, accounts.name, accounts.role, accounts.created_at, subjects.enabled,
    (SELECT count(*) FROM passkeys WHERE passkeys.subject = accounts.subject) AS passkeys,
    (SELECT count(*) FROM grants WHERE grants.subject = accounts.subject AND grants.ended_at IS NULL) AS applications,
    (SELECT max(sessions.last_used_at) FROM sessions WHERE sessions.subject = accounts.subject) AS last_used_at
  FROM accounts, subjects
  WHERE subjects.id = accounts.subject
    ${by.prefix ? 'AND accounts.folded >= $2 AND accounts.folded < $3' : ''}
    ${by.after ? `AND accounts.folded > ${after}` : ''}
  ORDER BY accounts.folded LIMIT $1`;
};

interface ClientFilters {
  readonly after: boolean;
  /** The last client that is looked at. */
  readonly reach: boolean;
  readonly part: boolean;
}

const indexedClients = (by: ClientFilters, next: () => string): string =>
  where([
    ...(by.after ? [`(c.created_at, c.id) < (${next()}, ${next()})`] : []),
    ...(by.reach ? [`(c.created_at, c.id) >= (${next()}, ${next()})`] : []),
  ]);

/** Newest first. Of each place its moment and its id; the values in the order in which the filters are named here, the limit last. */
export const searchClients = (by: ClientFilters): string => {
  const next = numbered();
  const looked = indexedClients(by, next);
  const part = by.part ? next() : '';
  const fits = by.part ? [`(${holds('clients.name', part)} OR ${holds('clients.id', part)})`] : [];
  return `SELECT ${clientColumns}
    FROM (SELECT c.* FROM clients AS c ${looked} ORDER BY c.created_at DESC, c.id DESC ${by.reach ? '' : atMost}) AS clients
    ${where(fits)} ORDER BY created_at DESC, id DESC LIMIT ${next()}`;
};

/** The client at which a search for a part ends; none where it can look at all. Values as above. */
export const reachOfClients = (by: ClientFilters): string => `
  SELECT c.created_at, c.id FROM clients AS c ${indexedClients(by, numbered())}
  ORDER BY c.created_at DESC, c.id DESC LIMIT 1 OFFSET ${searchedAtMost - 1}`;

interface LineFilters {
  readonly sid: boolean;
  readonly before: boolean;
  /** The last line that is looked at. */
  readonly reach: boolean;
  readonly client: boolean;
  readonly kind: boolean;
}

const indexedLines = (by: LineFilters, next: () => string): string =>
  where([
    ...(by.sid ? [`a.sid = ${next()}`] : []),
    ...(by.before ? [`a.seq < ${next()}`] : []),
    ...(by.reach ? [`a.seq >= ${next()}`] : []),
  ]);

/** Newest first. The values in the order in which the filters are named here, the limit last. */
export const searchAudit = (by: LineFilters): string => {
  const next = numbered();
  const looked = indexedLines(by, next);
  const fits = where([
    ...(by.client ? [`audit.client_id = ${next()}`] : []),
    ...(by.kind ? [`audit.kind = ${next()}`] : []),
  ]);
  return `SELECT seq, at, kind, client_id, sid, fields
    FROM (SELECT a.* FROM audit AS a ${looked} ORDER BY a.seq DESC ${by.reach ? '' : atMost}) AS audit
    ${fits} ORDER BY seq DESC LIMIT ${next()}`;
};

/** The line at which a search for a client or a kind ends; none where it can look at all. Values as above. */
export const reachOfAudit = (by: LineFilters): string => `
  SELECT a.seq AS reach FROM audit AS a ${indexedLines(by, numbered())}
  ORDER BY a.seq DESC LIMIT 1 OFFSET ${searchedAtMost - 1}`;

/** A text somewhere in a column; databases agree on what is lower case of ASCII alone. */
function holds(column: string, pattern: string): string {
  return `lower(${column}) LIKE CAST(${pattern} AS TEXT) ESCAPE '~'`;
}

/** `$1`, `$2` and so on. */
function numbered(): () => string {
  let values = 0;
  return () => `$${++values}`;
}

function where(conditions: readonly string[]): string {
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

// ——— figures

/** Of the sessions that may still stand, so many as are counted. */
export const countSessions = `
  SELECT now_us() AS now, (SELECT position FROM head) AS head,
    (SELECT count(*) FROM accounts) AS accounts,
    (SELECT count(*) FROM clients WHERE removed_at IS NULL AND kind <> 'own') AS clients,
    count(*) AS looked_at,
    count(CASE WHEN ${alive} AND sessions.kind = 'person' THEN 1 END) AS people,
    count(CASE WHEN ${alive} AND sessions.kind = 'machine' THEN 1 END) AS machines,
    count(CASE WHEN ${alive} AND sessions.kind = 'browser' THEN 1 END) AS browsers
  FROM (SELECT s.* FROM sessions AS s WHERE s.absolute_expires_at > now_us()
    ORDER BY s.absolute_expires_at DESC LIMIT ${countedAtMost}) AS sessions`;

const minute = 60_000_000;
/** Which minute it was, counted from the one that runs. */
const minuteOf = (column: string): string => `(${column} / ${minute} - CAST(now_us() AS BIGINT) / ${minute})`;
const within = (column: string): string =>
  `${column} > now_us() - CAST($1 AS BIGINT) * ${minute} AND ${column} <= now_us()`;
/** $1 how many minutes back. */
export const startsByMinute = `
  SELECT ${minuteOf('started_at')} AS minute, count(*) AS number FROM sessions
  WHERE ${within('started_at')} GROUP BY ${minuteOf('started_at')}`;
/** $1 how many minutes back. */
export const endsByMinute = `
  SELECT ${minuteOf('ended_at')} AS minute, count(*) AS number FROM sessions
  WHERE ended_at IS NOT NULL AND ${within('ended_at')} GROUP BY ${minuteOf('ended_at')}`;
