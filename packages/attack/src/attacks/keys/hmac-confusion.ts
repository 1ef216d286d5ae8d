import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Exchange } from '../../http/exchange.ts';
import { hmac } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { publicKeySpellings, type Spelling } from '../../keys/public-key-spellings.ts';
import { Missing } from '../../run/verdict.ts';
import { algorithmMaps } from './maps.ts';

/** The public key, which everybody has, as the secret of a MAC: in every spelling that a program may hold it in. */
export const hmacConfusion: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws', 'keys'],
    maps: algorithmMaps,
    why: 'The public key is public: with it as the secret, anybody signs tokens for anybody.',
    fix: 'Let the key decide the algorithm, never the header: pin it per key, and keep MACs and public keys in different types.',
  },
  [
    ...Object.entries(publicKeySpellings).map(([name, spelling]): Row => ({
      name: `hs256-with-${name}`,
      title: `HS256 with the public key (${name}) as the secret`,
      run: (lab) => withSecret(lab, { spelling, alg: 'HS256' }),
    })),
    ...['HS384', 'HS512'].flatMap((alg) =>
      ['spki-pem', 'jwk-as-published', 'x-bytes'].map((name) => rowOf(name, alg)),
    ),
    ...['hs256', 'Hs256', 'HMAC-SHA256', 'HS256 '].map((alg, index): Row => ({
      name: `hmac-alg-spelling-${index}`,
      title: `the public key (PEM) as the secret, alg ${JSON.stringify(alg)}`,
      run: (lab) => withSecret(lab, { spelling: publicKeySpellings['spki-pem'], alg }),
    })),
    {
      name: 'hs256-with-spki-pem-cut-to-8-bytes',
      title: 'HS256 with the public key (PEM), the MAC cut to 8 bytes',
      run: (lab) => withSecret(lab, { spelling: publicKeySpellings['spki-pem'], alg: 'HS256', length: 8 }),
    },
  ],
);

function rowOf(name: string, alg: string): Row {
  return {
    name: `${alg.toLowerCase()}-with-${name}`,
    title: `${alg} with the public key (${name}) as the secret`,
    run: (lab) => withSecret(lab, { spelling: publicKeySpellings[name], alg }),
  };
}

interface Secret {
  readonly spelling: Spelling | undefined;
  readonly alg: string;
  readonly length?: number;
}

function withSecret(lab: Lab, { spelling, alg, length = 64 }: Secret): Promise<Exchange> {
  const secret = spelling?.({ jwk: lab.tokenKey(), keySetText: lab.keySetText });
  if (secret === undefined) throw new Missing('algorithm', "the issuer's key has no such form");
  const signature = (input: string): Buffer =>
    hmac(input, secret, alg.toUpperCase().trim()).subarray(0, length);
  return lab.present(lab.altered({ header: { alg }, signature }));
}
