import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { JsonObject } from '../json.ts';

/** A published key, and the key set it came in, as a confused verifier may have them in its hands. */
export interface KnownKey {
  readonly jwk: JsonWebKey;
  readonly keySetText: string;
}

/** Bytes or text that a verifier could take for an HMAC secret; undefined where a key has no such form. */
export type Spelling = (known: KnownKey) => string | Uint8Array | undefined;

/** Every form of a public key that has been found used as a secret, or that is one step from it. */
export const publicKeySpellings: Readonly<Record<string, Spelling>> = {
  'spki-pem': ({ jwk }) => pem(jwk),
  'spki-pem-without-newline': ({ jwk }) => pem(jwk).trimEnd(),
  'spki-pem-two-newlines': ({ jwk }) => `${pem(jwk)}\n`,
  'spki-pem-crlf': ({ jwk }) => pem(jwk).replaceAll('\n', '\r\n'),
  'spki-pem-crlf-without-last': ({ jwk }) => pem(jwk).trimEnd().replaceAll('\n', '\r\n'),
  'spki-pem-after-newline': ({ jwk }) => `\n${pem(jwk)}`,
  'spki-pem-after-space': ({ jwk }) => ` ${pem(jwk)}`,
  'spki-pem-after-bom': ({ jwk }) => `\ufeff${pem(jwk)}`,
  'spki-pem-after-comment': ({ jwk }) => `# public key\n${pem(jwk)}`,
  'spki-pem-indented': ({ jwk }) => pem(jwk).replace(/^/gm, '    '),
  'spki-pem-one-line': ({ jwk }) => pem(jwk).trimEnd().replaceAll('\n', ''),
  'spki-pem-escaped-newlines': ({ jwk }) => pem(jwk).replaceAll('\n', '\\n'),
  'spki-pem-body': ({ jwk }) => der(jwk, 'spki').toString('base64'),
  'spki-pem-in-base64': ({ jwk }) => Buffer.from(pem(jwk)).toString('base64'),
  'spki-der': ({ jwk }) => der(jwk, 'spki'),
  'spki-der-base64url': ({ jwk }) => der(jwk, 'spki').toString('base64url'),
  'spki-der-hex': ({ jwk }) => der(jwk, 'spki').toString('hex'),
  'pkcs1-pem': ({ jwk }) => rsaPem(jwk),
  'pkcs1-pem-without-newline': ({ jwk }) => rsaPem(jwk)?.trimEnd(),
  'pkcs1-der': ({ jwk }) => (jwk.kty === 'RSA' ? der(jwk, 'pkcs1') : undefined),
  'modulus-bytes': ({ jwk }) => bytes(jwk.n),
  'modulus-text': ({ jwk }) => jwk.n,
  'modulus-hex': ({ jwk }) => bytes(jwk.n)?.toString('hex'),
  'x-bytes': ({ jwk }) => bytes(jwk.x),
  'x-text': ({ jwk }) => jwk.x,
  'x-hex': ({ jwk }) => bytes(jwk.x)?.toString('hex'),
  'y-bytes': ({ jwk }) => bytes(jwk.y),
  'point-uncompressed': ({ jwk }) => point(jwk),
  'point-compressed': ({ jwk }) => compressedPoint(jwk),
  'jwk-as-published': ({ jwk }) => JSON.stringify(jwk),
  'jwk-as-published-pretty': ({ jwk }) => JSON.stringify(jwk, undefined, 2),
  'jwk-as-published-spaced': ({ jwk }) => spaced(jwk),
  'jwk-sorted': ({ jwk }) => JSON.stringify(sorted(jwk)),
  'jwk-sorted-spaced': ({ jwk }) => spaced(sorted(jwk)),
  'jwk-bare': ({ jwk }) => JSON.stringify(bare(jwk)),
  'jwk-bare-reversed': ({ jwk }) => JSON.stringify(reversed(bare(jwk))),
  'jwk-in-list': ({ jwk }) => JSON.stringify([jwk]),
  'key-set-as-served': ({ keySetText }) => keySetText,
  'key-set-trimmed': ({ keySetText }) => keySetText.trim(),
  'key-set-compact': ({ jwk }) => JSON.stringify({ keys: [jwk] }),
  'key-set-pretty': ({ jwk }) => JSON.stringify({ keys: [jwk] }, undefined, 2),
  kid: ({ jwk }) => textOf(jwk, 'kid'),
  alg: ({ jwk }) => textOf(jwk, 'alg'),
  'certificate-text': ({ jwk }) => certificate(jwk),
  'certificate-bytes': ({ jwk }) => {
    const text = certificate(jwk);
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  },
  'object-object': () => '[object Object]',
  'buffer-zeros': ({ jwk }) => Buffer.alloc(bytes(jwk.x)?.length ?? 32),
};

function keyObject(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function pem(jwk: JsonWebKey): string {
  return keyObject(jwk).export({ type: 'spki', format: 'pem' }).toString();
}

function rsaPem(jwk: JsonWebKey): string | undefined {
  if (jwk.kty !== 'RSA') return undefined;
  return keyObject(jwk).export({ type: 'pkcs1', format: 'pem' }).toString();
}

function der(jwk: JsonWebKey, type: 'spki' | 'pkcs1'): Buffer {
  return keyObject(jwk).export({ type, format: 'der' });
}

function bytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64url');
}

function point({ x, y }: JsonWebKey): Buffer | undefined {
  if (x === undefined || y === undefined) return undefined;
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

function compressedPoint({ x, y }: JsonWebKey): Buffer | undefined {
  if (x === undefined || y === undefined) return undefined;
  const parity = (Buffer.from(y, 'base64url').at(-1) ?? 0) & 1;
  return Buffer.concat([Buffer.of(2 + parity), Buffer.from(x, 'base64url')]);
}

/** As Python's `json.dumps` writes it. */
function spaced(object: object): string {
  const members = Object.entries(object).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return `{${members.join(', ')}}`;
}

function sorted(jwk: JsonWebKey): JsonObject {
  return Object.fromEntries(Object.entries(jwk).sort(([one], [two]) => (one < two ? -1 : 1)));
}

function bare(jwk: JsonWebKey): JsonObject {
  const { kty, crv, x, y, n, e } = jwk;
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
}

function reversed(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).reverse());
}

function textOf(jwk: JsonWebKey, name: string): string | undefined {
  const value = (jwk as JsonObject)[name];
  return typeof value === 'string' ? value : undefined;
}

function certificate(jwk: JsonWebKey): string | undefined {
  const chain = (jwk as JsonObject)['x5c'];
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}
