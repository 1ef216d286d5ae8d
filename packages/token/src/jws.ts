import { isCanonicalSignature } from './algorithms.ts';
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from './encoding.ts';
import { AuthError, type AuthErrorCode } from './errors.ts';
import { parseObject, type JsonObject } from './json.ts';
import { rowOf } from './jwk.ts';
import { signBytes, verifyBytes, type SigningKey, type VerificationKey } from './keys.ts';

/** The kinds of statement; the code of every refusal starts with its kind. */
export type StatementKind =
  'token' | 'proof' | 'assertion' | 'refresh' | 'revocations' | 'identity' | 'device';

/** The three segments of a compact JWS (RFC 7515 section 7.1), still as text. */
export interface CompactParts {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** What is signed: header, dot, payload, as received. */
  readonly signed: string;
}

/** The code of a fault in a statement of this kind. */
type FaultOf<Kind extends StatementKind, Fault extends string> = `${Kind}_${Fault}` & AuthErrorCode;

/**
 * Splits compact text into three non-empty segments.
 *
 * The length is looked at before anything else, and no more than three dots ever are.
 */
export function splitCompact(text: string, kind: StatementKind, maxLength: number): CompactParts {
  if (text.length > maxLength) throw new AuthError(`${kind}_too_long`);
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  const whole = first > 0 && second > first + 1 && second < text.length - 1;
  if (!whole || text.includes('.', second + 1)) throw new AuthError(`${kind}_malformed`);
  return {
    header: text.slice(0, first),
    payload: text.slice(first + 1, second),
    signature: text.slice(second + 1),
    signed: text.slice(0, second),
  };
}

/**
 * Verifies the signature over the received bytes, before the payload is decoded.
 *
 * `spelling: 'ours'` also refuses the second spelling that an ECDSA signature has; presenters with other
 * software may use either (`'any'`), since nothing of theirs is known by its text.
 */
export async function verifySignature(
  parts: CompactParts,
  options: { kind: StatementKind; key: VerificationKey; spelling: 'ours' | 'any' },
): Promise<void> {
  const { kind, key, spelling } = options;
  const row = rowOf(key.jwk);
  const expected = Math.ceil((row.signatureLength * 4) / 3);
  const signature = parts.signature.length === expected ? decodeBase64url(parts.signature) : undefined;
  if (signature === undefined || (spelling === 'ours' && !isCanonicalSignature(row, signature))) {
    throw new AuthError(`${kind}_signature_malformed`);
  }
  if (!(await verifyBytes(key, encodeUtf8(parts.signed), signature))) {
    throw new AuthError(`${kind}_signature_invalid`);
  }
}

/** Decodes a payload whose signature was verified: canonical base64url, fatal UTF-8, one plain object. */
export function readPayload(parts: CompactParts, kind: StatementKind): JsonObject {
  const payload = decodeObject(parts.payload);
  if (payload === undefined) throw new AuthError(`${kind}_payload_malformed`);
  return payload;
}

/** Decodes a segment that holds one JSON object, or returns undefined. */
export function decodeObject(segment: string): JsonObject | undefined {
  const bytes = decodeBase64url(segment);
  const text = bytes && decodeUtf8(bytes);
  return text === undefined ? undefined : parseObject(text);
}

/** Encodes a header or payload; member order is the order of the object. */
export function encodeObject(value: object): string {
  return encodeBase64url(encodeUtf8(JSON.stringify(value)));
}

/** Signs an encoded payload under an encoded header: the compact text. */
export async function signCompact(header: string, payload: string, key: SigningKey): Promise<string> {
  const signed = `${header}.${payload}`;
  return `${signed}.${encodeBase64url(await signBytes(key, encodeUtf8(signed)))}`;
}

/**
 * The exact header of our own statements: these three members, in this text, and nothing else.
 *
 * A verifier looks the received segment up in a table of such texts and never parses it.
 */
export function ownHeader(
  typ: 'at+jwt' | 'refresh+jwt' | 'revocations+jwt' | 'JWT' | 'logout+jwt',
  key: Pick<VerificationKey, 'kid' | 'jwk'>,
): string {
  return encodeObject({ alg: key.jwk.alg, kid: key.kid, typ });
}

/**
 * Reads the header of a statement that somebody else made, by an allow-list.
 *
 * Refused: more than `maxLength` characters, duplicate members, any member that is not named here (so
 * `crit`, `jku`, `x5u`, `x5c`, `b64`, `zip`, … have no code to reach), another `typ`.
 */
export function readForeignHeader(
  segment: string,
  options: {
    fault: FaultOf<StatementKind, 'header_invalid'>;
    maxLength: number;
    members: readonly string[];
    types: readonly unknown[];
  },
): JsonObject {
  const header = segment.length <= options.maxLength ? decodeObject(segment) : undefined;
  const known = header && Object.keys(header).every((name) => options.members.includes(name));
  if (header === undefined || known !== true || !options.types.includes(header['typ'])) {
    throw new AuthError(options.fault);
  }
  return header;
}
