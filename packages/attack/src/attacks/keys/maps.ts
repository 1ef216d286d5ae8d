import type { Maps } from '../../attack-row.ts';

/** What the attacks on algorithms have to do with standards. */
export const algorithmMaps: Partial<Maps> = {
  asvs401: ['3.5.3'],
  asvs403: ['3.5.3'],
  asvs50: ['9.1.1', '9.1.2'],
  rfc8725bis: ['3.1', '3.2'],
  cwe: ['CWE-347', 'CWE-327', 'CWE-290'],
};

/** What the attacks on where a key comes from have to do with standards. */
export const keySourceMaps: Partial<Maps> = {
  asvs401: ['3.5.3'],
  asvs403: ['3.5.3'],
  asvs50: ['9.1.3'],
  rfc8725bis: ['3.10'],
  cwe: ['CWE-347', 'CWE-345', 'CWE-290'],
};
