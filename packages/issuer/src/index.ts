export { createIssuer, type Issuer, type IssuerOptions } from './issuer.ts';
export { serveIssuer, type IssuerServer } from './server.ts';
export { createKeyring, type Keyring, type WrappingKey } from './wrapping.ts';
export { liesWithin, openKeyFile } from './key-file.ts';
export { openSqlite } from './storage/sqlite.ts';
export type { Storage } from './storage/storage.ts';
export type {
  AllowedAudience,
  ClientRow,
  KeyRow,
  KeyState,
  ListedSession,
  SessionRow,
} from './storage/rows.ts';
export type { Audience } from './audiences.ts';
export type { Clients, NewClientOptions } from './clients.ts';
export type { SessionListOptions, Sessions, SessionStartOptions } from './sessions.ts';
export type { IssuedTokens } from './tokens.ts';
