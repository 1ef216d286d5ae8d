import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import { respelled } from './respelled.ts';

type Claims = (now: number, lab: Lab) => Changes;
type Entry = readonly [name: string, title: string, claims: Claims];

const day = 86_400;

const changes: readonly Entry[] = [
  ['exp-missing', 'no exp', () => ({ exp: undefined })],
  ['exp-past', 'exp a minute ago', (now) => ({ exp: now - 60, iat: now - 360 })],
  ['exp-long-past', 'exp years ago', (now) => ({ exp: now - 2000 * day, iat: now - 2001 * day })],
  ['exp-zero', 'an exp of 0', () => ({ exp: 0 })],
  ['exp-negative', 'an exp of -1', () => ({ exp: -1 })],
  ['exp-null', 'exp null', () => ({ exp: null })],
  ['exp-false', 'exp false', () => ({ exp: false })],
  ['exp-true', 'exp true', () => ({ exp: true })],
  ['exp-empty-text', 'exp as an empty text', () => ({ exp: '' })],
  ['exp-text', 'exp as a text that is no number', () => ({ exp: 'never' })],
  ['exp-digits', 'exp as a text of digits', (now) => ({ exp: String(now + 300) })],
  ['exp-digits-past', 'an exp of a minute ago as a text of digits', (now) => ({ exp: String(now - 60) })],
  ['exp-date', 'exp as a date', (now) => ({ exp: new Date((now + 300) * 1000).toISOString() })],
  ['exp-list', 'exp as a list', (now) => ({ exp: [now + 300] })],
  ['exp-empty-list', 'exp as an empty list', () => ({ exp: [] })],
  ['exp-object', 'exp as an object', () => ({ exp: {} })],
  ['exp-milliseconds', 'exp in milliseconds: valid for 50,000 years', (now) => ({ exp: (now + 300) * 1000 })],
  ['exp-milliseconds-past', 'an exp of yesterday, in milliseconds', (now) => ({ exp: (now - day) * 1000 })],
  ['exp-in-a-century', 'exp in a hundred years', (now) => ({ exp: now + 36_525 * day })],
  ['exp-in-a-year', 'exp in a year', (now) => ({ exp: now + 365 * day })],
  ['exp-before-iat', 'exp before iat, both in the future', (now) => ({ iat: now + 2 * day, exp: now + day })],
  ['iat-tomorrow', 'iat tomorrow', (now) => ({ iat: now + day, exp: now + day + 300 })],
  ['iat-in-ten-minutes', 'iat in ten minutes', (now) => ({ iat: now + 600, exp: now + 900 })],
  ['iat-milliseconds', 'iat in milliseconds', (now) => ({ iat: now * 1000 })],
  ['iat-text', 'iat as a text that is no number', () => ({ iat: 'today' })],
  ['iat-null', 'iat null', () => ({ iat: null })],
  ['iat-object', 'iat as an object', () => ({ iat: {} })],
  ['nbf-tomorrow', 'nbf tomorrow', (now) => ({ nbf: now + day })],
  ['nbf-in-ten-minutes', 'nbf in ten minutes', (now) => ({ nbf: now + 600, exp: now + 900 })],
  ['nbf-after-exp', 'nbf after exp', (now) => ({ nbf: now + 600 })],
  ['nbf-digits', 'an nbf of tomorrow as a text of digits', (now) => ({ nbf: String(now + day) })],
  ['nbf-text', 'nbf as a text that is no number', () => ({ nbf: 'tomorrow' })],
  ['nbf-null', 'nbf null', () => ({ nbf: null })],
  ['nbf-list', 'nbf as a list', (now) => ({ nbf: [now + day] })],
  ['nbf-milliseconds', 'nbf in milliseconds', (now) => ({ nbf: now * 1000 })],
];

/** Times that are missing, of another type, or out of bounds (RFC 7519 sections 4.1.4 to 4.1.6). */
export const times: readonly Attack[] = attacks(
  {
    family: 'claims',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.3.2', '3.5.3'],
      asvs403: ['3.3.2', '3.5.3'],
      asvs50: ['9.2.1', '7.3.2'],
      rfc8725bis: ['3.7'],
      cwe: ['CWE-613', 'CWE-1287', 'CWE-20'],
    },
    why: 'A slip at the issuer, or a token made for something else, becomes a session that does not end in time.',
    fix: 'Require exp and iat as whole numbers of seconds, exp after iat by no more than your longest life, iat not in the future.',
  },
  [
    ...changes.map(([name, title, claims]): Row => ({
      name,
      title,
      run: (lab) => lab.present(lab.signed(claims(seconds(lab), lab))),
    })),
    ...numbers(),
  ],
);

/** Numbers that JSON.stringify would not write. */
function numbers(): readonly Row[] {
  const row = (name: string, text: string, title = `exp written as ${text}`): Row => ({
    name: `exp-${name}`,
    title,
    run: (lab) => lab.present(respelled(lab, { exp: text })),
  });
  return [
    row('infinite', '1e999'),
    row('negative-infinite', '-1e999'),
    row('beyond-integers', '99999999999999999999'),
    row('negative-zero', '-0'),
    row('leading-zero', '04102444800'),
    row('hexadecimal', '0xffffffff'),
    row('plus-sign', '+4102444800'),
    row('bare-point', '4102444800.'),
    row('not-a-number', 'NaN'),
    row('infinity-word', 'Infinity'),
    row('undefined-word', 'undefined'),
    row('huge', `1${'0'.repeat(400)}`, 'exp as a number of 401 digits'),
  ];
}

function seconds(lab: Lab): number {
  return Math.floor(lab.now() / 1000);
}
