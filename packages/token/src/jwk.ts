import { algorithmOfKey, algorithms, type Algorithm, type AlgorithmName } from './algorithms.ts';
import { decodeBase64url } from './encoding.ts';
import { isPlainObject, type JsonObject } from './json.ts';

/** A public key as JSON (RFC 7517, 8037, 9964), with just the members that its algorithm defines. */
export interface PublicJwk {
  readonly kty: 'OKP' | 'EC' | 'AKP';
  readonly alg: AlgorithmName;
  readonly crv?: 'Ed25519' | 'P-256';
  readonly x?: string;
  readonly y?: string;
  readonly pub?: string;
}

/** A private key as JSON: the public members and `d`, or `priv` for ML-DSA. */
export interface PrivateJwk extends PublicJwk {
  readonly d?: string;
  readonly priv?: string;
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Reads a public key that somebody presents, or returns undefined.
 *
 * Refused: a private or symmetric member, a type or curve outside the table, an `alg` that is not the one
 * of the key, an enc key, a member of the wrong length or spelling, a weak Ed25519 point. Whether an EC
 * point is on its curve is the platform's check, made when the key is imported.
 */
export function readPublicJwk(value: unknown): PublicJwk | undefined {
  if (!isPlainObject(value) || privateMembers.some((name) => name in value)) return undefined;
  const row = algorithmOfKey(value);
  if (row === undefined || !isMeantFor(value, row, 'verify')) return undefined;
  return takeMembers(value, row);
}

/** Reads a private key that its owner presents, or returns undefined. */
export function readPrivateJwk(value: unknown): PrivateJwk | undefined {
  if (!isPlainObject(value)) return undefined;
  const row = algorithmOfKey(value);
  const secret = row && value[row.privateMember];
  if (row === undefined || !isMeantFor(value, row, 'sign')) return undefined;
  if (!hasLength(secret, row.privateLength)) return undefined;
  const jwk = takeMembers(value, row);
  return jwk && { ...jwk, [row.privateMember]: secret };
}

/** The public half of a private key. */
export function publicHalf(jwk: PrivateJwk): PublicJwk {
  const secret = rowOf(jwk).privateMember;
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== secret)) as unknown as PublicJwk;
}

/** The row of a key that was read. */
export function rowOf(jwk: PublicJwk): Algorithm {
  return algorithms[jwk.alg];
}

/** Whether what a key says of its use (RFC 7517 section 4.2 to 4.4), where it says anything, allows this one. */
function isMeantFor(value: JsonObject, row: Algorithm, operation: 'sign' | 'verify'): boolean {
  const { alg, use, key_ops: operations } = value;
  const named = alg === undefined || (typeof alg === 'string' && row.aliases.includes(alg));
  const forSignatures = use === undefined || use === 'sig';
  const offered = operations === undefined || (Array.isArray(operations) && operations.includes(operation));
  return named && forSignatures && offered;
}

function takeMembers(value: JsonObject, row: Algorithm): PublicJwk | undefined {
  const members: Record<string, string> = {};
  for (const [name, length] of Object.entries(row.publicMembers)) {
    const member = value[name];
    if (!hasLength(member, length)) return undefined;
    members[name] = member;
  }
  if (row.crv === 'Ed25519' && isWeakPoint(members['x'] ?? '')) return undefined;
  return { kty: row.kty, alg: row.name, ...(row.crv === undefined ? {} : { crv: row.crv }), ...members };
}

function hasLength(member: unknown, length: number): member is string {
  return (
    typeof member === 'string' &&
    member.length === Math.ceil((length * 4) / 3) &&
    decodeBase64url(member)?.length === length
  );
}

const fieldPrime = 2n ** 255n - 19n;

/** The y coordinates of the eight Ed25519 points of small order. */
const smallOrdinates: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  fieldPrime - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/**
 * Whether an Ed25519 point has small order or an unreduced y.
 *
 * With such a "key" one constant signature verifies for most messages on Node below 24.19 and wherever else
 * the library does not look (nodejs/node#64026): whoever presents it needs no private key at all.
 */
function isWeakPoint(x: string): boolean {
  const bytes = decodeBase64url(x) ?? new Uint8Array();
  const y = bytes.reduceRight((sum, byte, at) => (sum << 8n) | BigInt(at === 31 ? byte & 0x7f : byte), 0n);
  return y >= fieldPrime || smallOrdinates.has(y);
}
