import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { bytesOf, needAlgorithm, numberOf } from './numbers.ts';

type Change = (s: bigint, n: bigint) => bigint;

const changes: readonly (readonly [name: string, title: string, change: Change])[] = [
  ['plus-modulus', 'the honest signature made larger by the modulus', (s, n) => s + n],
  ['plus-two-moduli', 'the honest signature made larger by twice the modulus', (s, n) => s + 2n * n],
  ['negated', 'the modulus less the honest signature', (s, n) => n - s],
  ['zero', 'zero as the signature', () => 0n],
  ['one', 'one as the signature', () => 1n],
  ['minus-one', 'the modulus less one as the signature', (_, n) => n - 1n],
  ['modulus', 'the modulus as the signature', (_, n) => n],
];

/** RSA signatures out of range (RFC 8017 section 5.2.2, step 1). */
export const rsa: readonly Attack[] = attacks(
  {
    family: 'signature',
    needs: ['jws', 'keys'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3', '3.4'],
      cwe: ['CWE-347'],
    },
    why: 'One token has many texts, or a constant verifies under every key.',
    fix: 'Let the platform verify RSA: a signature is exactly as long as the modulus, and less than it.',
  },
  changes.map(([name, title, change]): Row => ({
    name: `rsa-${name}`,
    title,
    run: (lab) => presented(lab, change),
  })),
);

function presented(lab: Lab, change: Change): ReturnType<Lab['present']> {
  const { header, signature } = lab.jws();
  needAlgorithm(header, 'RS', 'PS');
  const n = numberOf(Buffer.from(lab.tokenKey().n ?? '', 'base64url'));
  const value = change(numberOf(signature), n);
  return lab.present(lab.altered({ signature: () => bytesOf(value, signature.length) }));
}
