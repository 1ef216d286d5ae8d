import type { Family } from '../../attack-row.ts';

/** What the attacks by another text of the same token have in common. */
export const otherTextFamily: Omit<Family, 'why' | 'fix'> = {
  family: 'encoding',
  needs: ['jws'],
  maps: {
    asvs401: ['3.5.3'],
    asvs403: ['3.5.3'],
    asvs50: ['1.5.3', '9.1.1'],
    rfc8725bis: ['3.7'],
    cwe: ['CWE-180', 'CWE-436', 'CWE-1286'],
  },
};
