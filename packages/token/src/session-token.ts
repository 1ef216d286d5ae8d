import { claimReader, isThumbprint } from './claims.ts';
import { AuthError } from './errors.ts';
import { isPlainObject, type JsonObject } from './json.ts';
import {
  decodeObject,
  encodeObject,
  ownHeader,
  readPayload,
  signCompact,
  splitCompact,
  verifySignature,
} from './jws.ts';
import type { SigningKey, VerificationKey } from './keys.ts';

/** The longest session token a guard looks at, in characters. */
export const maxTokenLength = 8192;
/** The longest life of a session token, in seconds. */
export const maxTokenLife = 3600;
/** How far ahead `iat` may be, in seconds. */
export const maxClockLead = 5;
/** The most that header and payload together may weigh when a token is made, in bytes. */
const maxTokenBudget = 3584;

/**
 * The claims of a session token (RFC 9068 and the profile of `docs/spec/token.md`).
 *
 * Times are in seconds, `sst` (the session's start, the same through every refresh) in microseconds. Exactly
 * one carrier: `cnf` with one confirmation, or `crr`.
 */
export interface SessionTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly sid: string;
  readonly sst: number;
  readonly sh: string;
  readonly auth_time?: number;
  readonly amr?: readonly string[];
  readonly scope?: string;
  readonly cnf?: { readonly jkt: string } | { readonly 'x5t#S256': string };
  readonly crr?: 'cookie' | 'bearer';
}

/** How a token may be presented; a guard takes it in no other way. */
export type Carrier =
  | { readonly kind: 'key'; readonly thumbprint: string }
  | { readonly kind: 'certificate'; readonly thumbprint: string }
  | { readonly kind: 'cookie' }
  | { readonly kind: 'bearer' };

declare const verified: unique symbol;

/** A session token whose signature and claims were verified; only {@link verifySessionToken} makes one. */
export interface VerifiedSessionToken {
  readonly [verified]: 'session token';
  readonly kid: string;
  readonly carrier: Carrier;
  /** The claims of the profile; the carrier, `cnf` or `crr`, is `carrier` above. */
  readonly claims: Readonly<Omit<SessionTokenClaims, 'cnf' | 'crr'>>;
  /** Every claim as received, for an application's own claims; nothing here was interpreted. */
  readonly payload: JsonObject;
}

/** A key and the issuers that publish it. */
export interface TrustedKey {
  readonly key: VerificationKey;
  readonly issuers: ReadonlySet<string>;
}

/** The keys a guard trusts, by the exact header segment of the tokens that each signs. */
export type HeaderTable = ReadonlyMap<string, TrustedKey>;

/** The exact header segment of every session token that this key signs. */
export function sessionTokenHeader(key: Pick<VerificationKey, 'kid' | 'jwk'>): string {
  return ownHeader('at+jwt', key);
}

/**
 * Signs a session token.
 *
 * The claims are checked as a guard will read them, before anything is signed.
 *
 * @throws TypeError if {@link verifySessionToken} would refuse them, or header and payload weigh more than
 * 3.5 kB: a token that nobody can use or carry is not made.
 */
export async function signSessionToken(claims: SessionTokenClaims, key: SigningKey): Promise<string> {
  const header = sessionTokenHeader(key);
  const payload = encodeObject(claims);
  if (header.length + 1 + payload.length > maxTokenBudget) {
    throw new TypeError('the session token would weigh over 3.5 kB');
  }
  try {
    const read = decodeObject(payload) ?? {};
    checkTimes(readClaims(read), claims.iat);
    readCarrier(read);
  } catch (cause) {
    throw new TypeError('unexpected claims, expected those of the session token profile', { cause });
  }
  return signCompact(header, payload, key);
}

/**
 * Verifies a session token: length, exact header, signature over the received bytes, then claims.
 *
 * `now` is in seconds. It does not check the carrier, a proof, replay, revocation or scope: that is the
 * guard's part.
 *
 * @throws AuthError with a `token_…` code.
 */
export async function verifySessionToken(
  text: string,
  expected: { keys: HeaderTable; issuer: string; audience: string; now: number },
): Promise<VerifiedSessionToken> {
  const parts = splitCompact(text, 'token', maxTokenLength);
  const trusted = expected.keys.get(parts.header);
  if (trusted === undefined) throw new AuthError('token_key_unknown');
  await verifySignature(parts, { kind: 'token', key: trusted.key, spelling: 'ours' });
  const payload = readPayload(parts, 'token');
  const claims = readClaims(payload);
  if (claims.iss !== expected.issuer || !trusted.issuers.has(claims.iss)) {
    throw new AuthError('token_issuer_unexpected');
  }
  if (claims.aud !== expected.audience) throw new AuthError('token_audience_unexpected');
  checkTimes(claims, expected.now);
  // Shared by every request that brings the same token, so nobody may change it; the payload was frozen as it was read.
  const carrier = Object.freeze(readCarrier(payload));
  const token = { kid: trusted.key.kid, carrier, claims: Object.freeze(claims), payload };
  return Object.freeze(token) as unknown as VerifiedSessionToken;
}

/**
 * Checks the times of verified claims again: a kept result is only good until its token expires.
 *
 * Each comparison is written so that a clock that gives no number accepts nothing.
 */
export function checkTimes(claims: Pick<SessionTokenClaims, 'iat' | 'exp'>, now: number): void {
  if (!(now < claims.exp)) throw new AuthError('token_expired');
  if (!(claims.iat <= now + maxClockLead)) throw new AuthError('token_issued_in_future');
  if (claims.exp - claims.iat > maxTokenLife) throw new AuthError('token_life_too_long');
}

function readClaims(payload: JsonObject): VerifiedSessionToken['claims'] {
  const read = claimReader(payload, 'token_claim_invalid');
  const required = {
    iss: read.text('iss'),
    sub: read.text('sub'),
    aud: read.text('aud'),
    client_id: read.text('client_id'),
    iat: read.seconds('iat'),
    exp: read.seconds('exp'),
    jti: read.id('jti'),
    sid: read.id('sid'),
    sst: read.seconds('sst'),
    sh: read.id('sh'),
  };
  const authTime = read.optionalSeconds('auth_time');
  const amr = read.optionalTexts('amr');
  const scope = read.optionalScope('scope');
  // A token of ours has no nbf; one that has must not be good any earlier for it (RFC 7519 section 4.1.5).
  if ((read.optionalSeconds('nbf') ?? 0) > required.iat) throw claimInvalid('nbf');
  if (required.exp <= required.iat) throw claimInvalid('exp');
  return {
    ...required,
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(amr === undefined ? {} : { amr }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function readCarrier(payload: JsonObject): Carrier {
  const { cnf, crr } = payload;
  if (cnf !== undefined && crr !== undefined) throw claimInvalid('crr');
  if (cnf !== undefined) return readConfirmation(cnf);
  if (crr === 'cookie' || crr === 'bearer') return { kind: crr };
  throw claimInvalid('cnf');
}

function readConfirmation(cnf: unknown): Carrier {
  const [entry, ...more] = isPlainObject(cnf) ? Object.entries(cnf) : [];
  const [name, thumbprint] = entry ?? [];
  if (more.length === 0 && isThumbprint(thumbprint)) {
    if (name === 'jkt') return { kind: 'key', thumbprint };
    if (name === 'x5t#S256') return { kind: 'certificate', thumbprint };
  }
  throw claimInvalid('cnf');
}

function claimInvalid(claim: string): AuthError {
  return new AuthError('token_claim_invalid', { detail: { claim } });
}
