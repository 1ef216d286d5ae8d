import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';

interface Choice {
  readonly name: 'own' | 'other' | 'missing';
  readonly change: Changes;
}

/** The ways in which a claim or header member can be: as it is, another one, absent. */
function choices(member: string, other: string): readonly Choice[] {
  return [
    { name: 'own', change: {} },
    { name: 'other', change: { [member]: other } },
    { name: 'missing', change: { [member]: undefined } },
  ];
}

const audiences = choices('aud', 'https://elsewhere.example');
const issuers = choices('iss', 'https://evil.example');
const types = choices('typ', 'logout+jwt');

/**
 * Audience, issuer and kind in every combination: a check that is only made where another one was passed shows here.
 * Where one thing alone is wrong, `values.ts` and `kinds.ts` try it in more ways.
 */
export const matrix: readonly Attack[] = attacks(
  {
    family: 'audience',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.2.2', '9.2.3', '10.3.1'],
      rfc8725bis: ['3.8', '3.9', '3.11'],
      cwe: ['CWE-345', 'CWE-863'],
    },
    why: 'A token that was made by, for, or as something else opens this service.',
    fix: 'Check audience, issuer and kind each for itself, and refuse a token that lacks any of them.',
  },
  audiences.flatMap((aud) =>
    issuers.flatMap((iss) =>
      types.filter((typ) => wrong([aud, iss, typ]) > 1).map((typ) => combination({ aud, iss, typ })),
    ),
  ),
);

function wrong(all: readonly Choice[]): number {
  return all.filter(({ name }) => name !== 'own').length;
}

function combination({ aud, iss, typ }: { aud: Choice; iss: Choice; typ: Choice }): Row {
  return {
    name: `matrix-aud-${aud.name}-iss-${iss.name}-typ-${typ.name}`,
    title: `audience ${aud.name}, issuer ${iss.name}, typ ${typ.name}`,
    run: (lab: Lab) => lab.present(lab.signed({ ...aud.change, ...iss.change }, typ.change)),
  };
}
