import type { Dialect } from './schema-dialect.ts';

/** People, what they prove themselves with, and what they allowed to linked applications. */
export function accountTables({
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
