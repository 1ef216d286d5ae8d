import { claimReader } from './claims.ts';
import { AuthError } from './errors.ts';
import type { JsonObject } from './json.ts';
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

const maxLength = 8192;

/** What a refresh token says: which session, which generation, until when (seconds). */
export interface RefreshTokenClaims {
  readonly iss: string;
  readonly sid: string;
  readonly gen: number;
  readonly exp: number;
}

declare const verified: unique symbol;

/** A refresh token that was verified; only {@link verifyRefreshToken} makes one. */
export interface VerifiedRefreshToken extends RefreshTokenClaims {
  readonly [verified]: 'refresh token';
}

/** The exact header segment of every refresh token that this key signs. */
export function refreshTokenHeader(key: Pick<VerificationKey, 'kid' | 'jwk'>): string {
  return ownHeader('refresh+jwt', key);
}

/**
 * Signs a refresh token; its audience is the refresh grant of this issuer and nothing else.
 *
 * @throws TypeError if {@link verifyRefreshToken} would refuse the claims: nobody is signed out by a slip here.
 */
export async function signRefreshToken(claims: RefreshTokenClaims, key: SigningKey): Promise<string> {
  const { iss, sid, gen, exp } = claims;
  const payload = encodeObject({ iss, aud: audienceOf(iss), sid, gen, exp });
  try {
    readRefreshClaims(decodeObject(payload) ?? {});
  } catch (cause) {
    throw new TypeError('unexpected claims, expected those of a refresh token', { cause });
  }
  return signCompact(refreshTokenHeader(key), payload, key);
}

/**
 * Verifies a refresh token: length, exact header, signature over the received bytes, then claims.
 *
 * `keys` maps exact header segments to refresh keys; `now` is in seconds. Only the issuer that signed it can
 * accept one. It does not check the session, its generation or its holder: that is one SQL statement.
 *
 * @throws AuthError with a `refresh_…` code.
 */
export async function verifyRefreshToken(
  text: string,
  expected: { keys: ReadonlyMap<string, VerificationKey>; issuer: string; now: number },
): Promise<VerifiedRefreshToken> {
  const parts = splitCompact(text, 'refresh', maxLength);
  const key = expected.keys.get(parts.header);
  if (key === undefined) throw new AuthError('refresh_key_unknown');
  await verifySignature(parts, { kind: 'refresh', key, spelling: 'ours' });
  const { aud, ...claims } = readRefreshClaims(readPayload(parts, 'refresh'));
  if (claims.iss !== expected.issuer) throw new AuthError('refresh_issuer_unexpected');
  if (aud !== audienceOf(claims.iss)) throw new AuthError('refresh_audience_unexpected');
  if (!(expected.now < claims.exp)) throw new AuthError('refresh_expired');
  return Object.freeze(claims) as VerifiedRefreshToken;
}

function readRefreshClaims(payload: JsonObject): RefreshTokenClaims & { readonly aud: string } {
  const read = claimReader(payload, 'refresh_claim_invalid');
  return {
    iss: read.text('iss'),
    aud: read.text('aud'),
    sid: read.id('sid'),
    gen: read.seconds('gen'),
    exp: read.seconds('exp'),
  };
}

/** A text that is the audience of no other kind of statement. */
function audienceOf(issuer: string): string {
  return `${issuer}#refresh`;
}
