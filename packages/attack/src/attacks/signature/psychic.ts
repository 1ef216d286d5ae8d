import { attacks, type Attack } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { bytesOf, curveOf, type Curve } from './numbers.ts';

type Pair = readonly [name: string, of: (curve: Curve) => readonly [r: bigint, s: bigint]];

const pairs: readonly Pair[] = [
  ['zero-zero', () => [0n, 0n]],
  ['zero-one', () => [0n, 1n]],
  ['one-zero', () => [1n, 0n]],
  ['one-one', () => [1n, 1n]],
  ['zero-order', ({ order }) => [0n, order]],
  ['order-zero', ({ order }) => [order, 0n]],
  ['order-order', ({ order }) => [order, order]],
  ['order-one', ({ order }) => [order, 1n]],
  ['one-order', ({ order }) => [1n, order]],
  ['one-before-order', ({ order }) => [order - 1n, order - 1n]],
  ['prime-prime', ({ prime }) => [prime, prime]],
  ['zero-prime', ({ prime }) => [0n, prime]],
  ['highest', ({ size }) => [2n ** BigInt(size * 8) - 1n, 2n ** BigInt(size * 8) - 1n]],
];

/** ECDSA signatures whose numbers are out of range: where nobody looks, they fit every message and every key. */
export const psychic: readonly Attack[] = attacks(
  {
    family: 'signature',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3', '3.4'],
      cwe: ['CWE-347'],
    },
    why: 'One constant signature opens every account: no key is needed.',
    fix: 'Verify ECDSA with a library that checks that r and s are at least 1 and less than the order; update the runtime.',
  },
  pairs.map(([name, of]) => ({
    name: `psychic-${name}`,
    title: `another subject under an ECDSA signature of r, s = ${name.replace(/-(?=\w+$)/, ', ')}`,
    run: (lab: Lab) => {
      const { header } = lab.jws();
      const alg = curveOf(header) === undefined ? 'ES256' : String(header['alg']);
      const curve = curveOf({ alg });
      const signature = curve === undefined ? Buffer.alloc(64) : join(of(curve), curve);
      return lab.present(
        lab.altered({ header: { alg }, payload: { sub: 'admin' }, signature: () => signature }),
      );
    },
  })),
);

function join(pair: readonly bigint[], { size }: Curve): Buffer {
  return Buffer.concat(pair.map((value) => bytesOf(value, size)));
}
