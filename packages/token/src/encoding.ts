import * as portable from './base64url.ts';

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The part of Node's and Bun's `Buffer` that is used: the same in native code, many times as fast. */
interface NativeBytes {
  from(text: string, encoding: 'utf8'): Uint8Array<ArrayBuffer>;
  from(
    text: string,
    encoding: 'base64url',
  ): Uint8Array<ArrayBuffer> & {
    toString(encoding: 'base64url'): string;
  };
  from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64url'): string };
}
const native = (globalThis as { Buffer?: NativeBytes }).Buffer;

/** Encodes bytes as base64url without padding (RFC 7515 section 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  if (native === undefined) return portable.encodeBase64url(bytes);
  return native.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Decodes the one canonical base64url spelling of some bytes, or returns undefined.
 *
 * Padding, foreign characters, a dangling character and non-zero unused bits are all refused, so that
 * two different texts never decode to the same bytes (RFC 4648 section 3.5). Perhaps a view into a larger buffer, as a copy
 * of its own costs more than all the decoding.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (native === undefined) return portable.decodeBase64url(text);
  const bytes = native.from(text, 'base64url');
  // `Buffer` passes over what it does not know; only the canonical spelling comes out again as it went in.
  if (bytes.toString('base64url') !== text) return undefined;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Encodes text as UTF-8 bytes, perhaps a view into a larger buffer. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return native === undefined ? utf8.encode(text) : native.from(text, 'utf8');
}

/** Decodes UTF-8, or returns undefined: nothing is replaced and a byte order mark is not dropped. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
