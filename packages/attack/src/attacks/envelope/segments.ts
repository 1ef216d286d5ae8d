import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { segment } from '../../forge.ts';

/** The three honest segments and a payload of ours. */
type Shape = (header: string, payload: string, signature: string, forged: string) => readonly string[];

const shapes: readonly (readonly [name: string, title: string, shape: Shape])[] = [
  ['after-first', 'our claims between header and payload', (h, p, s, f) => [h, f, p, s]],
  ['after-second', 'our claims between payload and signature', (h, p, s, f) => [h, p, f, s]],
  ['last', 'our claims after the signature', (h, p, s, f) => [h, p, s, f]],
  ['first', 'our claims before the header', (h, p, s, f) => [f, h, p, s]],
  ['own-token-before', 'a token of ours before the honest one', (h, p, s, f) => [h, f, s, h, p, s]],
  ['own-token-after', 'a token of ours after the honest one', (h, p, s, f) => [h, p, s, h, f, s]],
  ['empty-at-end', 'a dot at the end', (h, p, s) => [h, p, s, '']],
  ['empty-at-start', 'a dot at the start', (h, p, s) => ['', h, p, s]],
  ['empty-header', 'no header', (_, p, s) => ['', p, s]],
  ['empty-payload', 'no payload (detached)', (h, _, s) => [h, '', s]],
  ['empty-second', 'an empty segment after the header', (h, p, s) => [h, '', p, s]],
  ['empty-third', 'an empty segment before the signature', (h, p, s) => [h, p, '', s]],
  ['signature-twice', 'the signature twice', (h, p, s) => [h, p, s, s]],
  ['swapped', 'header and payload in each other’s place', (h, p, s) => [p, h, s]],
  ['only-payload', 'nothing but the payload', (_, p) => [p]],
  ['five', 'five segments, as of an encrypted token', (h, p, s) => [h, p, s, p, s]],
  [
    'hundred',
    'a hundred empty segments after the signature',
    (h, p, s) => [h, p, s, ...Array<string>(100).fill('')],
  ],
];

/** Tokens of more or fewer segments than three. */
export const segmentForms: readonly Attack[] = attacks(
  {
    family: 'envelope',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1', '1.5.3'],
      rfc8725bis: ['3.3'],
      cwe: ['CWE-347', 'CWE-436', 'CWE-1286'],
    },
    why: 'One part of a program verifies three segments, another reads its claims from a fourth.',
    fix: 'Refuse what has not exactly three non-empty segments, and hand on the claims that were verified, not the text.',
  },
  shapes.map(([name, title, shape]): Row => ({
    name: `segments-${name}`,
    title,
    run: (lab) => {
      const { segments, payload } = lab.jws();
      return lab.present(shape(...segments, segment({ ...payload, sub: 'admin' })).join('.'));
    },
  })),
);
