import { createHmac, sign as signBytes, constants } from 'node:crypto';
import type { ForgeKey } from './keys/forge-key.ts';
import { changed, parseObject, type Changes, type JsonObject } from './json.ts';

/** What a segment is made of: JSON text as `JSON.stringify` writes it, a text as it stands, or bytes. */
export type Part = JsonObject | string | Uint8Array;

/** A JWS in its parts, as an attacker without a key sees them. */
export interface Jws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Buffer;
  readonly segments: readonly [header: string, payload: string, signature: string];
}

/** Takes a compact JWS apart; undefined if it is none. */
export function openJws(token: string): Jws | undefined {
  const [head, body, tail, ...more] = token.split('.');
  if (head === undefined || body === undefined || tail === undefined || more.length > 0) return undefined;
  const header = parseObject(Buffer.from(head, 'base64url').toString('utf8'));
  const payload = parseObject(Buffer.from(body, 'base64url').toString('utf8'));
  if (header === undefined || payload === undefined) return undefined;
  return { header, payload, signature: Buffer.from(tail, 'base64url'), segments: [head, body, tail] };
}

/** One segment: base64url of a {@link Part}. */
export function segment(part: Part): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part), 'utf8').toString('base64url');
}

/** What is signed: two segments and the dot between them. */
export function signingInput(header: Part, payload: Part): string {
  return `${segment(header)}.${segment(payload)}`;
}

/** How a forged JWS differs from an honest one: by members, or by the whole content of a segment. */
export interface Reshape {
  readonly header?: Changes;
  readonly payload?: Changes;
  readonly headerText?: string | Uint8Array;
  readonly payloadText?: string | Uint8Array;
  /** A segment as it stands, or what makes its bytes from the signing input. Without it the old segment is kept. */
  readonly signature?: string | ((input: string) => Uint8Array);
}

/** Makes a JWS that differs from another one. A segment of which nothing changes keeps its exact text. */
export function reshape(jws: Jws, { signature, ...change }: Reshape): string {
  const [oldHeader, oldPayload, oldSignature] = jws.segments;
  const header = partOf(jws.header, { changes: change.header, text: change.headerText });
  const payload = partOf(jws.payload, { changes: change.payload, text: change.payloadText });
  const input = [
    header === undefined ? oldHeader : segment(header),
    payload === undefined ? oldPayload : segment(payload),
  ].join('.');
  if (typeof signature === 'function') return `${input}.${segment(signature(input))}`;
  return `${input}.${signature ?? oldSignature}`;
}

function partOf(
  object: JsonObject,
  { changes, text }: { changes: Changes | undefined; text: string | Uint8Array | undefined },
): Part | undefined {
  return text ?? (changes === undefined ? undefined : changed(object, changes));
}

/** Makes a signed JWS from nothing. */
export function signJws(parts: { header: Part; payload: Part; key: ForgeKey; alg?: string }): string {
  const input = signingInput(parts.header, parts.payload);
  return `${input}.${segment(signWith(parts.key, input, parts.alg))}`;
}

/** Signs with a key, by its own algorithm or by another one that the key can do (`RS256` and `PS256`, …). */
export function signWith(key: ForgeKey, input: string, alg: string = key.alg): Buffer {
  const data = Buffer.from(input, 'utf8');
  const hash = hashOf(alg);
  const { privateKey } = key;
  if (alg.startsWith('ES')) {
    const signature = signBytes(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return alg === 'ES256' ? withLowerS(signature) : signature;
  }
  if (alg.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return signBytes(hash, data, { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return signBytes(alg.startsWith('RS') ? hash : null, data, privateKey);
}

/** Of the two signatures that ECDSA has, the one that strict verifiers take too. */
function withLowerS(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  if (s <= orderOfP256 / 2n) return signature;
  const lower = (orderOfP256 - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(lower, 'hex')]);
}

const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The MAC of an input under any bytes as the secret. */
export function hmac(input: string, secret: Uint8Array | string, alg = 'HS256'): Buffer {
  return createHmac(hashOf(alg), secret).update(input).digest();
}

function hashOf(alg: string): string {
  return `sha${/(?:256|384|512)/.exec(alg)?.[0] ?? '256'}`;
}
