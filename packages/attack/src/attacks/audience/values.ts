import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';

type Values = readonly (readonly [name: string, value: (own: string) => unknown])[];

/** Texts that resemble one that is trusted. */
const near: Values = [
  ['missing', () => undefined],
  ['empty', () => ''],
  ['null', () => null],
  ['true', () => true],
  ['number', () => 1],
  ['object', (own) => ({ [own]: true })],
  ['empty-list', () => []],
  ['list-of-empty', () => ['']],
  ['list-of-null', () => [null]],
  ['list-of-list', (own) => [[own]]],
  ['other', () => 'https://elsewhere.example'],
  ['beginning', (own) => own.slice(0, -1)],
  ['first-letter', (own) => own.slice(0, 1)],
  ['longer', (own) => `${own}x`],
  ['longer-host', (own) => `${own}.evil.example`],
  ['slash-added', (own) => (own.endsWith('/') ? own.slice(0, -1) : `${own}/`)],
  ['path-added', (own) => `${own}/../evil`],
  ['query-added', (own) => `${own}?x=1`],
  ['fragment-added', (own) => `${own}#x`],
  ['user-part', (own) => `${own}@evil.example`],
  ['contained', (own) => `https://evil.example/?u=${own}`],
  ['two-words', (own) => `https://evil.example ${own}`],
  ['comma-list', (own) => `${own},https://evil.example`],
  ['upper-case', (own) => own.toUpperCase()],
  ['space-before', (own) => ` ${own}`],
  ['space-after', (own) => `${own} `],
  ['line-break-after', (own) => `${own}\n`],
  ['nul-after', (own) => `${own}\0evil`],
  ['other-scheme', (own) => own.replace(/^https?/, (scheme) => (scheme === 'http' ? 'https' : 'http'))],
  ['any', () => '*'],
  ['pattern', () => '.*'],
];

const common = {
  family: 'audience',
  needs: ['jws', 'signer'],
  why: 'A token that was made for another service, or by another issuer, opens this one.',
} as const;
const levels = { asvs401: ['3.5.3'], asvs403: ['3.5.3'] };

/** The audience of the honest token, changed under the issuer's signature. */
export const audiences: readonly Attack[] = attacks(
  {
    ...common,
    maps: {
      ...levels,
      asvs50: ['9.2.3', '10.3.1'],
      rfc8725bis: ['3.9'],
      rfc9700: ['2.3'],
      cwe: ['CWE-863', 'CWE-345'],
    },
    fix: 'Compare aud with your own identifier as a whole, character by character, and refuse a token without it.',
  },
  [
    ...rowsOf('aud', near),
    {
      name: 'aud-list-of-others',
      title: 'aud: a list of two others',
      run: (lab) => lab.present(lab.signed({ aud: ['https://a.example', 'https://b.example'] })),
    },
    {
      name: 'of-elsewhere',
      title: 'an honest token for another audience',
      needs: ['elsewhere'],
      run: async (lab) => {
        const credential = await lab.elsewhere();
        return lab.present(credential.token, { credential });
      },
    },
  ],
);

/** The issuer of the honest token, changed under the issuer's signature. */
export const issuers: readonly Attack[] = attacks(
  {
    ...common,
    maps: {
      ...levels,
      asvs50: ['9.1.3', '9.2.3'],
      rfc8725bis: ['3.8'],
      rfc9700: ['4.4'],
      cwe: ['CWE-345', 'CWE-346'],
    },
    fix: 'Know the issuers that you trust by their exact names, each with keys of its own.',
  },
  [
    ...rowsOf('iss', near),
    {
      name: 'iss-list-with-own',
      title: 'iss: a list with the right one in it',
      run: (lab) => lab.present(lab.signed({ iss: [lab.jws().payload['iss'], 'https://evil.example'] })),
    },
    {
      name: 'iss-list-of-own',
      title: 'iss: a list of nothing but the right one',
      run: (lab) => lab.present(lab.signed({ iss: [lab.jws().payload['iss']] })),
    },
  ],
);

function rowsOf(claim: 'aud' | 'iss', values: Values): readonly Row[] {
  return values.map(([name, value]) => ({
    name: `${claim}-${name}`,
    title: `${claim}: ${name === 'missing' ? name : JSON.stringify(value(`<${claim}>`))}`,
    run: (lab) => lab.present(lab.signed({ [claim]: value(ownOf(lab, claim)) })),
  }));
}

function ownOf(lab: Lab, claim: 'aud' | 'iss'): string {
  const value = lab.jws().payload[claim];
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value];
  return typeof first === 'string' ? first : 'https://unknown.example';
}
