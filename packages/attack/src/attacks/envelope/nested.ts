import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { segment, signWith } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';

/** Tokens in tokens. */
export const nested: readonly Attack[] = attacks(
  {
    family: 'envelope',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3', '3.11'],
      cwe: ['CWE-347', 'CWE-345'],
    },
    why: 'One of the two tokens is verified, and the claims are taken from the other one.',
    fix: 'Refuse cty and everything that is no token itself; if tokens must be nested, verify the inner one in full.',
  },
  [
    ...[1, 2, 8].map((depth): Row => ({
      name: `nested-honest-in-unsigned-${depth}`,
      title: `the honest token within ${depth} unsigned ${depth === 1 ? 'one' : 'ones'}`,
      run: (lab) => lab.present(around(lab, { inner: lab.a.token, depth })),
    })),
    {
      name: 'nested-honest-in-own',
      title: 'the honest token within one that is signed by a key of ours',
      run: (lab) => {
        const input = `${segment({ alg: 'EdDSA', cty: 'JWT', kid: lab.jws().header['kid'] })}.${segment(lab.a.token)}`;
        return lab.present(`${input}.${segment(lab.sign(input, 'EdDSA'))}`);
      },
    },
    {
      name: 'nested-unsigned-in-signed',
      title: 'an unsigned token within a signed one',
      needs: ['signer'],
      run: (lab) => lab.present(signedAround(lab, unsigned(lab))),
    },
    {
      name: 'nested-unsigned-in-signed-twice',
      title: 'an unsigned token within two signed ones',
      needs: ['signer'],
      run: (lab) => lab.present(signedAround(lab, signedAround(lab, unsigned(lab)))),
    },
    {
      name: 'nested-forged-in-signed',
      title: 'a token under the wrong signature within a signed one',
      needs: ['signer'],
      run: (lab) => lab.present(signedAround(lab, lab.altered({ payload: { sub: 'admin' } }))),
    },
    {
      name: 'nested-token-as-claim',
      title: 'our claims, with the honest token as one of them',
      run: (lab) =>
        lab.present(
          lab.altered({
            header: { alg: 'none', cty: 'JWT' },
            payload: { sub: 'admin', jwt: lab.a.token },
            signature: '',
          }),
        ),
    },
    {
      name: 'nested-token-in-header',
      title: 'the honest token as a member of the header over our claims',
      run: (lab) =>
        lab.present(lab.altered({ header: { jwt: lab.a.token, cty: 'JWT' }, payload: { sub: 'admin' } })),
    },
  ],
);

function around(lab: Lab, { inner, depth }: { inner: string; depth: number }): string {
  const header = segment({ alg: 'none', cty: 'JWT', typ: lab.jws().header['typ'] });
  return Array.from({ length: depth }).reduce<string>((token) => `${header}.${segment(token)}.`, inner);
}

function signedAround(lab: Lab, inner: string): string {
  const input = `${segment({ ...lab.jws().header, cty: 'JWT' })}.${segment(inner)}`;
  return `${input}.${segment(signWith(lab.signerKey(), input))}`;
}

function unsigned(lab: Lab): string {
  return lab.altered({ header: { alg: 'none' }, signature: '' });
}
