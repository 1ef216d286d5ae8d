import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { segment } from '../../forge.ts';
import type { Lab } from '../../run/lab.ts';

/** The honest token's segments, and the payload that an attacker would like. */
interface Parts {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  readonly forged: string;
}

type Form = (parts: Parts) => unknown;

const wrapped: readonly (readonly [name: string, title: string, form: Form])[] = [
  [
    'flattened',
    'the honest token in flattened JSON',
    ({ header, payload, signature }) => ({ protected: header, payload, signature }),
  ],
  [
    'general',
    'the honest token in general JSON',
    ({ header, payload, signature }) => ({ payload, signatures: [{ protected: header, signature }] }),
  ],
  [
    'forged-payload',
    'flattened JSON with another payload',
    ({ header, forged, signature }) => ({ protected: header, payload: forged, signature }),
  ],
  [
    'no-signature',
    'flattened JSON without a signature',
    ({ header, forged }) => ({ protected: header, payload: forged }),
  ],
  [
    'empty-signatures',
    'general JSON with an empty list of signatures',
    ({ forged }) => ({ payload: forged, signatures: [] }),
  ],
  ['no-signatures', 'general JSON without a list of signatures', ({ forged }) => ({ payload: forged })],
  [
    'unprotected-none',
    'flattened JSON with alg none in the unprotected header',
    ({ forged }) => ({ header: { alg: 'none' }, payload: forged, signature: '' }),
  ],
  [
    'unprotected-override',
    'flattened JSON with alg none in the unprotected header, beside the honest protected one',
    ({ header, forged, signature }) => ({
      protected: header,
      header: { alg: 'none' },
      payload: forged,
      signature,
    }),
  ],
  [
    'one-of-two-signatures',
    'general JSON with an empty signature before a wrong one',
    ({ header, forged, signature }) => ({
      payload: forged,
      signatures: [
        { header: { alg: 'none' }, signature: '' },
        { protected: header, signature },
      ],
    }),
  ],
];

/** Tokens that are JSON where compact text is expected (RFC 7519 section 1: a JWT is always compact). */
export const jsonForms: readonly Attack[] = attacks(
  {
    family: 'envelope',
    needs: ['jws'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1', '1.5.3'],
      rfc8725bis: ['3.3'],
      cwe: ['CWE-347', 'CWE-436', 'CWE-345'],
    },
    why: 'What is verified is not what is used: claims can be changed under an honest signature.',
    fix: 'Take the compact form only: three segments of base64url, and no "{" anywhere.',
  },
  [
    ...wrapped.flatMap(([name, title, form]): readonly Row[] => [
      row(`json-${name}`, title, (parts) => JSON.stringify(form(parts))),
      row(`json-${name}-encoded`, `${title}, in base64url`, (parts) => segment(JSON.stringify(form(parts)))),
    ]),
    row(
      'polyglot-three-segments',
      'JSON that verifies, and is three segments with other claims to those who split at dots',
      ({ header, payload, signature, forged }) =>
        `{"${header}.${forged}.${signature}":"","protected":"${header}","payload":"${payload}","signature":"${signature}"}`,
    ),
    row(
      'polyglot-spaced',
      'the same with spaces before the first segment, so that it decodes alike',
      ({ header, payload, signature, forged }) =>
        `{"  ${header}.${forged}.":"","protected":"${header}","payload":"${payload}","signature":"${signature}"}`,
    ),
    row(
      'polyglot-two-payloads',
      'flattened JSON with two payloads, the honest one last',
      ({ header, payload, signature, forged }) =>
        `{"payload":"${forged}","protected":"${header}","payload":"${payload}","signature":"${signature}"}`,
    ),
    row('json-text', 'the honest token as a JSON string', ({ header, payload, signature }) =>
      JSON.stringify([header, payload, signature].join('.')),
    ),
  ],
);

function row(name: string, title: string, form: (parts: Parts) => string): Row {
  return { name, title, run: (lab) => lab.present(form(partsOf(lab))) };
}

function partsOf(lab: Lab): Parts {
  const { segments, payload: claims } = lab.jws();
  const [header, payload, signature] = segments;
  return { header, payload, signature, forged: segment({ ...claims, sub: 'admin' }) };
}
