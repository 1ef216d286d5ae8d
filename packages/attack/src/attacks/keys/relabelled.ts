import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange } from '../../http/exchange.ts';
import { segment, signingInput, signWith } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { Missing } from '../../run/verdict.ts';
import { algorithmMaps } from './maps.ts';

const labels = [
  'HS256',
  'RS256',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
  'ES512',
  'ES256K',
  'EdDSA',
  'Ed448',
  'A256GCM',
  'dir',
  'RS1',
];

/** A header that names another algorithm than the key's. */
export const relabelled: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws'],
    maps: algorithmMaps,
    why: 'If the header chooses the algorithm, an attacker chooses the weakest that the program knows.',
    fix: 'Take the algorithm from the key; refuse a token whose header names another one.',
  },
  [
    ...labels.map((alg): Row => ({
      name: `relabelled-${alg.toLowerCase()}`,
      title: `another user's claims, alg ${alg}, the old signature kept`,
      run: (lab) => lab.present(lab.altered({ header: { alg: other(lab, alg) }, payload: { sub: 'admin' } })),
    })),
    ...(['RS384', 'RS512', 'PS256', 'PS384'] as const).map((alg): Row => ({
      name: `signer-${alg.toLowerCase()}`,
      title: `signed by the issuer's own RSA key, but by ${alg}`,
      needs: ['signer'],
      why: 'A key that is used for two algorithms can be attacked through the weaker one.',
      run: (lab) => byOtherAlgorithm(lab, alg),
    })),
  ],
);

/** The label must differ from what the token has. */
function other(lab: Lab, alg: string): string {
  if (lab.jws().header['alg'] !== alg) return alg;
  throw new Missing('algorithm', `the token is by ${alg} itself`);
}

function byOtherAlgorithm(lab: Lab, alg: string): Promise<Exchange> {
  const key = lab.signerKey();
  if (key.jwk.kty !== 'RSA' || key.alg === alg)
    throw new Missing('algorithm', 'the issuer signs by another algorithm');
  const { header, payload } = lab.jws();
  const input = signingInput({ ...header, alg }, payload);
  return lab.present(`${input}.${segment(signWith(key, input, alg))}`);
}
