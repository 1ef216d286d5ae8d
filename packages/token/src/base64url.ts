// For runtimes whose own base64url is not strict or not there; see encoding.ts for the others.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const foreign = 64;
const values = new Uint8Array(128).fill(foreign);
codes.forEach((code, value) => (values[code] = value));

const ascii = new TextDecoder();

/** Encodes bytes as base64url without padding (RFC 7515 section 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  const length = Math.ceil((bytes.length * 4) / 3);
  const text = new Uint8Array(length);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text[at++] = codes[(held >> bits) & 63] ?? 0;
    }
  }
  if (bits > 0) text[at] = codes[(held << (6 - bits)) & 63] ?? 0;
  return ascii.decode(text);
}

/**
 * Decodes the one canonical base64url spelling of some bytes, or returns undefined.
 *
 * Padding, foreign characters, a dangling character and non-zero unused bits are all refused, so that
 * two different texts never decode to the same bytes (RFC 4648 section 3.5).
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  if (text.length % 4 === 1) return undefined;
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const value = code < 128 ? (values[code] ?? foreign) : foreign;
    if (value === foreign) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
