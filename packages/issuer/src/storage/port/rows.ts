/**
 * What the store keeps, as the rest of the issuer sees it. Every time is in microseconds since the epoch on the
 * database's clock; every length of time is in microseconds too. No row holds a credential.
 */

/** A public key as the client registered it; the store keeps it and does not interpret it. */
export type PublicJwk = Readonly<Record<string, unknown>>;

/** One audience a client may ask for, with the scope values it may ask for there. */
export interface AllowedAudience {
  readonly audience: string;
  readonly scope: readonly string[];
}

/**
 * `machine`: acts for itself with a registered key. `public` and `web`: an application in whose name people hold
 * sessions, without and with a key of its own. `own`: the issuer's pages; nothing outside can speak in its name.
 */
export type ClientKind = 'machine' | 'public' | 'web' | 'own';

/** What a linked application says of itself, and how it came to be registered (RFC 7591 section 2). */
export interface Registration {
  /** Exact redirect URIs (RFC 9700 section 2.1). */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  /** `operator`: by hand. `dynamic`: RFC 7591. `document`: its id is the URL of its metadata. */
  readonly by: 'operator' | 'dynamic' | 'document';
  /** `given`: the operator's own application, whose people are not asked. */
  readonly consent: 'ask' | 'given';
  /** Whether its requests must be pushed (RFC 9126 section 6). */
  readonly pushedOnly?: boolean;
  /** Where what registered itself by RFC 7591 keeps its keys; a document says so itself. */
  readonly jwksUri?: string;
}

/** Registered software. */
export interface ClientRow {
  readonly id: string;
  readonly name: string;
  readonly kind: ClientKind;
  /** Keys whose assertions authenticate it; none for a public client. */
  readonly keys: readonly PublicJwk[];
  /** Registered as unable to hold a key: the only kind of client that may have a session without one. */
  readonly bearer: boolean;
  readonly audiences: readonly AllowedAudience[];
  /** What it may do at the issuer itself: `introspect`, `authorizations`, `sessions:<id of a public client>`. */
  readonly rights: readonly string[];
  readonly registration: Registration;
  /** Its own opaque subject, made with it: the `sub` of a machine's tokens. */
  readonly subject: string;
  readonly createdAt: number;
  /** Removed is for good; `null` while it stands. */
  readonly removedAt: number | null;
}

/** Whom a token is about. */
export interface SubjectRow {
  /** Opaque `sub`: 128 random bits, base64url. */
  readonly id: string;
  /** The client that brought it, or `''` for an account of the issuer itself. */
  readonly namespace: string;
  /** Its name in that namespace; `''` for a client's own subject. */
  readonly externalId: string;
  /** 128 random bits, base64url: claim `sh`, by which the feed names it. */
  readonly handle: string;
  readonly enabled: boolean;
}

/** `browser`: a sign-in at the issuer's own pages, carried by a cookie. */
export type SessionKind = 'machine' | 'person' | 'browser';

/** Why a row was ended. A session that ran out or was cut needs no reason: its row shows it. */
export type EndReason =
  | 'revoked'
  | 'application'
  | 'operator'
  | 'reuse'
  | 'expired'
  | 'evicted'
  | 'person'
  | 'signed_out'
  | 'code_reuse';

/** One sign-in of one subject on one holder, or one machine's authentication. */
export interface SessionRow {
  /** 128 random bits, base64url (22 characters): claim `sid`. */
  readonly sid: string;
  readonly kind: SessionKind;
  readonly subject: string;
  /** The subject's handle: claim `sh`. */
  readonly handle: string;
  readonly clientId: string;
  readonly audience: string;
  /** Space-separated, as on the wire; `''` when none. */
  readonly scope: string;
  /** RFC 7638 thumbprint of the holder's key; `null` only for a session of a bearer client. */
  readonly jkt: string | null;
  /** Claim `gen` of the refresh token that is current. */
  readonly generation: number;
  readonly rotatedAt: number;
  /** Claim `sst`: never changes, and is after every cut of its subject, client and issuer made before. */
  readonly startedAt: number;
  readonly createdAt: number;
  /** When the person was last proved to be there; `null` for a machine. */
  readonly authenticatedAt: number | null;
  readonly amr: readonly string[] | null;
  readonly device: string | null;
  readonly lastUsedAt: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  /** How often the current generation was signed again (a lost answer, a second tab). */
  readonly repeats: number;
  readonly endedAt: number | null;
  readonly endReason: EndReason | null;
  /** What the person allowed the linked application; `null` where no consent is kept. */
  readonly grantId: string | null;
  /** The `sid` of the browser session in which it was allowed: signing out there may end it. */
  readonly signIn: string | null;
  /** The public key to which a browser has bound its session (DBSC); `null` where it has not. */
  readonly deviceKey: PublicJwk | null;
}

/** A session in a list: `alive` is decided by the same fragment of SQL as every refresh. */
export interface ListedSession extends SessionRow {
  readonly alive: boolean;
}

export type KeyPurpose = 'session' | 'identity' | 'refresh' | 'feed';

/** What an entry of the feed ends. */
export type RevocationKind = 'session' | 'key' | 'subject' | 'client' | 'everything';

/** `next` (published, not signing), `current`, `retired` (published until its last token has expired), `gone`. */
export type KeyState = 'next' | 'current' | 'retired' | 'gone';

/** A signing key with its private part wrapped. */
export interface KeyRow {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly alg: string;
  readonly state: KeyState;
  readonly publicJwk: PublicJwk;
  /** The private key under the key-encryption key `kekId`, or a signer's id for it; `null` once gone. */
  readonly wrappedKey: string | null;
  /** `external:` and a signer's name where the private key is held by a signer. */
  readonly kekId: string;
  readonly createdAt: number;
  /** From when guards can be expected to hold it, so that it may become current. */
  readonly holdableFrom: number;
  readonly currentAt: number | null;
  readonly retiredAt: number | null;
  readonly goneAt: number | null;
}

/** A holder's key that may open no session of this client until an operator lifts the block. */
export interface BlockRow {
  readonly clientId: string;
  readonly jkt: string;
  readonly blockedAt: number;
}

/** What the audit log tells of. */
export const auditKinds = [
  'client_added',
  'client_changed',
  'client_removed',
  'subject_disabled',
  'subject_enabled',
  'session_started',
  'session_ended',
  'sessions_cut',
  'refresh_refused',
  'refresh_recovered',
  'refresh_reuse',
  'block_lifted',
  'key_added',
  'key_promoted',
  'key_revoked',
  'key_rewrapped',
  'key_dropped',
  'account_added',
  'account_renamed',
  'account_removed',
  'account_recovered',
  'passkey_added',
  'passkey_removed',
  'passkey_renamed',
  'passkey_refused',
  'recovery_codes_made',
  'recovery_link_made',
  'recovery_link_used',
  'invitation_made',
  'invitation_withdrawn',
  'role_changed',
  'grant_made',
  'grant_ended',
  'code_reuse',
  'browser_bound',
] as const;

export type AuditKind = (typeof auditKinds)[number];

/** One line of the audit log, written in the transaction of what it tells about. No credential, no personal data. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly kind: AuditKind;
  readonly clientId: string | null;
  readonly sid: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}
