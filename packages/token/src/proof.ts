import { claimReader } from './claims.ts';
import { encodeBase64url } from './encoding.ts';
import { AuthError } from './errors.ts';
import { isPlainObject, type JsonObject } from './json.ts';
import { readPublicJwk, rowOf, type PublicJwk } from './jwk.ts';
import {
  encodeObject,
  readForeignHeader,
  readPayload,
  signCompact,
  splitCompact,
  verifySignature,
} from './jws.ts';
import { hashText, importNamedKey, thumbprintOf, type SigningKey, type VerificationKey } from './keys.ts';

/** How old a proof may be, in seconds. */
export const maxProofAge = 30;
/** How far ahead a proof's `iat` may be, in seconds. */
export const maxProofLead = 5;

const maxProofLength = 12_288;
const maxHeader = 5462; // 4 kB of JSON as base64url: an ML-DSA key is 1.7 kB of text
const maxSmallHeader = 1366; // 1 kB

declare const verified: unique symbol;

/** A proof that was verified; only {@link verifyProof} makes one. */
export interface VerifiedProof {
  readonly [verified]: 'proof';
  /** The thumbprint of the key that made it. */
  readonly thumbprint: string;
  readonly jti: string;
  readonly iat: number;
  readonly nonce: string | undefined;
}

/** Keys that made verified proofs, by the exact header segment of those: a `Map` with a bound. */
export interface KnownKeys {
  readonly get: (header: string) => VerificationKey | undefined;
  readonly set: (header: string, key: VerificationKey) => unknown;
}

/**
 * Makes a proof of possession for one request (DPoP, RFC 9449 section 4.2).
 *
 * `now` is in seconds; `token` is the session token the request carries, none at the token endpoint.
 */
export async function signProof(
  request: { method: string; url: string; now: number; token?: string; nonce?: string },
  key: SigningKey,
): Promise<string> {
  const { alg, ...jwk } = key.jwk;
  const header = { typ: 'dpop+jwt', alg, jwk: key.jwk.kty === 'AKP' ? key.jwk : jwk };
  const payload = {
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: request.method,
    htu: proofUrl(request.url),
    iat: Math.floor(request.now),
    ...(request.token === undefined ? {} : { ath: await hashText(request.token) }),
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
  };
  return signCompact(encodeObject(header), encodeObject(payload), key);
}

/**
 * Verifies a proof for one request (RFC 9449 section 4.3): length, header, whose key, signature, then claims.
 *
 * `url` is the URL as the public knows it, from configuration, never from a `Host` or forwarded header;
 * `tokenHash` is `hashText` of the session token in the request, undefined where none belongs; `now` is in
 * seconds. `knownKeys`, a bounded map of the caller's, saves importing a holder's key for each of its proofs: a key
 * enters under its exact header segment, after the proof was verified.
 *
 * It does not check replay, the nonce, or whose key it is: compare `thumbprint`, remember `jti`.
 *
 * @throws AuthError with a `proof_…` code.
 */
export async function verifyProof(
  text: string,
  expected: {
    method: string;
    url: string;
    tokenHash: string | undefined;
    now: number;
    thumbprint?: string;
    knownKeys?: KnownKeys;
  },
): Promise<VerifiedProof> {
  const parts = splitCompact(text, 'proof', maxProofLength);
  const known = expected.knownKeys?.get(parts.header);
  const key = known ?? (await readKey(parts.header, expected.thumbprint));
  if (key.kid !== (expected.thumbprint ?? key.kid)) throw new AuthError('proof_key_unexpected');
  await verifySignature(parts, { kind: 'proof', key, spelling: 'any' });
  const claims = readProofClaims(readPayload(parts, 'proof'));
  if (claims.htm !== expected.method) throw new AuthError('proof_method_unexpected');
  if (!isSameUrl(claims.htu, expected.url)) throw new AuthError('proof_url_unexpected');
  if (claims.ath !== expected.tokenHash) throw new AuthError('proof_token_unexpected');
  // Written so that a clock that gives no number accepts nothing.
  if (!(claims.iat >= expected.now - maxProofAge)) throw new AuthError('proof_expired');
  if (!(claims.iat <= expected.now + maxProofLead)) throw new AuthError('proof_issued_in_future');
  if (known === undefined) expected.knownKeys?.set(parts.header, key);
  const { jti, iat, nonce } = claims;
  return Object.freeze({ thumbprint: key.kid, jti, iat, nonce }) as unknown as VerifiedProof;
}

/** The URL that a proof names: without query and fragment (RFC 9449 section 4.2). */
function proofUrl(url: string): string {
  const parsed = new URL(url);
  return parsed.origin + parsed.pathname;
}

/**
 * Brings a URL to the form in which two are compared (RFC 3986 section 6.2.2 and 6.2.3): scheme and host in
 * lower case, no default port, dot segments resolved, unreserved characters unescaped; query and fragment
 * dropped. A URL with a user name, or that is none, equals nothing.
 */
export function comparableUrl(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed?.username !== '' || parsed.password !== '') return undefined;
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return undefined;
  return parsed.origin + parsed.pathname.replace(/%[0-9a-f]{2}/gi, unescapeUnreserved);
}

function isSameUrl(stated: string, url: string): boolean {
  const comparable = comparableUrl(url);
  return comparable !== undefined && comparableUrl(stated) === comparable;
}

function unescapeUnreserved(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase();
}

/** The key that made the proof; the platform's part comes last, and only for the key that is expected. */
async function readKey(segment: string, expected: string | undefined): Promise<VerificationKey> {
  const jwk = readHeader(segment);
  const thumbprint = await thumbprintOf(jwk);
  if (expected !== undefined && thumbprint !== expected) throw new AuthError('proof_key_unexpected');
  return importNamedKey(jwk, thumbprint).catch((cause: unknown) => {
    throw new AuthError('proof_key_invalid', { cause });
  });
}

function readHeader(segment: string): PublicJwk {
  const { alg, jwk: stated } = readForeignHeader(segment, {
    fault: 'proof_header_invalid',
    maxLength: maxHeader,
    members: ['typ', 'alg', 'jwk'],
    types: ['dpop+jwt'],
  });
  const jwk = readPublicJwk(stated);
  if (jwk === undefined) throw new AuthError('proof_key_invalid');
  const tooLong = jwk.kty !== 'AKP' && segment.length > maxSmallHeader;
  if (tooLong || !isNameOf(jwk, alg) || !isTheOnlyName(stated, alg))
    throw new AuthError('proof_header_invalid');
  return jwk;
}

function isNameOf(jwk: PublicJwk, alg: unknown): boolean {
  return typeof alg === 'string' && rowOf(jwk).aliases.includes(alg);
}

/** A key that names its algorithm itself does so by the name that the header uses: EdDSA or Ed25519, not both. */
function isTheOnlyName(jwk: unknown, alg: unknown): boolean {
  return isPlainObject(jwk) && (jwk['alg'] === undefined || jwk['alg'] === alg);
}

interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  readonly iat: number;
  readonly ath: string | undefined;
  readonly nonce: string | undefined;
}

function readProofClaims(payload: JsonObject): ProofClaims {
  const read = claimReader(payload, 'proof_claim_invalid');
  return {
    jti: read.shortText('jti'),
    htm: read.text('htm'),
    htu: read.text('htu'),
    iat: read.seconds('iat'),
    ath: read.optionalText('ath'),
    nonce: read.optionalText('nonce'),
  };
}
