const integer = 0x02;
const sequence = 0x30;

/** Writes an ECDSA signature r ‖ s as DER (RFC 3279 section 2.2.3), which is what OpenSSL itself reads. */
export function toDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const r = derInteger(signature.subarray(0, half));
  const s = derInteger(signature.subarray(half));
  return Uint8Array.of(sequence, r.length + s.length, ...r, ...s);
}

/** Reads the DER that OpenSSL has written: r ‖ s, each padded to `half` bytes. Not for DER from elsewhere. */
export function fromDer(der: Uint8Array, half: number): Uint8Array {
  const signature = new Uint8Array(2 * half);
  const endOfR = 4 + (der[3] ?? 0);
  putInteger(signature.subarray(0, half), der.subarray(4, endOfR));
  putInteger(signature.subarray(half), der.subarray(endOfR + 2));
  return signature;
}

/** The shortest form: no leading zeros but one where the first bit would make the number negative. */
function derInteger(bytes: Uint8Array): readonly number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first === -1 ? [0] : [...bytes.subarray(first)];
  const value = (short[0] ?? 0) > 0x7f ? [0, ...short] : short;
  return [integer, value.length, ...value];
}

function putInteger(target: Uint8Array, value: Uint8Array): void {
  const short = value.length > target.length ? value.subarray(value.length - target.length) : value;
  target.set(short, target.length - short.length);
}
