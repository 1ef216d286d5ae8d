import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { thumbprint } from '../../keys/thumbprint.ts';
import { forgeKeyFrom } from '../../keys/forge-key.ts';
import { hmac, openJws, reshape } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { proofFamily } from './maps.ts';

type Confirmation = (jwk: JsonWebKey) => unknown;

/** Confirmations (RFC 7800) that name no key as RFC 9449 does. A thief presents them with a key of his own. */
const confirmations: Readonly<Record<string, Confirmation>> = {
  missing: () => undefined,
  null: () => null,
  text: () => 'jkt',
  empty: () => ({}),
  list: (jwk) => [{ jkt: thumbprint(jwk) }],
  'thumbprint-empty': () => ({ jkt: '' }),
  'thumbprint-null': () => ({ jkt: null }),
  'thumbprint-true': () => ({ jkt: true }),
  'thumbprint-list': (jwk) => ({ jkt: [thumbprint(jwk)] }),
  'thumbprint-in-hex': (jwk) => ({ jkt: Buffer.from(thumbprint(jwk), 'base64url').toString('hex') }),
  'thumbprint-padded': (jwk) => ({ jkt: `${thumbprint(jwk)}=` }),
  'thumbprint-cut': (jwk) => ({ jkt: thumbprint(jwk).slice(0, 21) }),
  'whole-key': (jwk) => ({ jwk }),
  'key-by-name': (jwk) => ({ kid: thumbprint(jwk) }),
  'key-by-url': () => ({ jku: 'https://evil.example/jwks' }),
  certificate: () => ({ 'x5t#S256': createHash('sha256').update('certificate').digest('base64url') }),
};

/** Tokens whose binding cannot be understood: they are bound all the same, or to nothing. */
export const proofBinding: readonly Attack[] = attacks({ ...proofFamily, needs: ['dpop', 'signer'] }, [
  ...Object.entries(confirmations).map(([name, make]): Row => ({
    name: `binding-${name}`,
    title: `a token with cnf ${name.replaceAll('-', ' ')}, and a proof by a key of ours`,
    run: (lab) => {
      const key = lab.ownKey('EdDSA');
      return lab.present(lab.signed({ cnf: make(key.jwk) }), { proof: { key } });
    },
  })),
  ...['empty', 'whole-key', 'certificate', 'thumbprint-null'].map((name): Row => ({
    name: `binding-${name}-as-bearer`,
    title: `a token with cnf ${name.replaceAll('-', ' ')}, as a bearer token`,
    run: (lab) => {
      const token = lab.signed({ cnf: confirmations[name]?.(lab.ownKey('EdDSA').jwk) });
      return lab.present(token, { proof: [], authorization: [`Bearer ${token}`] });
    },
  })),
  {
    name: 'bound-to-secret',
    title: 'a token bound to a symmetric key, and a proof by HS256 that shows it',
    run: (lab) => {
      const secret = lab.random.bytes(32);
      const jwk = { k: secret.toString('base64url'), kty: 'oct' };
      const jkt = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url');
      const text = (proof: string): string => macBy(proof, { secret, jwk });
      return lab.present(lab.signed({ cnf: { jkt } }), { proof: { text } });
    },
  },
  {
    name: 'bound-to-short-rsa-key',
    title: 'a token bound to an RSA key of 1024 bits, and a proof by it',
    why: 'A key that can be factored is a secret that everybody has.',
    run: (lab) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const key = forgeKeyFrom({ ...privateKey.export({ format: 'jwk' }), alg: 'RS256' });
      return lab.present(lab.signed({ cnf: { jkt: thumbprint(key.jwk) } }), { proof: { key } });
    },
  },
  {
    name: 'bound-to-secp256k1',
    title: 'a token bound to a key on secp256k1, and a proof by ES256K named ES256',
    run: (lab: Lab) => {
      const key = lab.ownKey('ES256K');
      const header = { alg: 'ES256' };
      return lab.present(lab.signed({ cnf: { jkt: thumbprint(key.jwk) } }), { proof: { key, header } });
    },
  },
]);

function macBy(proof: string, { secret, jwk }: { secret: Buffer; jwk: object }): string {
  const jws = openJws(proof);
  const header = { alg: 'HS256', jwk };
  return jws === undefined ? proof : reshape(jws, { header, signature: (input) => hmac(input, secret) });
}
