import {
  constants,
  createCipheriv,
  createECDH,
  createHash,
  createPublicKey,
  pbkdf2Sync,
  publicEncrypt,
  type JsonWebKey,
} from 'node:crypto';
import { segment } from '../../forge.ts';
import type { JsonObject } from '../../json.ts';
import type { Random } from '../../random.ts';

/** How the key that encrypts the content reaches the recipient. */
export type Delivery =
  | { readonly alg: 'RSA-OAEP' | 'RSA-OAEP-256'; readonly to: JsonWebKey }
  | { readonly alg: 'ECDH-ES'; readonly to: JsonWebKey }
  | { readonly alg: 'dir'; readonly secret: Buffer }
  | { readonly alg: 'PBES2-HS256+A128KW'; readonly password: string; readonly count: number };

/** What is encrypted, and further members of the header. */
export interface Content {
  readonly text: string | Uint8Array;
  readonly header?: JsonObject;
  readonly random: Random;
}

/** Encrypts to anybody whose public key, or shared secret, is known (RFC 7516): compact text of five segments. */
export function encryptTo(delivery: Delivery, { text, header = {}, random }: Content): string {
  const { members, wrapped, key } = delivered(delivery, random);
  const protectedHeader = segment({ alg: delivery.alg, enc: 'A256GCM', ...members, ...header });
  const iv = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(protectedHeader));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return [protectedHeader, ...[wrapped, iv, sealed, cipher.getAuthTag()].map(segment)].join('.');
}

interface Delivered {
  readonly members: JsonObject;
  readonly wrapped: Buffer;
  readonly key: Buffer;
}

function delivered(delivery: Delivery, random: Random): Delivered {
  switch (delivery.alg) {
    case 'RSA-OAEP':
    case 'RSA-OAEP-256':
      return byRsa(delivery, random);
    case 'ECDH-ES':
      return byAgreement(delivery.to, random);
    case 'dir':
      return { members: {}, wrapped: Buffer.alloc(0), key: delivery.secret };
    case 'PBES2-HS256+A128KW':
      return byPassword(delivery, random);
  }
}

function byRsa({ alg, to }: { alg: string; to: JsonWebKey }, random: Random): Delivered {
  const key = random.bytes(32);
  const publicKey = createPublicKey({ key: to, format: 'jwk' });
  const oaepHash = alg === 'RSA-OAEP' ? 'sha1' : 'sha256';
  const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, key);
  return { members: {}, wrapped, key };
}

/** ECDH-ES on P-256 with the Concat KDF (RFC 7518 section 4.6). */
function byAgreement({ x = '', y = '' }: JsonWebKey, random: Random): Delivered {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(random.bytes(32));
  const point = [x, y].map((part) => Buffer.from(part, 'base64url'));
  const shared = ecdh.computeSecret(Buffer.concat([Buffer.from([4]), ...point]));
  const own = ecdh.getPublicKey();
  const epk = { kty: 'EC', crv: 'P-256', x: segment(own.subarray(1, 33)), y: segment(own.subarray(33)) };
  const info = [
    Buffer.from([0, 0, 0, 7]),
    Buffer.from('A256GCM'),
    Buffer.alloc(8),
    Buffer.from([0, 0, 1, 0]),
  ];
  const key = createHash('sha256')
    .update(Buffer.concat([Buffer.from([0, 0, 0, 1]), shared, ...info]))
    .digest();
  return { members: { epk }, wrapped: Buffer.alloc(0), key };
}

function byPassword({ password, count }: { password: string; count: number }, random: Random): Delivered {
  const salt = random.bytes(16);
  const alg = 'PBES2-HS256+A128KW';
  const key = random.bytes(32);
  const members = { p2s: segment(salt), p2c: count };
  // What costs the recipient its time need not cost ours: nobody learns whether the key was wrapped well.
  if (count > 100_000) return { members, wrapped: random.bytes(40), key };
  const wrapping = pbkdf2Sync(password, Buffer.concat([Buffer.from(`${alg}\0`), salt]), count, 16, 'sha256');
  const cipher = createCipheriv('aes128-wrap', wrapping, Buffer.alloc(8, 0xa6));
  return { members, wrapped: Buffer.concat([cipher.update(key), cipher.final()]), key };
}
