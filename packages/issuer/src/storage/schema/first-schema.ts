import { accountTables } from './account-tables.ts';
import type { Dialect } from './schema-dialect.ts';

export function firstSchema({ integer, text, table, updatesInPlace }: Dialect): readonly string[] {
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
