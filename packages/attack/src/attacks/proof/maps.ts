import type { Family } from '../../attack-row.ts';

/** What the attacks on proofs have in common. */
export const proofFamily: Family = {
  family: 'proof',
  needs: ['dpop'],
  maps: {
    asvs401: ['3.5.3'],
    asvs403: ['3.5.3'],
    asvs50: ['10.3.5'],
    rfc9700: ['2.2.1', '4.10'],
    cwe: ['CWE-290', 'CWE-294', 'CWE-345'],
  },
  why: 'A stolen token can be used without its key, or with a proof that was made for something else.',
  fix: 'Check all of RFC 9449 section 4.3: one proof, its type, key, signature, method, URL, time, token hash, and use it once.',
};
