import { createHash, createPublicKey, verify } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { smallOrderPoints } from '../../src/attacks/signature/edwards.ts';
import {
  bytesOf,
  curveOf,
  edwardsOrder,
  littleBytesOf,
  littleNumberOf,
  numberOf,
} from '../../src/attacks/signature/numbers.ts';
import { openJws } from '../../src/forge.ts';
import type { JsonObject } from '../../src/json.ts';
import type { House } from './house.ts';
import { bearerOf, hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openStrict } from './strict-server.ts';
import { openStrong, openWeak } from './strong.ts';
import { refusal, type Target } from './target.ts';

/** Servers whose signature check has a hole. */
export const signatureTargets: readonly Target[] = [
  weak({
    name: 'ecdsa-without-range-check',
    flaw: 'hand-written ECDSA: with r or s equal to zero modulo the order both sides of the equation are the point at infinity',
    finds: ['signature/psychic-', 'signature/all-zero'],
    alg: 'ES256',
    isSigned: (token) => {
      const order = curveOf({ alg: 'ES256' })?.order ?? 1n;
      const { r, s } = halves(token);
      const isWhole = r.length === 32 && s.length === 32;
      return isWhole && (numberOf(r) % order === 0n || numberOf(s) % order === 0n);
    },
  }),
  weak({
    name: 'der-signature-accepted',
    flaw: 'a second try with the default encoding of node:crypto, after a partner had sent DER signatures',
    finds: ['signature/der'],
    alg: 'ES256',
    isSigned: (token, house) => {
      const { data, bytes } = parts(token);
      return verify('sha256', data, createPublicKey(house.pem), bytes);
    },
  }),
  weak({
    name: 'signature-longer-than-needed',
    flaw: 'reads r and s at fixed offsets, and never looks whether the signature ends there',
    finds: ['signature/appended-'],
    alg: 'ES256',
    isSigned: (token, house) => {
      const [header = '', payload = ''] = token.split('.');
      const first = parts(token).bytes.subarray(0, 64).toString('base64url');
      return hasSignature(`${header}.${payload}.${first}`, house);
    },
  }),
  weak({
    name: 'ed25519-any-s',
    flaw: 'a small Ed25519 library that reduces S instead of refusing it where it is too large',
    finds: ['signature/s-plus-'],
    isSigned: (token, house) => {
      const { r, s } = halves(token);
      if (s.length !== 32) return false;
      const least = littleBytesOf(littleNumberOf(s) % edwardsOrder);
      const [header = '', payload = ''] = token.split('.');
      return hasSignature(`${header}.${payload}.${Buffer.concat([r, least]).toString('base64url')}`, house);
    },
  }),
  weak({
    name: 'rsa-any-representative',
    flaw: 'hand-written RSA: the signature goes into the power function without a look at its size',
    finds: ['signature/rsa-plus-', 'signature/prepended-zero'],
    alg: 'RS256',
    isSigned: (token, house) => {
      const [header = '', payload = ''] = token.split('.');
      const n = numberOf(Buffer.from(house.jwk.n ?? '', 'base64url'));
      const least = bytesOf(numberOf(parts(token).bytes) % n, 256).toString('base64url');
      return hasSignature(`${header}.${payload}.${least}`, house);
    },
  }),
  {
    name: 'device-key-of-small-order',
    flaw: 'devices enrol any Ed25519 key that can be imported, and one has enrolled a point of small order',
    finds: ['signature/small-order-key-'],
    runs: ['signature/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        const { jwk, ...header } = opened(token, 0) ?? {};
        const x = Buffer.from(String((jwk as JsonObject | undefined)?.['x']), 'base64url').toString('hex');
        const isEnrolled = smallOrderPoints.includes(x) && header['alg'] === 'EdDSA';
        const claims = opened(token, 1);
        // What OpenSSL did until 2026: the neutral point as the key leaves R = S·B of the equation.
        const isSigned = halves(token).s.every((byte) => byte === 0);
        return isEnrolled && isSigned && hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  {
    name: 'logout-by-token-hash',
    flaw: 'logout puts the SHA-256 of the token on a list; ES256 (with jose) has two signatures for each',
    finds: ['signature/twin-after-end'],
    runs: ['signature/', 'encoding/trailing'],
    carrier: 'bearer',
    alg: 'ES256',
    start: async (house) => {
      const strong = await openStrong(house);
      const ended = new Set<string>();
      return {
        ...strong,
        handle: async (request) => {
          const token = bearerOf(request) ?? '';
          const hash = createHash('sha256').update(token).digest('hex');
          if (request.method === 'DELETE') ended.add(hash);
          if (ended.has(hash)) return refusal;
          return isJoseValid(token, house).then((isValid) => (isValid ? { status: 200 } : refusal));
        },
        options: {
          endRequest: ({ token }) =>
            Promise.resolve({
              url: `${house.audience}/me`,
              method: 'DELETE',
              headers: [['Authorization', `Bearer ${token}`]],
            }),
        },
      };
    },
  },
];

interface Hole extends Pick<Target, 'name' | 'finds'> {
  readonly flaw: string;
  readonly alg?: 'EdDSA' | 'ES256' | 'RS256';
  readonly isSigned: (token: string, house: House) => boolean;
}

/** A server whose flaw is how it looks at the signature; text, header and claims are checked as they should be. */
function weak({ isSigned, alg = 'EdDSA', finds, name, flaw }: Hole): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['signature/'],
    carrier: 'bearer',
    alg,
    start: (house) => {
      // The guard takes no RSA.
      const open = alg === 'RS256' ? openStrict : openWeak;
      return open(house, (request) => {
        const token = bearerOf(request) ?? '';
        const isWhole = hasStrictText(token) && hasHonestHeader(token, house) && isSigned(token, house);
        const claims = opened(token, 1);
        return isWhole && hasHonestClaims(claims, house) ? claims : undefined;
      });
    },
  };
}

async function isJoseValid(token: string, house: House): Promise<boolean> {
  if (!hasStrictText(token) || !hasHonestHeader(token, house)) return false;
  const key = await importJWK(house.jwk, house.alg);
  const verified = await compactVerify(token, key, { algorithms: [house.alg] }).catch(() => undefined);
  return verified !== undefined && hasHonestClaims(opened(token, 1), house);
}

function parts(token: string): { data: Buffer; bytes: Buffer } {
  const { segments, signature } = openJws(token) ?? { segments: ['', ''], signature: Buffer.alloc(0) };
  return { data: Buffer.from(`${segments[0]}.${segments[1]}`), bytes: signature };
}

function halves(token: string): { r: Buffer; s: Buffer } {
  const { bytes } = parts(token);
  const middle = bytes.length >> 1;
  return { r: bytes.subarray(0, middle), s: bytes.subarray(middle) };
}
