/** The SQL of clients, and of the cut that ends all their sessions. */
import { auditIf } from './audit.ts';
import { atHead } from './head.ts';
import { clientsChanged } from './meta.ts';
import { say } from './revocations.ts';

export const clientColumns = `id, name, kind, keys, bearer, audiences, rights, registration, subject, created_at, removed_at`;

export const addClient = `
  INSERT INTO clients (id, name, kind, keys, bearer, audiences, rights, registration, subject, cut_at, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, now_us())
  RETURNING ${clientColumns}`;

export const findClient = `SELECT ${clientColumns} FROM clients WHERE id = $1`;

export const listClients = `SELECT ${clientColumns} FROM clients ORDER BY created_at, id`;

const isAsRead = `clients.id = $1 AND clients.removed_at IS NULL
  AND clients.name = $2 AND clients.keys = $3 AND clients.audiences = $4 AND clients.registration = $5`;

/** With the head moved, and before the change, so that it stands at the head only if there is one. $1 to $5 as below. */
export const noteClientsChanged = `
  INSERT INTO meta (key, value)
  SELECT '${clientsChanged}', CAST(head.position AS TEXT) FROM head, clients WHERE ${isAsRead}
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

/** $1 id, then name, keys, audiences and registration: $2 to $5 as they were read, $6 to $9 as they will be. */
export const changeClient = `
  UPDATE clients SET name = $6, keys = $7, audiences = $8, registration = $9 WHERE ${isAsRead}
  RETURNING ${clientColumns}`;

export const auditIfClientChanged = auditIf(
  `EXISTS (SELECT 1 FROM meta WHERE key = '${clientsChanged}' AND value = CAST(${atHead} AS TEXT))`,
);

export const removeClient = `
  UPDATE clients SET removed_at = now_us(), cut_at = ${atHead} WHERE id = $1 AND removed_at IS NULL
  RETURNING cut_at AS position`;

export const cutClient = `UPDATE clients SET cut_at = ${atHead} WHERE id = $1 RETURNING cut_at AS position`;

/** $1 id. A cut is at the head's position only if this transaction made it. */
export const sayClientCut = say({
  kind: 'client',
  value: 'clients.id',
  cutAt: 'clients.cut_at',
  of: 'head, clients WHERE clients.id = $1 AND clients.cut_at = head.position',
});

export const auditIfClientCut = auditIf(
  `EXISTS (SELECT 1 FROM clients WHERE id = $5 AND cut_at = ${atHead})`,
);
