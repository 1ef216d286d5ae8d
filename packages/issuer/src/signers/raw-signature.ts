/**
 * Brings an ECDSA signature from DER (RFC 3279 section 2.2.3), as most services answer it, to r ‖ s (RFC 7515).
 *
 * `size` is the length of each half in bytes: 32 for ES256.
 *
 * @throws TypeError for what is no such signature.
 */
export function rawSignature(der: Uint8Array, size = 32): Uint8Array {
  const [tag, length, ...content] = der;
  if (tag !== 0x30 || length !== content.length || length > 127) throw notDer();
  const raw = new Uint8Array(2 * size);
  let at = 2;
  for (const end of [size, 2 * size]) {
    const number = readInteger(der, at);
    at += 2 + number.length;
    const digits = number[0] === 0 ? number.subarray(1) : number;
    if (digits.length > size) throw notDer();
    raw.set(digits, end - digits.length);
  }
  if (at !== der.length) throw notDer();
  return raw;
}

function readInteger(der: Uint8Array, at: number): Uint8Array {
  const length = der[at + 1] ?? 0;
  const number = der.subarray(at + 2, at + 2 + length);
  if (der[at] !== 0x02 || length === 0 || number.length !== length) throw notDer();
  return number;
}

function notDer(): TypeError {
  return new TypeError('unexpected signature, expected ECDSA in DER');
}
