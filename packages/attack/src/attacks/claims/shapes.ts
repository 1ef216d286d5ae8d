import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { JsonObject } from '../../json.ts';

type Payload = (claims: JsonObject) => unknown;

const payloads: readonly (readonly [name: string, title: string, payload: Payload])[] = [
  ['list', 'a list with the claims in it', (claims) => [claims]],
  ['empty-list', 'an empty list', () => []],
  ['list-of-pairs', 'a list of names and values', (claims) => Object.entries(claims)],
  ['text', 'a text', () => 'admin'],
  ['text-of-claims', 'the claims as JSON in a text', (claims) => JSON.stringify(claims)],
  ['number', 'a number', () => 1],
  ['null', 'null', () => null],
  ['true', 'true', () => true],
  ['empty', 'an empty object', () => ({})],
];

const subjects: readonly (readonly [name: string, value: unknown])[] = [
  ['missing', undefined],
  ['empty', ''],
  ['space', ' '],
  ['null', null],
  ['number', 0],
  ['true', true],
  ['false', false],
  ['list', ['admin']],
  ['object', { $ne: null }],
];

/** Payloads that are no object, and subjects that are no name. */
export const shapes: readonly Attack[] = attacks(
  {
    family: 'claims',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.2.1', '9.2.2', '2.2.1'],
      rfc8725bis: ['3.7'],
      cwe: ['CWE-1287', 'CWE-843', 'CWE-287'],
    },
    why: 'Checks that look at members of something else than an object, or at no user at all, find nothing wrong.',
    fix: 'Take one JSON object, and in it a subject that is a non-empty text.',
  },
  [
    ...payloads.map(([name, title, payload]): Row => ({
      name: `payload-${name}`,
      title: `payload: ${title}`,
      run: (lab) => lab.present(lab.signedText({ payload: JSON.stringify(payload(lab.jws().payload)) })),
    })),
    ...subjects.map(([name, sub]): Row => ({
      name: `sub-${name}`,
      title: `sub: ${sub === undefined ? 'missing' : JSON.stringify(sub)}`,
      run: (lab) => lab.present(lab.signed({ sub })),
    })),
  ],
);
