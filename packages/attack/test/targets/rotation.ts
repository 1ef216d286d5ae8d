import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { ed25519Key } from '../../src/keys/forge-key.ts';
import { signJws } from '../../src/forge.ts';
import { createRandom } from '../../src/random.ts';
import { bearerOf, opened } from './strict.ts';
import { openWeak } from './strong.ts';
import type { Target } from './target.ts';

const former = ed25519Key(createRandom('a key of last year'));
const kid = 'last-year';

/** Servers that were there when the issuer had another key. */
export const rotationTargets: readonly Target[] = [
  {
    name: 'former-key-kept',
    flaw: 'keys are added to a map when the key set is fetched, and nothing is ever taken out',
    finds: ['keys/former-key'],
    runs: ['keys/former-key', 'keys/unknown-'],
    carrier: 'bearer',
    start: async (house) => {
      const now = Math.floor(Date.now() / 1000);
      const jti = randomBytes(16).toString('base64url');
      const claims = { iss: house.issuer, sub: 'alice', aud: house.audience, iat: now, exp: now + 300, jti };
      const header = { alg: 'EdDSA', kid, typ: 'at+jwt' };
      const formerToken = signJws({ header, payload: claims, key: former });
      const weak = await openWeak(house, (request) => {
        const token = bearerOf(request) ?? '';
        return isByFormerKey(token) ? opened(token, 1) : undefined;
      });
      return { ...weak, options: { formerToken } };
    },
  },
];

function isByFormerKey(token: string): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid: named } = opened(token, 0) ?? {};
  const data = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  const isCanonical = bytes.toString('base64url') === signature;
  const key = createPublicKey(former.privateKey);
  return alg === 'EdDSA' && named === kid && isCanonical && verify(null, data, key, bytes);
}
