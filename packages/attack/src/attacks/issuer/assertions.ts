import { attacks, type Attack, type Row } from '../../attack-row.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';
import type { TokenChange } from '../../credentials/token-request.ts';
import { ask, issuerFamily } from './judge.ts';

const day = 86_400;
type Claims = readonly [name: string, title: string, claims: (lab: Lab) => Changes];

const values: readonly Claims[] = [
  ['aud-other', 'for another issuer', () => ({ aud: 'https://other.example' })],
  ['aud-missing', 'for nobody: no aud', () => ({ aud: undefined })],
  ['aud-empty', 'for nobody: an empty aud', () => ({ aud: '' })],
  ['aud-empty-list', 'for nobody: an empty list as aud', () => ({ aud: [] })],
  ['aud-list', 'for two issuers at once', (lab) => ({ aud: ['https://other.example', issuerOf(lab)] })],
  ['aud-number', 'an aud that is a number', () => ({ aud: 1 })],
  [
    'aud-continued',
    'for a host whose name begins like the issuer',
    (lab) => ({ aud: `${issuerOf(lab)}.evil.example` }),
  ],
  ['aud-upper-case', 'for the issuer in capitals', (lab) => ({ aud: issuerOf(lab).toUpperCase() })],
  ['aud-client', 'for the client itself', (lab) => ({ aud: lab.client().clientId })],
  ['iss-other', 'by another client, about this one', () => ({ iss: 'another-client' })],
  ['iss-missing', 'by nobody: no iss', () => ({ iss: undefined })],
  ['sub-other', 'by this client, about another', () => ({ sub: 'another-client' })],
  ['sub-missing', 'about nobody: no sub', () => ({ sub: undefined })],
  ['iss-list', 'by two clients at once', (lab) => ({ iss: [lab.client().clientId, 'another-client'] })],
  ['exp-missing', 'without an end: no exp', () => ({ exp: undefined })],
  ['exp-past', 'ended two minutes ago', (lab) => ({ iat: at(lab, -240), exp: at(lab, -120) })],
  ['exp-long-past', 'ended a year ago', (lab) => ({ iat: at(lab, -366 * day), exp: at(lab, -365 * day) })],
  ['exp-far', 'good for ten years', (lab) => ({ exp: at(lab, 3650 * day) })],
  ['exp-text', 'an exp that is a text', (lab) => ({ exp: String(at(lab, 60)) })],
  ['exp-milliseconds', 'an exp of yesterday, in milliseconds', (lab) => ({ exp: at(lab, -day) * 1000 })],
  ['iat-future', 'made in an hour', (lab) => ({ iat: at(lab, 3600), exp: at(lab, 3660) })],
  ['nbf-future', 'good from in an hour', (lab) => ({ nbf: at(lab, 3600), exp: at(lab, 3660) })],
  ['iat-long-ago', 'made a week ago and still good', (lab) => ({ iat: at(lab, -7 * day) })],
];

/** Client assertions that say something wrong, under the client's own signature. */
export const assertionValues: readonly Attack[] = attacks(
  { ...issuerFamily, needs: [...issuerFamily.needs, 'assertion'] },
  values.map(([name, title, claims]): Row => ({
    name: `assertion-${name}`,
    title: `a client assertion ${title}`,
    run: (lab) => ask(lab, { payload: claims(lab) }),
  })),
);

const members: readonly (readonly [name: string, title: string, change: (lab: Lab) => TokenChange])[] = [
  ['type-other', 'of another type (SAML)', () => ({ form: { client_assertion_type: saml } })],
  ['type-missing', 'without its type', () => ({ form: { client_assertion_type: undefined } })],
  ['left-out', 'left out: the name of the client alone', () => ({ form: withoutAssertion })],
  ['empty', 'that is empty', () => ({ form: { client_assertion: '' } })],
  ['of-another-client', 'and the name of another client', () => ({ form: { client_id: 'another-client' } })],
  ['session-token', 'that is a session token', (lab) => ({ assertion: () => lab.a.token })],
];
const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
const withoutAssertion = { client_assertion: undefined, client_assertion_type: undefined };

/** Token requests whose assertion is missing, or not the client's. */
export const assertionMembers: readonly Attack[] = attacks(
  { ...issuerFamily, needs: [...issuerFamily.needs, 'assertion'] },
  members.map(([name, title, change]): Row => ({
    name: `assertion-${name}`,
    title: `a client assertion ${title}`,
    run: (lab) => ask(lab, change(lab)),
  })),
);

function issuerOf(lab: Lab): string {
  return lab.client().issuer;
}

function at(lab: Lab, offset: number): number {
  return Math.floor(lab.now() / 1000) + offset;
}
