export { createIssuer, type Issuer } from './issuer.ts';
export type { IssuerOptions } from './issuer-options.ts';
export { serveMetrics, type MetricsServer } from './metrics-server.ts';
export { lookupKeyEntry } from './lookup-key.ts';
export { serveIssuer, type IssuerServer } from './server.ts';
export { createKeyring, type Keyring, type WrappingKey } from './wrapping.ts';
export {
  addKeyFileEntry,
  liesWithin,
  listKeyFileEntries,
  openKeyFile,
  removeKeyFileEntry,
} from './key-file.ts';
export { openSqlite } from './storage/sqlite.ts';
export { openPostgres, type PostgresOptions } from './storage/postgres.ts';
export { migratePostgres } from './storage/postgres-migrate.ts';
export { databaseName } from './storage/postgres-url.ts';
export { moveToPostgres, type Moved } from './storage/copy.ts';
export { whereMoved } from './storage/sqlite-moved.ts';
export { inspectSqlite, type SqliteInspection } from './storage/sqlite-inspect.ts';
export { diagnose } from './diagnosis.ts';
export { diagnosePostgres } from './diagnosis-postgres.ts';
export type { Finding, Patient } from './finding.ts';
export { rawSignature } from './signers/raw-signature.ts';
export type { Signer, Signers } from './signer.ts';
export type {
  AccountRow,
  DisableResult,
  InvitationRow,
  Role,
  RoleResult,
} from './storage/account-storage.ts';
export type { ActingSession, Actor } from './storage/actor.ts';
export { refusalHeader } from './http/refusal-code.ts';
export type { CutResult } from './storage/decisions.ts';
export type { RevokeResult, Storage } from './storage/storage.ts';
export type { RegisteredGuard, RegisteredGuards } from './guards.ts';
export type { Propagation, SilentGuard } from './propagation.ts';
export type { Rotate, RotateResult } from './key-rotation.ts';
export type {
  AllowedAudience,
  AuditRow,
  ClientRow,
  KeyRow,
  KeyState,
  ListedSession,
  SessionRow,
} from './storage/rows.ts';
export type { Audience } from './audiences.ts';
export type { Accounts, Invitation, Invited, Recovering, Recovery } from './accounts.ts';
export type { ClientChanged, ClientChangeOptions } from './client-changes.ts';
export type { NewClientOptions } from './client-options.ts';
export type { Clients } from './clients.ts';
export type {
  EndOfMany,
  SessionEndResult,
  SessionListOptions,
  Sessions,
  SessionStartOptions,
} from './sessions.ts';
export type { SigningKeys } from './signing-keys.ts';
export type { IssuedTokens } from './tokens.ts';
export type { AuthorizationRequest } from './authorizations.ts';
export type { OwnSignIn, SignedInElsewhere } from './own-sign-in.ts';
export type { RegistrationOptions } from './registration-policy.ts';
export type { GrantEnd, GrantEndResult } from './storage/authorization-storage.ts';
