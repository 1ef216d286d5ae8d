import { claimReader, isThumbprint } from './claims.ts';
import { encodeBase64url } from './encoding.ts';
import { AuthError } from './errors.ts';
import { isPlainObject, type JsonObject } from './json.ts';
import { rowOf } from './jwk.ts';
import {
  decodeObject,
  encodeObject,
  readForeignHeader,
  readPayload,
  signCompact,
  splitCompact,
  verifySignature,
  type CompactParts,
} from './jws.ts';
import type { SigningKey, VerificationKey } from './keys.ts';
import type { Eventually } from './signatures/backend.ts';

/** The longest life of a client assertion, in seconds. */
export const maxAssertionLife = 60;

const maxLead = 5;
const maxLength = 8192;
const maxHeader = 1366; // 1 kB of JSON as base64url

declare const verified: unique symbol;

/** A client assertion that was verified; only {@link verifyAssertion} makes one. */
export interface VerifiedAssertion {
  readonly [verified]: 'assertion';
  readonly clientId: string;
  readonly kid: string;
  readonly jti: string;
  /** When it may be forgotten, in seconds. */
  readonly exp: number;
  /** The thumbprint of the key that must make the proof (`cnf.jkt`), if the client named one. */
  readonly thumbprint: string | undefined;
}

/**
 * Makes a client assertion (private_key_jwt, RFC 7523 section 3): for the issuer alone, for 60 seconds, once.
 *
 * `now` is in seconds; `thumbprint` names the key that the proof beside it is made with.
 */
export async function signAssertion(
  claims: { clientId: string; issuer: string; now: number; thumbprint?: string },
  key: SigningKey,
): Promise<string> {
  const iat = Math.floor(claims.now);
  const payload = {
    iss: claims.clientId,
    sub: claims.clientId,
    aud: claims.issuer,
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
    iat,
    exp: iat + maxAssertionLife,
    ...(claims.thumbprint === undefined ? {} : { cnf: { jkt: claims.thumbprint } }),
  };
  const header = { alg: key.jwk.alg, kid: key.kid, typ: 'client-authentication+jwt' };
  return signCompact(encodeObject(header), encodeObject(payload), key);
}

/**
 * Verifies a client assertion (RFC 7523 section 3).
 *
 * `findKeys` gives the registered keys of a client, none if it is unknown; `issuer` is the one audience
 * that is accepted; `now` is in seconds. It does not check that the assertion was not redeemed before: redeem
 * `jti` in the statement that decides.
 *
 * @throws AuthError with an `assertion_…` code.
 */
export async function verifyAssertion(
  text: string,
  expected: {
    issuer: string;
    now: number;
    findKeys: (clientId: string) => Eventually<readonly VerificationKey[]>;
  },
): Promise<VerifiedAssertion> {
  const parts = splitCompact(text, 'assertion', maxLength);
  const header = readForeignHeader(parts.header, {
    fault: 'assertion_header_invalid',
    maxLength: maxHeader,
    members: ['alg', 'kid', 'typ'],
    types: ['client-authentication+jwt', 'JWT', undefined],
  });
  const keys = await expected.findKeys(statedClient(parts));
  const kid = await verifyByOne(parts, fitting(keys, header));
  const claims = readAssertionClaims(readPayload(parts, 'assertion'));
  if (claims.aud !== expected.issuer) throw new AuthError('assertion_audience_unexpected');
  checkAssertionTimes(claims, expected.now);
  const { sub: clientId, jti, exp, thumbprint } = claims;
  return Object.freeze({ clientId, kid, jti, exp, thumbprint }) as unknown as VerifiedAssertion;
}

/** Who the assertion says it is by: only good for finding the keys with which that is then verified. */
function statedClient(parts: CompactParts): string {
  const stated = decodeObject(parts.payload);
  if (stated === undefined) throw new AuthError('assertion_payload_malformed');
  return claimReader(stated, 'assertion_claim_invalid').text('sub');
}

function fitting(keys: readonly VerificationKey[], header: JsonObject): readonly VerificationKey[] {
  const { alg, kid } = header;
  return keys.filter(
    (key) =>
      typeof alg === 'string' &&
      rowOf(key.jwk).aliases.includes(alg) &&
      (kid === undefined || kid === key.kid),
  );
}

/** A client may register several keys and name none: the one that verifies made it. */
async function verifyByOne(parts: CompactParts, keys: readonly VerificationKey[]): Promise<string> {
  let refusal: AuthError | undefined;
  for (const key of keys) {
    try {
      await verifySignature(parts, { kind: 'assertion', key, spelling: 'any' });
      return key.kid;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      refusal = error;
    }
  }
  throw refusal ?? new AuthError('assertion_key_unknown');
}

interface AssertionClaims {
  readonly sub: string;
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly thumbprint: string | undefined;
}

function readAssertionClaims(payload: JsonObject): AssertionClaims {
  const read = claimReader(payload, 'assertion_claim_invalid');
  const sub = read.text('sub');
  const iat = read.seconds('iat');
  if (read.text('iss') !== sub) throw new AuthError('assertion_claim_invalid', { detail: { claim: 'iss' } });
  return {
    sub,
    aud: read.text('aud'),
    jti: read.shortText('jti'),
    iat,
    nbf: read.optionalSeconds('nbf') ?? iat,
    exp: read.seconds('exp'),
    thumbprint: readThumbprint(payload['cnf']),
  };
}

function readThumbprint(cnf: unknown): string | undefined {
  if (cnf === undefined) return undefined;
  const jkt = isPlainObject(cnf) && Object.keys(cnf).length === 1 ? cnf['jkt'] : undefined;
  if (isThumbprint(jkt)) return jkt;
  throw new AuthError('assertion_claim_invalid', { detail: { claim: 'cnf' } });
}

function checkAssertionTimes(claims: AssertionClaims, now: number): void {
  // Written so that a clock that gives no number accepts nothing.
  if (!(now < claims.exp)) throw new AuthError('assertion_expired');
  if (!(Math.max(claims.iat, claims.nbf) <= now + maxLead)) throw new AuthError('assertion_issued_in_future');
  if (claims.exp - claims.iat > maxAssertionLife) throw new AuthError('assertion_life_too_long');
}
