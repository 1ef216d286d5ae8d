import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Lab } from '../../run/lab.ts';

const spellings: readonly (readonly [name: string, alg: unknown])[] = [
  ['none', 'none'],
  ['none-capital', 'None'],
  ['none-upper', 'NONE'],
  ['none-mixed', 'nOnE'],
  ['none-half', 'noNE'],
  ['none-trailing-space', 'none '],
  ['none-leading-space', ' none'],
  ['none-tab', 'none\t'],
  ['none-newline', 'none\n'],
  ['none-nul', 'none\u0000'],
  ['none-cyrillic', 'nonе'],
  ['none-fullwidth', 'ｎｏｎｅ'],
  ['none-zero-width', 'no\u200bne'],
  ['empty', ''],
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['missing', undefined],
  ['list-none', ['none']],
  ['object', { name: 'none' }],
  ['unknown', 'XX999'],
];

/** Tokens without a signature. */
export const nullCipher: readonly Attack[] = attacks(
  {
    family: 'token',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1', '9.1.2'],
      rfc8725bis: ['3.1', '3.2'],
      cwe: ['CWE-347', 'CWE-345', 'CWE-290'],
    },
    why: 'Anybody can write a token for anybody: no key is needed.',
    fix: 'Pin the one algorithm of each key in the verifier, refuse everything else, and refuse an empty signature.',
  },
  [
    ...spellings.flatMap(([name, alg]): readonly Row[] => [
      {
        name: `alg-${name}`,
        title: `no signature, alg ${alg === undefined ? 'missing' : JSON.stringify(alg)}`,
        run: (lab) => lab.present(unsigned(lab, alg)),
      },
      {
        name: `alg-${name}-signature-kept`,
        title: `the old signature kept, alg ${alg === undefined ? 'missing' : JSON.stringify(alg)}`,
        run: (lab) => lab.present(lab.altered({ header: { alg } })),
      },
    ]),
    ...shapes(),
  ],
);

function shapes(): readonly Row[] {
  return [
    shape('none-two-segments', 'alg none and no second dot', (token) => token.replace(/\.$/, '')),
    shape('none-four-segments', 'alg none and a dot too many', (token) => `${token}.`),
    shape('none-padding-only', 'alg none and "=" as the signature', (token) => `${token}=`),
    shape('none-empty-header', 'alg none and an empty header segment', (token) =>
      token.replace(/^[^.]*/, ''),
    ),
    {
      name: 'none-cheapest-header',
      title: 'alg none as the only header member',
      run: (lab) => lab.present(lab.altered({ headerText: '{"alg":"none"}', signature: '' })),
    },
    {
      name: 'none-last-of-two',
      title: 'alg twice, "none" last',
      run: (lab) => lab.present(lab.altered({ headerText: twice(lab, 'none'), signature: '' })),
    },
  ];
}

function shape(name: string, title: string, change: (token: string) => string): Row {
  return { name, title, run: (lab) => lab.present(change(unsigned(lab, 'none'))) };
}

function unsigned(lab: Lab, alg: unknown): string {
  return lab.altered({ header: { alg }, signature: '' });
}

function twice(lab: Lab, alg: string): string {
  return JSON.stringify(lab.jws().header).replace(/\}$/, `,"alg":${JSON.stringify(alg)}}`);
}
