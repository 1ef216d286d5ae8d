import type { JsonObject } from '../../json.ts';
import { Missing } from '../../run/verdict.ts';

/** The order of the group of a curve, and the prime of its field; `size` is the length of a number in bytes. */
export interface Curve {
  readonly size: number;
  readonly order: bigint;
  readonly prime: bigint;
}

const curves: Readonly<Record<string, Curve>> = {
  ES256: {
    size: 32,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  },
  ES384: {
    size: 48,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  },
};

/** The order of the group of Ed25519 (RFC 8032 section 5.1). */
export const edwardsOrder: bigint = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The curve of an ECDSA algorithm, or undefined. */
export function curveOf({ alg }: JsonObject): Curve | undefined {
  return typeof alg === 'string' ? curves[alg] : undefined;
}

/**
 * The curve of a token's own algorithm.
 *
 * @throws Missing if the token is not signed with ES256 or ES384.
 */
export function ownCurve(header: JsonObject): Curve {
  const curve = curveOf(header);
  if (curve === undefined) throw new Missing('algorithm', 'needs a token signed with ES256 or ES384');
  return curve;
}

/**
 * Checks that the token is signed with an algorithm.
 *
 * @throws Missing if its header does not start with one of these names.
 */
export function needAlgorithm({ alg }: JsonObject, ...names: readonly string[]): void {
  if (typeof alg === 'string' && names.some((name) => alg.startsWith(name))) return;
  throw new Missing('algorithm', `needs a token signed with ${names.join(' or ')}`);
}

/** A number from bytes, the highest first. */
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

/** A number as bytes, the highest first; longer than `size` if it must be. */
export function bytesOf(value: bigint, size: number): Buffer {
  const hex = value.toString(16).padStart(size * 2, '0');
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/** The same with the lowest first, as Edwards curves write their numbers. */
export function littleNumberOf(bytes: Uint8Array): bigint {
  return numberOf(Buffer.from(bytes).reverse());
}

/** A number of 32 bytes, the lowest first. */
export function littleBytesOf(value: bigint): Buffer {
  return bytesOf(value, 32).reverse();
}
