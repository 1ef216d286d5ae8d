import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { describeReply } from '../../run/calibration.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';
import { accepted } from '../../run/verdict.ts';

/** What a careless reader trips over: each has to be refused, not to end in an error of the server. */
const odd: readonly (readonly [name: string, title: string, token: (lab: Lab) => string])[] = [
  ['header-null', 'a header that is null', (lab) => lab.altered({ headerText: 'null' })],
  ['header-number', 'a header that is a number', (lab) => lab.altered({ headerText: '1' })],
  ['header-list', 'a header that is a list', (lab) => lab.altered({ headerText: '[]' })],
  ['header-no-json', 'a header that is no JSON', (lab) => lab.altered({ headerText: 'x' })],
  ['header-kid-number', 'a kid that is a number', (lab) => lab.altered({ header: { kid: 7 } })],
  ['header-kid-list', 'a kid that is a list', (lab) => lab.altered({ header: { kid: [] } })],
  ['header-alg-object', 'an alg that is an object', (lab) => lab.altered({ header: { alg: {} } })],
  ['payload-null', 'a payload that is null', (lab) => lab.altered({ payloadText: 'null' })],
  ['payload-no-json', 'a payload that is no JSON', (lab) => lab.altered({ payloadText: '{"sub":' })],
  [
    'payload-no-utf8',
    'a payload that is no UTF-8',
    (lab) => lab.altered({ payloadText: Buffer.from([0xff]) }),
  ],
  ['percent', 'a percent sign that starts nothing', () => '%ff%'],
  ['quotes', 'a lonely quotation mark', () => '"'],
  ['two-empty-objects', 'two empty objects and no signature', () => `${segment({})}.${segment({})}.`],
];

/** Tokens that make a server fail instead of saying no. */
export const oddInput: readonly Attack[] = attacks(
  {
    family: 'encoding',
    needs: ['jws'],
    maps: {
      asvs401: ['7.4.1'],
      asvs403: ['7.4.1'],
      asvs50: ['16.5.2', '16.5.3'],
      rfc8725bis: ['3.7'],
      cwe: ['CWE-755', 'CWE-248', 'CWE-703'],
    },
    why: 'One request without any credential makes the server fail; where nothing catches it, the process ends.',
    fix: 'Make the check a total function: whatever a token is, the answer is 401 with a challenge.',
  },
  odd.map(([name, title, token]): Row => ({
    name: `odd-${name}`,
    title,
    run: async (lab) => {
      const exchange = await lab.present(token(lab));
      const { reply } = exchange;
      const isCrash = reply.kind === 'broken' || (reply.kind === 'answer' && reply.status >= 500);
      return isCrash ? accepted(`the server failed: ${describeReply(reply)}`, exchange) : exchange;
    },
  })),
);
