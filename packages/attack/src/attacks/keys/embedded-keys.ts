import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { selfSigned } from '../../keys/certificate.ts';
import type { Exchange } from '../../http/exchange.ts';
import { hmac } from '../../forge.ts';
import type { Changes } from '../../json.ts';
import type { Lab, OwnAlgorithm } from '../../run/lab.ts';
import { keySourceMaps } from './maps.ts';

/** Tokens that bring their own key. */
export const embeddedKeys: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws'],
    maps: keySourceMaps,
    why: 'The token says which key proves it: everybody has such a key.',
    fix: 'Take keys from the configured issuer alone; ignore or refuse jwk, x5c, x5t, jku and x5u in a token.',
  },
  [
    ...(['EdDSA', 'ES256', 'RS256', 'PS256', 'ES384'] as const).flatMap((alg): readonly Row[] => [
      embedded(`jwk-${alg.toLowerCase()}`, alg, (lab) => ({ jwk: lab.ownKey(alg).jwk })),
      embedded(`jwk-${alg.toLowerCase()}-without-kid`, alg, (lab) => ({
        jwk: lab.ownKey(alg).jwk,
        kid: undefined,
      })),
      embedded(`jwk-${alg.toLowerCase()}-kid-in-both`, alg, (lab) => ({
        jwk: { ...lab.ownKey(alg).jwk, alg, use: 'sig', kid: lab.jws().header['kid'] },
      })),
    ]),
    embedded('jwk-of-other-kid', 'EdDSA', (lab) => ({
      kid: 'mine',
      jwk: { ...lab.ownKey('EdDSA').jwk, kid: 'mine' },
    })),
    embedded('jwk-private', 'ES256', (lab) => ({
      jwk: lab.ownKey('ES256').privateKey.export({ format: 'jwk' }),
    })),
    embedded('jwk-as-key-set', 'EdDSA', (lab) => ({ jwks: { keys: [lab.ownKey('EdDSA').jwk] } })),
    embedded('jwk-as-text', 'EdDSA', (lab) => ({ jwk: JSON.stringify(lab.ownKey('EdDSA').jwk) })),
    embedded('key-in-key', 'EdDSA', (lab) => ({ key: lab.ownKey('EdDSA').jwk })),
    embedded('key-in-kid', 'EdDSA', (lab) => ({ kid: JSON.stringify(lab.ownKey('EdDSA').jwk) })),
    embedded('x5c-ed25519', 'EdDSA', (lab) => ({ x5c: [chain(lab, 'EdDSA')] })),
    embedded('x5c-p256', 'ES256', (lab) => ({ x5c: [chain(lab, 'ES256')] })),
    embedded('x5c-p256-without-kid', 'ES256', (lab) => ({ x5c: [chain(lab, 'ES256')], kid: undefined })),
    embedded('x5c-as-text', 'ES256', (lab) => ({ x5c: chain(lab, 'ES256') })),
    {
      name: 'jwk-oct',
      title: 'a symmetric key of ours in the header, HS256',
      run: (lab) => symmetric(lab, lab.jws().header['kid']),
    },
    {
      name: 'jwk-oct-without-kid',
      title: 'a symmetric key of ours in the header, HS256, no kid',
      run: (lab) => symmetric(lab, undefined),
    },
  ],
);

function embedded(name: string, alg: OwnAlgorithm, header: (lab: Lab) => Changes): Row {
  return {
    name,
    title: `signed by a key of ours (${alg}) that the header brings along: ${name}`,
    run: (lab) =>
      lab.present(
        lab.altered({ header: { alg, ...header(lab) }, signature: (input) => lab.sign(input, alg) }),
      ),
  };
}

function symmetric(lab: Lab, kid: unknown): Promise<Exchange> {
  const secret = lab.random.bytes(32);
  const jwk = { kty: 'oct', k: secret.toString('base64url'), alg: 'HS256' };
  return lab.present(
    lab.altered({ header: { alg: 'HS256', jwk, kid }, signature: (input) => hmac(input, secret) }),
  );
}

function chain(lab: Lab, alg: 'EdDSA' | 'ES256'): string {
  return selfSigned(lab.ownKey(alg)).toString('base64');
}
