import { createPublicKey, sign } from 'node:crypto';
import type { ForgeKey } from './forge-key.ts';

const signatureOids: Readonly<Record<string, { readonly oid: string; readonly hash: string | null }>> = {
  EdDSA: { oid: '06032b6570', hash: null },
  ES256: { oid: '06082a8648ce3d040302', hash: 'sha256' },
};

/**
 * Makes a self-signed certificate (DER) over a key of ours: whoever takes the key of the first certificate in a chain
 * without validating the chain takes this one.
 */
export function selfSigned(key: ForgeKey, commonName = 'issuer'): Buffer {
  const { oid = '', hash = null } = signatureOids[key.alg] ?? {};
  const algorithm = der(0x30, Buffer.from(oid, 'hex'));
  const name = der(
    0x30,
    der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(commonName)))),
  );
  const validity = der(0x30, time('250101000000Z'), time('490101000000Z'));
  const spki = createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' });
  const body = der(0x30, der(0x02, Buffer.of(1)), algorithm, name, validity, name, spki);
  const signature = sign(hash, body, key.privateKey);
  return der(0x30, body, algorithm, der(0x03, Buffer.of(0), signature));
}

function time(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length =
    body.length < 256 ? Buffer.of(0x81, body.length) : Buffer.of(0x82, body.length >> 8, body.length & 255);
  return Buffer.concat([Buffer.of(tag), length, body]);
}
