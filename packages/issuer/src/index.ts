export { createIssuer, type Issuer } from './issuer.ts';
export type { IssuerOptions } from './issuer-options.ts';
export { serveMetrics, type MetricsServer } from './metrics/metrics-server.ts';
export { lookupKeyEntry } from './keys/lookup-key.ts';
export { serveIssuer, type IssuerServer } from './server.ts';
export { createKeyring, type Keyring, type WrappingKey } from './keys/wrapping.ts';
export {
  addKeyFileEntry,
  liesWithin,
  listKeyFileEntries,
  openKeyFile,
  removeKeyFileEntry,
} from './keys/key-file.ts';
export { openSqlite } from './storage/sqlite/sqlite.ts';
export { openPostgres, type PostgresOptions } from './storage/postgres/postgres.ts';
export { migratePostgres } from './storage/postgres/migrate.ts';
export { databaseName } from './storage/postgres/url.ts';
export { moveToPostgres, type Moved } from './storage/copy/copy.ts';
export { whereMoved } from './storage/sqlite/moved.ts';
export { inspectSqlite, type SqliteInspection } from './storage/sqlite/inspect.ts';
export { diagnose } from './diagnosis/diagnosis.ts';
export { diagnosePostgres } from './diagnosis/postgres.ts';
export type { Finding, Patient } from './diagnosis/finding.ts';
export { rawSignature } from './signers/raw-signature.ts';
export type { Signer, Signers } from './keys/signer.ts';
export type {
  AccountRow,
  DisableResult,
  InvitationRow,
  Role,
  RoleResult,
} from './storage/port/account-storage.ts';
export type { ActingSession, Actor } from './storage/port/actor.ts';
export { refusalHeader } from './http/refusal-code.ts';
export type { CutResult } from './storage/port/decisions.ts';
export type { RevokeResult } from './storage/port/key-storage.ts';
export type { Storage } from './storage/port/storage.ts';
export type { RegisteredGuard, RegisteredGuards } from './feed/guards.ts';
export type { Propagation, SilentGuard } from './feed/propagation.ts';
export type { Rotate, RotateResult } from './keys/key-rotation.ts';
export type {
  AllowedAudience,
  AuditRow,
  ClientRow,
  KeyRow,
  KeyState,
  ListedSession,
  SessionRow,
} from './storage/port/rows.ts';
export type { Audience } from './sessions/audiences.ts';
export type { Accounts, Invitation, Invited, Recovering, Recovery } from './people/accounts.ts';
export {
  clientVersion,
  type ClientChanged,
  type ClientChangeOptions,
  type ClientMoved,
} from './clients/client-changes.ts';
export type { NewClientOptions } from './clients/client-options.ts';
export type { Clients } from './clients/clients.ts';
export type {
  EndOfMany,
  SessionEndResult,
  SessionListOptions,
  Sessions,
  SessionStartOptions,
} from './sessions/sessions.ts';
export type { SigningKeys } from './keys/signing-keys.ts';
export type { IssuedTokens } from './sessions/tokens.ts';
export type { AuthorizationRequest } from './linking/authorizations.ts';
export type { OwnSignIn, SignedInElsewhere } from './linking/own-sign-in.ts';
export type { RegistrationOptions } from './clients/registration-policy.ts';
export type { GrantEnd, GrantEndResult } from './storage/port/authorization-storage.ts';
