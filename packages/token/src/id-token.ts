import { claimReader } from './claims.ts';
import { encodeBase64url, encodeUtf8 } from './encoding.ts';
import { AuthError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { rowOf } from './jwk.ts';
import { encodeObject, ownHeader, readPayload, signCompact, splitCompact, verifySignature } from './jws.ts';
import type { SigningKey, VerificationKey } from './keys.ts';

const maxLength = 8192;

/** What an ID token says of a sign-in (OpenID Connect Core section 2); times in seconds. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** The client that asked; it opens nothing there. */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly auth_time: number;
  readonly sid: string;
  readonly nonce?: string;
  readonly amr?: readonly string[];
  readonly acr?: string;
}

declare const verified: unique symbol;

/** An ID token that was verified; only {@link verifyIdToken} makes one. It may have expired. */
export interface VerifiedIdToken {
  readonly [verified]: 'ID token';
  readonly sub: string;
  readonly aud: string;
  readonly sid: string;
}

/** The exact header segment of every ID token that this key signs: `typ` is no session token's. */
export function idTokenHeader(key: Pick<VerificationKey, 'kid' | 'jwk'>): string {
  return ownHeader('JWT', key);
}

/**
 * Signs an ID token with an identity key, for whoever gets the access token beside it: `at_hash` says which that is
 * (OpenID Connect Core section 3.1.3.6), so that one of another answer is not taken for it.
 */
export async function signIdToken(
  { accessToken, ...claims }: IdTokenClaims & { readonly accessToken: string },
  key: SigningKey,
): Promise<string> {
  const hash = await halfHash(accessToken, key);
  const payload = { ...claims, ...(hash === undefined ? {} : { at_hash: hash }) };
  return signCompact(idTokenHeader(key), encodeObject(payload), key);
}

async function halfHash(text: string, { jwk }: SigningKey): Promise<string | undefined> {
  const { tokenHash } = rowOf(jwk);
  if (tokenHash === undefined) return undefined;
  const hash = new Uint8Array(await crypto.subtle.digest(tokenHash, new Uint8Array(encodeUtf8(text))));
  return encodeBase64url(hash.subarray(0, hash.length / 2));
}

/**
 * Verifies an ID token that comes back as a hint (`id_token_hint`, RP-Initiated Logout section 2).
 *
 * `keys` maps exact header segments to identity keys. An expired one is good: it says who was meant, and opens
 * nothing. It does not check that the client at hand is its audience.
 *
 * @throws AuthError with an `identity_…` code.
 */
export async function verifyIdToken(
  text: string,
  expected: { keys: ReadonlyMap<string, VerificationKey>; issuer: string },
): Promise<VerifiedIdToken> {
  const parts = splitCompact(text, 'identity', maxLength);
  const key = expected.keys.get(parts.header);
  if (key === undefined) throw new AuthError('identity_key_unknown');
  await verifySignature(parts, { kind: 'identity', key, spelling: 'ours' });
  const { iss, ...claims } = readHint(readPayload(parts, 'identity'));
  if (iss !== expected.issuer) throw new AuthError('identity_issuer_unexpected');
  return Object.freeze(claims) as unknown as VerifiedIdToken;
}

function readHint(payload: JsonObject): { iss: string; sub: string; aud: string; sid: string } {
  const read = claimReader(payload, 'identity_claim_invalid');
  return { iss: read.text('iss'), sub: read.text('sub'), aud: read.text('aud'), sid: read.id('sid') };
}
