import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { segment, signWith } from '../../forge.ts';
import type { Changes } from '../../json.ts';
import type { Lab } from '../../run/lab.ts';

const headers: readonly (readonly [name: string, title: string, header: Changes])[] = [
  ['unknown', 'an extension that nobody knows', { crit: ['x-never'], 'x-never': 1 }],
  [
    'uri',
    'an extension named by a URI',
    { crit: ['http://example.com/bound'], 'http://example.com/bound': true },
  ],
  ['absent', 'an extension that is not there', { crit: ['x-never'] }],
  ['empty-list', 'an empty list', { crit: [] }],
  ['own-alg', 'the name of a standard member (alg)', { crit: ['alg'] }],
  ['exp', 'exp, which the header does not have', { crit: ['exp'] }],
  ['twice', 'one extension twice', { crit: ['x-never', 'x-never'], 'x-never': 1 }],
  ['text', 'a text in place of the list', { crit: 'x-never', 'x-never': 1 }],
  ['null', 'null in place of the list', { crit: null }],
  ['object', 'an object in place of the list', { crit: { 'x-never': 1 }, 'x-never': 1 }],
  ['number-in-list', 'a number in the list', { crit: [1] }],
  ['prototype-name', 'the name of an inherited member', { crit: ['toString'], toString: 1 }],
  ['b64-true', 'b64 true', { crit: ['b64'], b64: true }],
];

/** Extensions that must be understood or refused (RFC 7515 section 4.1.11), under honest signatures. */
export const critical: readonly Attack[] = attacks(
  {
    family: 'envelope',
    needs: ['jws', 'signer'],
    maps: {
      asvs401: ['3.5.3'],
      asvs403: ['3.5.3'],
      asvs50: ['9.1.1'],
      rfc8725bis: ['3.3'],
      cwe: ['CWE-345', 'CWE-863'],
    },
    why: 'A rule that the issuer marked as critical (this token only for …) is silently not kept.',
    fix: 'Refuse every token whose header has "crit", or take headers from an allow-list.',
  },
  [
    ...headers.map(([name, title, header]): Row => ({
      name: `crit-${name}`,
      title: `crit: ${title}`,
      run: (lab) => lab.present(lab.signed({}, header)),
    })),
    {
      name: 'b64-false-encoded',
      title: 'b64 false and critical, the payload encoded all the same',
      run: (lab) => lab.present(lab.signed({}, { crit: ['b64'], b64: false })),
    },
    {
      name: 'b64-false-raw',
      title: 'b64 false and critical, the payload as it is (RFC 7797 section 7: never in a JWT)',
      run: (lab) => lab.present(rawPayload(lab, { crit: ['b64'], b64: false })),
    },
    {
      name: 'b64-false-raw-not-critical',
      title: 'b64 false but not critical, the payload as it is',
      run: (lab) => lab.present(rawPayload(lab, { b64: false })),
    },
    {
      name: 'b64-false-unsigned',
      title: 'b64 false and critical under the old signature, with other claims as they are',
      run: (lab) => {
        const { header, payload, segments } = lab.jws();
        const odd = segment({ ...header, crit: ['b64'], b64: false });
        return lab.present(`${odd}.${JSON.stringify({ ...payload, sub: 'admin' })}.${segments[2]}`);
      },
    },
  ],
);

function rawPayload(lab: Lab, change: Changes): string {
  const { header, payload } = lab.jws();
  // No dot in it, or it would be more than three segments.
  const text = JSON.stringify(payload).replaceAll('.', '\\u002e');
  const input = `${segment({ ...header, ...change })}.${text}`;
  return `${input}.${segment(signWith(lab.signerKey(), input))}`;
}
