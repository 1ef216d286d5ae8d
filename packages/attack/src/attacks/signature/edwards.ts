import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { edwardsOrder, littleBytesOf, littleNumberOf, needAlgorithm } from './numbers.ts';

/** The 14 encodings of points of small order, canonical or not: as a key, a constant signature verifies under them. */
export const smallOrderPoints: readonly string[] = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `${'00'.repeat(31)}80`,
  '00'.repeat(32),
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(31)}`,
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(31)}`,
  `ed${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(31)}`,
];

/** Ed25519 signatures that only a lax verifier takes (RFC 8032 section 5.1.7). */
export const edwards: readonly Attack[] = attacks(
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
    why: 'One token has many texts, or a constant signature fits any message.',
    fix: 'Verify Ed25519 as RFC 8032 says: S below the order, points in their one encoding, none of small order.',
  },
  [
    ...[1, 2, 4, 8, 14].map((times): Row => ({
      name: `s-plus-${times === 1 ? '' : `${times}-times-`}order`,
      title: `S made larger by ${times === 1 ? '' : `${times} times `}the order of the group`,
      run: (lab) => {
        needAlgorithm(lab.jws().header, 'EdDSA', 'Ed25519');
        return changedS(lab, (s) => s + BigInt(times) * edwardsOrder);
      },
    })),
    {
      name: 's-negated',
      title: 'S replaced by the order less S',
      run: (lab) => changedS(lab, (s) => edwardsOrder - s),
    },
    {
      name: 's-zero',
      title: 'S replaced by zero',
      run: (lab) => changedS(lab, () => 0n),
    },
    ...smallOrderPoints.slice(0, 4).map(pointAndZero),
    ...smallOrderPoints.map(embeddedPoint),
  ],
);

function changedS(lab: Lab, change: (s: bigint) => bigint): ReturnType<Lab['present']> {
  const { header, signature } = lab.jws();
  needAlgorithm(header, 'EdDSA', 'Ed25519');
  if (signature.length !== 64) needAlgorithm({}, 'Ed25519');
  const s = littleBytesOf(change(littleNumberOf(signature.subarray(32))));
  return lab.present(lab.altered({ signature: () => Buffer.concat([signature.subarray(0, 32), s]) }));
}

function pointAndZero(point: string, at: number): Row {
  return {
    name: `small-order-r-${at + 1}`,
    title: `another subject under R of small order (${point.slice(0, 4)}…) and S = 0`,
    run: (lab) => {
      const signature = constant(point);
      return lab.present(
        lab.altered({ header: { alg: 'EdDSA' }, payload: { sub: 'admin' }, signature: () => signature }),
      );
    },
  };
}

/** Two tries: which R verifies depends on the message, and with the neutral point most do. */
function embeddedPoint(point: string, at: number): Row {
  return {
    name: `small-order-key-${at + 1}`,
    title: `a key of small order (${point.slice(0, 4)}…) in the header, and a signature made of constants`,
    needs: [],
    run: async (lab) => {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(point, 'hex').toString('base64url') };
      const tries = [smallOrderPoints[0] ?? '', point].map((r) =>
        lab.altered({ header: { alg: 'EdDSA', jwk }, signature: () => constant(r) }),
      );
      return [await lab.present(tries[0] ?? ''), await lab.present(tries[1] ?? '')];
    },
  };
}

function constant(point: string): Buffer {
  return Buffer.concat([Buffer.from(point, 'hex'), Buffer.alloc(32)]);
}
