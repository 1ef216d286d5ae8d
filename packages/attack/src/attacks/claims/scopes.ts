import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';
import { Missing } from '../../run/verdict.ts';

const scopes: readonly (readonly [name: string, scope: (needed: string) => unknown])[] = [
  ['longer-word', (needed) => `${needed}er`],
  ['prefixed-word', (needed) => `un${needed}`],
  ['hyphenated-word', (needed) => `${needed}-only`],
  ['namespaced-word', (needed) => `other:${needed}`],
  ['beginning', (needed) => needed.slice(0, -1)],
  ['upper-case', (needed) => needed.toUpperCase()],
  ['commas', (needed) => `a,${needed},b`],
  ['tab', (needed) => `a\t${needed}`],
  ['line-break', (needed) => `a\n${needed}`],
  ['star', () => '*'],
  ['pattern', () => '.*'],
  ['empty', () => ''],
  ['null', () => null],
  ['true', () => true],
  ['number', () => 1],
  ['object', (needed) => ({ [needed]: true })],
  ['nested-list', (needed) => [[`un${needed}`]]],
];

/** Scopes that resemble the one that is needed. */
export const scopeForms: readonly Attack[] = attacks(
  {
    family: 'claims',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['4.1.3'],
      asvs403: ['4.1.3'],
      asvs50: ['10.3.2', '8.2.1'],
      rfc9700: ['2.3'],
      cwe: ['CWE-863', 'CWE-185', 'CWE-843'],
    },
    why: 'A right that was never given is taken from a word that contains its name.',
    fix: 'Split the scope at single spaces and look for the whole word; refuse a scope that is no text.',
  },
  scopes.map(([name, scope]): Row => ({
    name: `scope-${name}`,
    title: `the scope that is needed as: ${JSON.stringify(scope('read'))}`,
    run: async (lab) => lab.present(lab.signed({ scope: scope(await neededScope(lab)) })),
  })),
);

/** The first word of the honest scope, if the target does look at the scope. */
async function neededScope(lab: Lab): Promise<string> {
  const { scope } = lab.jws().payload;
  if (typeof scope !== 'string' || scope === '') throw new Missing('algorithm', 'needs a token with a scope');
  for (const needed of scope.split(' ')) {
    const others = scope.split(' ').filter((word) => word !== needed);
    const without = await lab.present(lab.signed({ scope: ['xyz', ...others].join(' ') }));
    if (!lab.isAccepted(without)) return needed;
  }
  throw new Missing('algorithm', 'the target does not look at the scope');
}
