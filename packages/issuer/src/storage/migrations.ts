/** The few words in which databases differ when a table is made. */
export interface Dialect {
  /** A 64-bit integer. */
  readonly integer: string;
  /** Text that is equal, and ordered, byte by byte. */
  readonly text: string;
  /** What follows a table's closing parenthesis. */
  readonly table: string;
  /**
   * Whether a row that changes stays in its place unless an indexed column changes: then what every refresh changes is
   * better in no index, and the thousand sessions of a machine client are sorted when one must go.
   */
  readonly updatesInPlace: boolean;
}

/** Typed columns, so that a value of the wrong kind is refused and not kept. */
export const sqliteDialect: Dialect = {
  integer: 'INTEGER',
  text: 'TEXT',
  table: 'STRICT',
  updatesInPlace: false,
};

/** No collation but bytes: an index made under another one breaks with the system's next set of languages. */
export const postgresDialect: Dialect = {
  integer: 'BIGINT',
  text: 'TEXT COLLATE "C"',
  // Room beside each row for its next version: https://www.postgresql.org/docs/current/storage-hot.html
  table: 'WITH (fillfactor = 80)',
  updatesInPlace: true,
};

/**
 * The schema as steps: version n of a store has run the first n. A step that was released is never changed.
 * Column `jkt` is `''` where a bearer client holds a session without a key, so that keys can be compared and be unique.
 */
export const migrations: readonly ((dialect: Dialect) => readonly string[])[] = [
  firstSchema,
  assertionKeyOfSession,
  selfRegisteredClients,
];

function firstSchema({ integer, text, table, updatesInPlace }: Dialect): readonly string[] {
  return [
    `CREATE TABLE head (
      one ${integer} PRIMARY KEY CHECK (one = 1),
      position ${integer} NOT NULL,
      cut_at ${integer} NOT NULL,
      floor ${integer} NOT NULL,
      CHECK (cut_at <= position AND floor <= position)
    ) ${table}`,
    `INSERT INTO head (one, position, cut_at, floor) VALUES (1, 0, 0, 0)`,
    `CREATE TABLE revocations (
      position ${integer} NOT NULL,
      kind ${text} NOT NULL CHECK (kind IN ('session', 'key', 'subject', 'client', 'everything')),
      value ${text} NOT NULL,
      cut_at ${integer} NOT NULL,
      until ${integer} NOT NULL,
      PRIMARY KEY (position, kind, value)
    ) ${table}`,
    `CREATE INDEX revocations_by_until ON revocations (until)`,
    `CREATE INDEX revoked_keys ON revocations (position) WHERE kind = 'key'`,
    `CREATE TABLE feed_pages (
      from_position ${integer} PRIMARY KEY,
      to_position ${integer} NOT NULL UNIQUE,
      CHECK (from_position < to_position)
    ) ${table}`,
    `CREATE TABLE token_lives (life ${integer} PRIMARY KEY, in_force_at ${integer} NOT NULL) ${table}`,
    `CREATE TABLE guards (
      client_id ${text} NOT NULL,
      instance ${text} NOT NULL,
      name ${text} NOT NULL,
      audience ${text} NOT NULL,
      to_position ${integer} NOT NULL,
      keys ${text} NOT NULL,
      seen_at ${integer} NOT NULL,
      PRIMARY KEY (client_id, instance)
    ) ${table}`,
    `CREATE INDEX guards_by_seen ON guards (seen_at)`,
    `CREATE TABLE subjects (
      id ${text} PRIMARY KEY,
      namespace ${text} NOT NULL,
      external_id ${text} NOT NULL,
      handle ${text} NOT NULL UNIQUE,
      enabled ${integer} NOT NULL CHECK (enabled IN (0, 1)),
      cut_at ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      UNIQUE (namespace, external_id)
    ) ${table}`,
    `CREATE TABLE clients (
      id ${text} PRIMARY KEY,
      name ${text} NOT NULL,
      kind ${text} NOT NULL CHECK (kind IN ('machine', 'public', 'web', 'own')),
      keys ${text} NOT NULL,
      bearer ${integer} NOT NULL CHECK (bearer IN (0, 1)),
      audiences ${text} NOT NULL,
      rights ${text} NOT NULL,
      registration ${text} NOT NULL,
      subject ${text} NOT NULL REFERENCES subjects (id),
      cut_at ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      removed_at ${integer}
    ) ${table}`,
    `CREATE INDEX clients_by_creation ON clients (created_at)`,
    ...accountTables({ integer, text, table }),
    `CREATE TABLE sessions (
      id ${text} PRIMARY KEY,
      kind ${text} NOT NULL CHECK (kind IN ('machine', 'person', 'browser')),
      subject ${text} NOT NULL REFERENCES subjects (id),
      client_id ${text} NOT NULL REFERENCES clients (id),
      audience ${text} NOT NULL,
      scope ${text} NOT NULL,
      jkt ${text} NOT NULL,
      generation ${integer} NOT NULL,
      rotated_at ${integer} NOT NULL,
      started_at ${integer} NOT NULL,
      created_at ${integer} NOT NULL,
      authenticated_at ${integer},
      amr ${text},
      device ${text},
      last_used_at ${integer} NOT NULL,
      idle_life ${integer} NOT NULL,
      idle_expires_at ${integer} NOT NULL,
      absolute_expires_at ${integer} NOT NULL,
      repeats ${integer} NOT NULL,
      outcome ${text},
      request ${text},
      ended_at ${integer},
      end_reason ${text},
      grant_id ${text} REFERENCES grants (id),
      sign_in ${text},
      device_key ${text},
      CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) ${table}`,
    `CREATE UNIQUE INDEX live_machine_sessions ON sessions (client_id, jkt, audience)
      WHERE kind = 'machine' AND ended_at IS NULL`,
    ...(updatesInPlace
      ? []
      : [
          `CREATE INDEX live_machine_sessions_by_use ON sessions (client_id, last_used_at, id, kind, ended_at)
            WHERE kind = 'machine' AND ended_at IS NULL`,
        ]),
    `CREATE INDEX sessions_by_grant ON sessions (grant_id) WHERE grant_id IS NOT NULL`,
    `CREATE INDEX sessions_by_sign_in ON sessions (sign_in) WHERE sign_in IS NOT NULL`,
    `CREATE INDEX sessions_by_client ON sessions (client_id, started_at, id)`,
    `CREATE INDEX sessions_by_subject ON sessions (subject, started_at, id)`,
    `CREATE INDEX sessions_by_start ON sessions (started_at, id)`,
    `CREATE INDEX sessions_by_expiry ON sessions (absolute_expires_at)`,
    `CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL`,
    `CREATE TABLE redeemed_assertions (
      client_id ${text} NOT NULL,
      jti_hash ${text} NOT NULL,
      expires_at ${integer} NOT NULL,
      PRIMARY KEY (client_id, jti_hash)
    ) ${table}`,
    `CREATE INDEX redeemed_assertions_by_expiry ON redeemed_assertions (expires_at)`,
    `CREATE TABLE blocked_keys (
      client_id ${text} NOT NULL REFERENCES clients (id),
      jkt ${text} NOT NULL,
      blocked_at ${integer} NOT NULL,
      PRIMARY KEY (client_id, jkt)
    ) ${table}`,
    `CREATE TABLE signing_keys (
      id ${text} PRIMARY KEY,
      purpose ${text} NOT NULL CHECK (purpose IN ('session', 'identity', 'feed', 'refresh')),
      alg ${text} NOT NULL,
      state ${text} NOT NULL CHECK (state IN ('next', 'current', 'retired', 'gone')),
      public_jwk ${text} NOT NULL,
      wrapped_key ${text},
      kek_id ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      holdable_from ${integer} NOT NULL,
      current_at ${integer},
      retired_at ${integer},
      gone_at ${integer}
    ) ${table}`,
    `CREATE UNIQUE INDEX current_key ON signing_keys (purpose, alg) WHERE state = 'current'`,
    `CREATE UNIQUE INDEX next_key ON signing_keys (purpose, alg) WHERE state = 'next'`,
    `CREATE TABLE audit (
      seq ${integer} PRIMARY KEY,
      at ${integer} NOT NULL,
      kind ${text} NOT NULL,
      client_id ${text},
      sid ${text},
      fields ${text} NOT NULL,
      hash ${text} NOT NULL
    ) ${table}`,
    `CREATE TABLE audit_head (
      one ${integer} PRIMARY KEY CHECK (one = 1),
      seq ${integer} NOT NULL,
      at ${integer} NOT NULL,
      kind ${text} NOT NULL,
      client_id ${text},
      sid ${text},
      fields ${text} NOT NULL,
      hash ${text} NOT NULL
    ) ${table}`,
    `INSERT INTO audit_head (one, seq, at, kind, fields, hash) VALUES (1, 0, 0, '', '', '')`,
    `CREATE INDEX audit_by_sid ON audit (sid) WHERE sid IS NOT NULL`,
    `CREATE TABLE meta (key ${text} PRIMARY KEY, value ${text} NOT NULL) ${table}`,
  ];
}

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

/** People, what they prove themselves with, and what they allowed to linked applications. */
function accountTables({
  integer,
  text,
  table,
}: Pick<Dialect, 'integer' | 'text' | 'table'>): readonly string[] {
  return [
    `CREATE TABLE accounts (
      subject ${text} PRIMARY KEY REFERENCES subjects (id),
      name ${text} NOT NULL,
      folded ${text} NOT NULL UNIQUE,
      role ${text} NOT NULL CHECK (role IN ('person', 'operator')),
      created_at ${integer} NOT NULL
    ) ${table}`,
    `CREATE TABLE passkeys (
      id ${text} PRIMARY KEY,
      subject ${text} NOT NULL REFERENCES accounts (subject),
      public_key ${text} NOT NULL,
      counter ${integer} NOT NULL,
      transports ${text} NOT NULL,
      backed_up ${integer} NOT NULL CHECK (backed_up IN (0, 1)),
      name ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      last_used_at ${integer},
      request ${text} NOT NULL
    ) ${table}`,
    `CREATE INDEX passkeys_by_subject ON passkeys (subject, created_at, id)`,
    // What a one-time link, a recovery code, a WebAuthn challenge opens: all presented once, all kept as HMAC.
    `CREATE TABLE one_time_codes (
      hash ${text} PRIMARY KEY,
      purpose ${text} NOT NULL,
      subject ${text} REFERENCES accounts (subject),
      folded ${text},
      made_by ${text} REFERENCES accounts (subject),
      state ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      expires_at ${integer}
    ) ${table}`,
    `CREATE INDEX one_time_codes_by_subject ON one_time_codes (subject, purpose)`,
    `CREATE INDEX invitations_by_name ON one_time_codes (folded) WHERE folded IS NOT NULL`,
    `CREATE INDEX one_time_codes_by_expiry ON one_time_codes (expires_at)`,
    `CREATE TABLE security_events (
      id ${text} PRIMARY KEY,
      subject ${text} NOT NULL REFERENCES subjects (id),
      at ${integer} NOT NULL,
      kind ${text} NOT NULL,
      fields ${text} NOT NULL
    ) ${table}`,
    `CREATE INDEX security_events_by_subject ON security_events (subject, at, id)`,
    `CREATE TABLE grants (
      id ${text} PRIMARY KEY,
      subject ${text} NOT NULL REFERENCES subjects (id),
      client_id ${text} NOT NULL REFERENCES clients (id),
      created_at ${integer} NOT NULL,
      ended_at ${integer},
      request ${text}
    ) ${table}`,
    `CREATE UNIQUE INDEX live_grants ON grants (subject, client_id) WHERE ended_at IS NULL`,
    `CREATE TABLE granted_scopes (
      grant_id ${text} NOT NULL REFERENCES grants (id),
      audience ${text} NOT NULL,
      scope ${text} NOT NULL,
      granted_at ${integer} NOT NULL,
      PRIMARY KEY (grant_id, audience, scope)
    ) ${table}`,
    `CREATE TABLE authorization_requests (
      hash ${text} PRIMARY KEY,
      client_id ${text} NOT NULL REFERENCES clients (id),
      parameters ${text} NOT NULL,
      created_at ${integer} NOT NULL,
      expires_at ${integer} NOT NULL,
      request ${text}
    ) ${table}`,
    `CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at)`,
    `CREATE TABLE authorization_codes (
      hash ${text} PRIMARY KEY,
      client_id ${text} NOT NULL REFERENCES clients (id),
      grant_id ${text} NOT NULL REFERENCES grants (id),
      subject ${text} NOT NULL REFERENCES subjects (id),
      redirect_uri ${text} NOT NULL,
      code_challenge ${text} NOT NULL,
      jkt ${text} NOT NULL,
      audience ${text} NOT NULL,
      scope ${text} NOT NULL,
      nonce ${text},
      authenticated_at ${integer} NOT NULL,
      amr ${text} NOT NULL,
      sign_in ${text},
      created_at ${integer} NOT NULL,
      expires_at ${integer} NOT NULL,
      redeemed_at ${integer},
      sid ${text},
      outcome ${text},
      request ${text}
    ) ${table}`,
    `CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at)`,
    // Whom to tell that a session has ended (OpenID Connect Back-Channel Logout).
    `CREATE TABLE logouts (
      sid ${text} PRIMARY KEY,
      due_at ${integer} NOT NULL,
      attempts ${integer} NOT NULL
    ) ${table}`,
    `CREATE INDEX logouts_by_due ON logouts (due_at)`,
  ];
}
