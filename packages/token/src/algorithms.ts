/** A signature algorithm by its JOSE name (RFC 8037, 7518, 9964). */
export type AlgorithmName = 'EdDSA' | 'ES256' | 'ML-DSA-44';

/** One row of the table of algorithms: all that differs from one to the next. */
export interface Algorithm {
  readonly name: AlgorithmName;
  /** The names a presenter's header may use for it; our own statements use `name` alone. */
  readonly aliases: readonly string[];
  readonly kty: 'OKP' | 'EC' | 'AKP';
  readonly crv: 'Ed25519' | 'P-256' | undefined;
  /** The members that make the thumbprint, in RFC 7638 order. */
  readonly thumbprintMembers: readonly ('alg' | 'crv' | 'kty' | 'pub' | 'x' | 'y')[];
  /** The members that hold the public key and their length in bytes. */
  readonly publicMembers: Readonly<Partial<Record<'x' | 'y' | 'pub', number>>>;
  /** The members that hold the private key and their length in bytes. */
  readonly privateMember: 'd' | 'priv';
  readonly privateLength: number;
  readonly signatureLength: number;
  /** Half the order of the curve, where a signature has a second spelling above it. */
  readonly halfOrder: Uint8Array | undefined;
  readonly order: bigint | undefined;
  /** What hashes `at_hash` beside it (OpenID Connect Core section 3.1.3.6); undefined where no registry says it. */
  readonly tokenHash: 'SHA-256' | 'SHA-512' | undefined;
}

const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The algorithms of session tokens and proofs. Nothing else in the project names one. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  EdDSA: {
    name: 'EdDSA',
    aliases: ['EdDSA', 'Ed25519'],
    kty: 'OKP',
    crv: 'Ed25519',
    thumbprintMembers: ['crv', 'kty', 'x'],
    publicMembers: { x: 32 },
    privateMember: 'd',
    privateLength: 32,
    signatureLength: 64,
    halfOrder: undefined,
    order: undefined,
    tokenHash: 'SHA-512',
  },
  ES256: {
    name: 'ES256',
    aliases: ['ES256'],
    kty: 'EC',
    crv: 'P-256',
    thumbprintMembers: ['crv', 'kty', 'x', 'y'],
    publicMembers: { x: 32, y: 32 },
    privateMember: 'd',
    privateLength: 32,
    signatureLength: 64,
    halfOrder: toBytes(p256Order >> 1n),
    order: p256Order,
    tokenHash: 'SHA-256',
  },
  'ML-DSA-44': {
    name: 'ML-DSA-44',
    aliases: ['ML-DSA-44'],
    kty: 'AKP',
    crv: undefined,
    thumbprintMembers: ['alg', 'kty', 'pub'],
    publicMembers: { pub: 1312 },
    privateMember: 'priv',
    privateLength: 32,
    signatureLength: 2420,
    halfOrder: undefined,
    order: undefined,
    tokenHash: undefined,
  },
};

/** Every name that a presenter's statement may give in `alg`, for metadata and challenges (RFC 9449 section 5.1). */
export const signatureNames: readonly string[] = Object.values(algorithms).flatMap((row) => row.aliases);

/** Finds the row of a key by its type and curve; a key has one algorithm, whoever asks. */
export function algorithmOfKey(key: { kty?: unknown; crv?: unknown; alg?: unknown }): Algorithm | undefined {
  return Object.values(algorithms).find(
    (row) => row.kty === key.kty && row.crv === key.crv && (row.crv !== undefined || row.name === key.alg),
  );
}

/**
 * Brings a signature to the one spelling our statements use: `s` in the lower half of the order.
 *
 * An ECDSA signature (r, s) has a twin (r, n − s) that verifies as well; a signer that always gives the
 * lower one and a verifier that refuses the upper one leave one text per signature.
 */
export function canonicalSignature(row: Algorithm, signature: Uint8Array): Uint8Array {
  if (row.order === undefined || isCanonicalSignature(row, signature)) return signature;
  const result = new Uint8Array(signature);
  result.set(toBytes(row.order - toInteger(signature.subarray(32))), 32);
  return result;
}

/** Whether a signature is in the one spelling our statements use. */
export function isCanonicalSignature(row: Algorithm, signature: Uint8Array): boolean {
  return row.halfOrder === undefined || !isAbove(signature.subarray(32), row.halfOrder);
}

/** Compares big-endian numbers of one length, byte by byte: nearly every time the first byte decides. */
function isAbove(bytes: Uint8Array, limit: Uint8Array): boolean {
  for (const [at, byte] of limit.entries()) {
    const own = bytes[at] ?? 0;
    if (own !== byte) return own > byte;
  }
  return false;
}

function toInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function toBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let at = 31, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
}
