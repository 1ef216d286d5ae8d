import type { Row } from '../engine.ts';
import type { FeedEntry, GuardRow } from '../port/feed-storage.ts';
import type {
  AllowedAudience,
  AuditKind,
  AuditRow,
  BlockRow,
  ClientKind,
  ClientRow,
  EndReason,
  KeyPurpose,
  KeyRow,
  KeyState,
  ListedSession,
  PublicJwk,
  Registration,
  RevocationKind,
  SessionKind,
  SessionRow,
  SubjectRow,
} from '../port/rows.ts';

/** The one row a statement of a decision always answers. */
export function onlyRow(rows: readonly Row[] | undefined): Row {
  const row = rows?.[0];
  if (!row) throw new Error('unexpected empty result, expected a row');
  return row;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column, value, 'text');
  return value;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (!Number.isSafeInteger(value)) throw unexpected(column, value, 'a safe integer');
  return value as number;
}

export const orNull = <T>(read: (row: Row, column: string) => T, row: Row, column: string): T | null =>
  row[column] === null ? null : read(row, column);

/** The value itself stays out of the message. */
function unexpected(column: string, value: unknown, expected: string): Error {
  return new Error(`unexpected ${typeof value} in column ${column}, expected ${expected}`);
}

// The schema's CHECKs and this package's own writes give these texts and JSON their shape; nothing else writes them.
export const json = (row: Row, column: string): unknown => JSON.parse(text(row, column));
const strings = (row: Row, column: string) => json(row, column) as readonly string[];

export function readClient(row: Row): ClientRow {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    kind: text(row, 'kind') as ClientKind,
    keys: json(row, 'keys') as readonly PublicJwk[],
    bearer: integer(row, 'bearer') === 1,
    audiences: json(row, 'audiences') as readonly AllowedAudience[],
    rights: strings(row, 'rights'),
    registration: json(row, 'registration') as Registration,
    subject: text(row, 'subject'),
    createdAt: integer(row, 'created_at'),
    removedAt: orNull(integer, row, 'removed_at'),
  };
}

export function readSubject(row: Row): SubjectRow {
  return {
    id: text(row, 'id'),
    namespace: text(row, 'namespace'),
    externalId: text(row, 'external_id'),
    handle: text(row, 'handle'),
    enabled: integer(row, 'enabled') === 1,
  };
}

export function readSession(row: Row): SessionRow {
  return {
    sid: text(row, 'sid'),
    kind: text(row, 'kind') as SessionKind,
    subject: text(row, 'subject'),
    handle: text(row, 'handle'),
    clientId: text(row, 'client_id'),
    audience: text(row, 'audience'),
    scope: text(row, 'scope'),
    jkt: text(row, 'jkt') || null,
    generation: integer(row, 'generation'),
    rotatedAt: integer(row, 'rotated_at'),
    startedAt: integer(row, 'started_at'),
    createdAt: integer(row, 'created_at'),
    authenticatedAt: orNull(integer, row, 'authenticated_at'),
    amr: orNull(strings, row, 'amr'),
    device: orNull(text, row, 'device'),
    lastUsedAt: integer(row, 'last_used_at'),
    idleExpiresAt: integer(row, 'idle_expires_at'),
    absoluteExpiresAt: integer(row, 'absolute_expires_at'),
    repeats: integer(row, 'repeats'),
    endedAt: orNull(integer, row, 'ended_at'),
    endReason: orNull(text, row, 'end_reason') as EndReason | null,
    grantId: orNull(text, row, 'grant_id'),
    signIn: orNull(text, row, 'sign_in'),
    deviceKey: orNull(json, row, 'device_key') as PublicJwk | null,
  };
}

export function readListedSession(row: Row): ListedSession {
  return { ...readSession(row), alive: integer(row, 'alive') === 1 };
}

export function readBlock(row: Row): BlockRow {
  return { clientId: text(row, 'client_id'), jkt: text(row, 'jkt'), blockedAt: integer(row, 'blocked_at') };
}

export function readKey(row: Row): KeyRow {
  return {
    kid: text(row, 'kid'),
    purpose: text(row, 'purpose') as KeyPurpose,
    alg: text(row, 'alg'),
    state: text(row, 'state') as KeyState,
    publicJwk: json(row, 'public_jwk') as PublicJwk,
    wrappedKey: orNull(text, row, 'wrapped_key'),
    kekId: text(row, 'kek_id'),
    createdAt: integer(row, 'created_at'),
    holdableFrom: integer(row, 'holdable_from'),
    currentAt: orNull(integer, row, 'current_at'),
    retiredAt: orNull(integer, row, 'retired_at'),
    goneAt: orNull(integer, row, 'gone_at'),
  };
}

export function readAudit(row: Row): AuditRow {
  return {
    seq: integer(row, 'seq'),
    at: integer(row, 'at'),
    kind: text(row, 'kind') as AuditKind,
    clientId: orNull(text, row, 'client_id'),
    sid: orNull(text, row, 'sid'),
    fields: json(row, 'fields') as Readonly<Record<string, unknown>>,
  };
}

export function readRevocation(row: Row): FeedEntry {
  return {
    position: integer(row, 'position'),
    kind: text(row, 'kind') as RevocationKind,
    value: text(row, 'value'),
    cutAt: integer(row, 'cut_at'),
    until: integer(row, 'until'),
  };
}

export function readGuard(row: Row): GuardRow {
  return {
    clientId: text(row, 'client_id'),
    instance: text(row, 'instance'),
    name: text(row, 'name'),
    audience: text(row, 'audience'),
    to: integer(row, 'to_position'),
    keys: strings(row, 'keys'),
    seenAt: integer(row, 'seen_at'),
  };
}
