/** The SQL of clients that register themselves. `dialect.ts` says what it may use, and in which order rows are locked. */
import { provenName } from '../port/registration-storage.ts';
import { tell } from './audit.ts';
import { given, sweptAtOnce } from './dialect.ts';

const hour = 3600 * 1_000_000;
const week = 7 * 24 * hour;

const registeredSelf = (by: string) => `registration LIKE '%"by":"${by}"%'`;

/** With the head held: $1 id, $2 client, $3 handle, $4 how many an hour; only while there is room. */
export const addSubjectOfRegistered = (by: 'dynamic' | 'document'): string => `
  INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
  SELECT $1, ${given(2)}, '', $3, 1, 0, now_us() FROM head
  WHERE NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = ${given(2)})
    AND (SELECT count(*) FROM clients
      WHERE clients.created_at > now_us() - ${hour} AND ${registeredSelf(by)}) < $4
  ON CONFLICT (namespace, external_id) DO NOTHING`;

const readNow = (isRead: boolean) => (isRead ? 'now_us()' : 'CAST(NULL AS BIGINT)');
/**
 * `isRead`: it says something at an address of its own, which was read just now. $1 id, $2 name, $3 kind, $4 keys,
 * $5 bearer, $6 audiences, $7 registration, $8 subject.
 */
export const addRegistered = (isRead: boolean): string => `
  INSERT INTO clients (id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at, read_at)
  SELECT $1, $2, $3, $4, $5, $6, '[]', $7, subjects.id, 0, now_us(), ${readNow(isRead)} FROM subjects WHERE subjects.id = $8
  RETURNING created_at`;

/** Only a row that came from the same document. */
const fromThisDocument = `id = $1 AND removed_at IS NULL AND ${registeredSelf('document')}`;
export const updateDocument = `
  UPDATE clients SET name = $2, kind = $3, keys = $4, bearer = $5, audiences = $6, registration = $7, read_at = now_us()
  WHERE ${fromThisDocument}
  RETURNING created_at`;

const written = [
  ['name', 2],
  ['kind', 3],
  ['keys', 4],
  ['bearer', 5],
  ['audiences', 6],
  ['registration', 7],
] as const;
const changed = written.map(([column, place]) => `clients.${column} <> $${place}`);
const namesOfChanged = written.map(
  ([column], at) => `CASE WHEN ${changed[at]} THEN ' ${column}' ELSE '' END`,
);
/** Before the row is updated, with the head held: which of its columns this reading changes. As `updateDocument`. */
export const auditChanged = tell(
  {
    kind: `'client_changed'`,
    clientId: given(1),
    sid: 'CAST(NULL AS TEXT)',
    fields: `(SELECT '{"by":"document","changed":"' || trim(${namesOfChanged.join(' || ')}) || '"}' FROM clients WHERE clients.id = $1)`,
  },
  `EXISTS (SELECT 1 FROM clients WHERE ${fromThisDocument} AND (${changed.join(' OR ')}))`,
);

/** $1 client, $2 keys. */
const keepsKeysElsewhere = `id = $1 AND removed_at IS NULL AND ${registeredSelf('dynamic')} AND read_at IS NOT NULL`;
export const renewKeys = `
  UPDATE clients SET keys = $2, read_at = now_us() WHERE ${keepsKeysElsewhere} RETURNING 1 AS renewed`;
/** Before they are kept, with the head held. As `renewKeys`. */
export const auditNewKeys = tell(
  {
    kind: `'client_changed'`,
    clientId: given(1),
    sid: 'CAST(NULL AS TEXT)',
    fields: `'{"by":"registration","changed":"keys"}'`,
  },
  `EXISTS (SELECT 1 FROM clients WHERE ${keepsKeysElsewhere} AND clients.keys <> $2)`,
);

/** $1 client, $2 fields, $3 subject. */
export const auditRegistered = tell(
  { kind: `'client_added'`, clientId: given(1), sid: 'CAST(NULL AS TEXT)', fields: given(2) },
  `EXISTS (SELECT 1 FROM clients WHERE clients.id = ${given(1)} AND clients.subject = $3)`,
);

/** $1 client. */
export const documentReadAt = `SELECT read_at FROM clients WHERE id = $1`;

// ——— what nobody uses

/** It registered itself, and no person has decided anything about it. */
const undecided = `clients.removed_at IS NULL
  AND (${registeredSelf('dynamic')} OR ${registeredSelf('document')})
  AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id)
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.client_id = clients.id)`;
/** Anybody may send a request, again and again: a while after the registration none keeps its client any more. */
const isForgone = `clients.created_at < now_us() - ${2 * week}`;
const unused = `clients.created_at < now_us() - ${week} AND ${undecided}`;
const isAskedFor = `EXISTS (SELECT 1 FROM authorization_requests WHERE authorization_requests.client_id = clients.id)`;

export const listUnused = `
  SELECT id FROM clients WHERE ${unused} AND (${isForgone} OR NOT ${isAskedFor})
  ORDER BY created_at, id LIMIT ${sweptAtOnce}`;

/** Those that wait for somebody to decide, and are in nobody's hands just now. $1 client. */
export const dropRequestsOfForgone = `
  DELETE FROM authorization_requests WHERE hash IN (
    SELECT waiting.hash FROM authorization_requests AS waiting
    WHERE waiting.client_id = $1 AND waiting.request IS NULL
      AND EXISTS (SELECT 1 FROM clients WHERE clients.id = $1 AND ${undecided} AND ${isForgone})
    /* FOR UPDATE SKIP LOCKED */)`;

/**
 * With the head held. A client of which somebody keeps a request just now is left alone; whoever comes later waits, and
 * finds none. $1 client.
 */
export const deleteUnused = `
  DELETE FROM clients WHERE id IN (
    SELECT clients.id FROM clients WHERE clients.id = $1 AND ${unused} AND NOT ${isAskedFor} /* FOR UPDATE SKIP LOCKED */)
  RETURNING 1 AS swept`;
/** Where the client stands after all, its own key refuses the batch: its requests stay with it. $1 client. */
export const demandGone = `
  INSERT INTO clients (id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at)
  SELECT id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at
  FROM clients WHERE clients.id = $1`;
const isGone = `EXISTS (SELECT 1 FROM subjects WHERE subjects.namespace = $1 AND subjects.external_id = '')
  AND NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = $1)`;
/** While its subject still says that it was this transaction. $1 client, $2 fields. */
export const auditUnused = tell(
  { kind: `'client_removed'`, clientId: given(1), sid: 'CAST(NULL AS TEXT)', fields: given(2) },
  isGone,
);
/** $1 client. */
export const deleteSubjectOfUnused = `
  DELETE FROM subjects WHERE namespace = $1 AND external_id = '' AND ${isGone}`;

// ——— how much waits

export const countOpenRequests = `
  SELECT client_id, count(*) AS many,
    sum(CASE WHEN substr(hash, 1, ${provenName.length}) = '${provenName}' THEN 1 ELSE 0 END) AS proven
  FROM authorization_requests
  WHERE request IS NULL AND expires_at > now_us() GROUP BY client_id`;

/** $1 client. */
export const isLinked = `SELECT 1 AS linked FROM grants WHERE client_id = $1 AND ended_at IS NULL LIMIT 1`;
