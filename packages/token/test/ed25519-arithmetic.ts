/**
 * Just enough arithmetic on edwards25519 to make what no honest library makes: keys and nonces with a small-order part.
 *
 * For tests alone: it is slow, leaks timing and uses fixed secrets.
 */
import { createHash } from 'node:crypto';

type Point = readonly [x: bigint, y: bigint];

const p = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value: bigint, modulus = p): bigint => ((value % modulus) + modulus) % modulus;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

const inverse = (value: bigint): bigint => power(value, p - 2n);
const d = mod(-121665n * inverse(121666n));

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(d * x1 * x2 * y1 * y2);
  return [mod((x1 * y2 + x2 * y1) * inverse(1n + product)), mod((y1 * y2 + x1 * x2) * inverse(1n - product))];
}

function multiply(point: Point, scalar: bigint): Point {
  let result: Point = [0n, 1n];
  for (let doubled = point, rest = scalar; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled)) {
    if (rest & 1n) result = add(result, doubled);
  }
  return result;
}

/** The even x of a point (RFC 8032 section 5.1.3). */
function abscissa(y: bigint): bigint {
  const u = mod(y * y - 1n);
  const v = mod(d * y * y + 1n);
  const candidate = mod(u * power(v, 3n) * power(u * power(v, 7n), (p - 5n) / 8n));
  const x = mod(v * candidate * candidate) === u ? candidate : mod(candidate * power(2n, (p - 1n) / 4n));
  return x & 1n ? p - x : x;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

const encodePoint = ([x, y]: Point): Uint8Array => littleEndian(y | ((x & 1n) << 255n));
const toInteger = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const baseOrdinate = mod(4n * inverse(5n));
const base: Point = [abscissa(baseOrdinate), baseOrdinate];
const eighthOrdinate = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** A point of order eight. */
const torsion: Point = [abscissa(eighthOrdinate), eighthOrdinate];

interface OddSignature {
  readonly x: string;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** Without a small-order part: an ordinary signature, the control. */
  readonly honest: boolean;
}

/** Signatures that satisfy the equation with the cofactor; without it only some of them do. */
export function mixedOrderSignatures(): OddSignature[] {
  const kinds = [
    [0n, 0n],
    [1n, 0n],
    [0n, 1n],
    [1n, 1n],
    [4n, 4n],
  ] as const;
  return kinds.flatMap(([ofKey, ofNonce]) => [1n, 2n, 3n].map((round) => signMixed(ofKey, ofNonce, round)));
}

function signMixed(ofKey: bigint, ofNonce: bigint, round: bigint): OddSignature {
  const secret = 987_654n;
  const nonce = 123_456n + round;
  const key = encodePoint(add(multiply(base, secret), multiply(torsion, ofKey)));
  const commitment = encodePoint(add(multiply(base, nonce), multiply(torsion, ofNonce)));
  const data = new TextEncoder().encode(`round ${String(round)}`);
  const challenge = toInteger(createHash('sha512').update(commitment).update(key).update(data).digest());
  const response = mod(nonce + challenge * secret, order);
  return {
    x: Buffer.from(key).toString('base64url'),
    data,
    signature: Buffer.concat([commitment, littleEndian(response)]),
    honest: ofKey === 0n && ofNonce === 0n,
  };
}

/** The same signature with S + L in place of S: it satisfies the equation as well. */
export function withLargerScalar(signature: Uint8Array): Uint8Array {
  return Buffer.concat([signature.subarray(0, 32), littleEndian(toInteger(signature.subarray(32)) + order)]);
}
