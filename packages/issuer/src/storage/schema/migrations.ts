import { firstSchema } from './first-schema.ts';
import type { Dialect } from './schema-dialect.ts';

/**
 * The schema as steps: version n of a store has run the first n. A step that was released is never changed.
 * Column `jkt` is `''` where a bearer client holds a session without a key, so that keys can be compared and be unique.
 */
export const migrations: readonly ((dialect: Dialect) => readonly string[])[] = [
  firstSchema,
  assertionKeyOfSession,
  selfRegisteredClients,
];

/** The key that made the assertion of a machine's session, and lines of the log by session in their order. */
function assertionKeyOfSession({ text }: Dialect): readonly string[] {
  return [
    `ALTER TABLE sessions ADD COLUMN assertion_kid ${text}`,
    `DROP INDEX audit_by_sid`,
    `CREATE INDEX audit_by_sid ON audit (sid, seq) WHERE sid IS NOT NULL`,
  ];
}

/** When a client's document was last read, who waits for whom, and what a client leaves behind when it is swept. */
function selfRegisteredClients({ integer }: Dialect): readonly string[] {
  return [
    `ALTER TABLE clients ADD COLUMN read_at ${integer}`,
    `UPDATE clients SET read_at = created_at WHERE registration LIKE '%"by":"document"%'`,
    `CREATE INDEX open_requests ON authorization_requests (client_id, expires_at) WHERE request IS NULL`,
    // Deleting a client or a subject looks for whatever refers to it.
    `CREATE INDEX authorization_requests_by_client ON authorization_requests (client_id)`,
    `CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id)`,
    `CREATE INDEX authorization_codes_by_subject ON authorization_codes (subject)`,
    `CREATE INDEX grants_by_client ON grants (client_id)`,
    `CREATE INDEX grants_by_subject ON grants (subject)`,
    `CREATE INDEX clients_by_subject ON clients (subject)`,
  ];
}
