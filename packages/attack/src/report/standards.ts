import type { Maps } from '../attack-row.ts';

const names: readonly (readonly [keyof Maps, string])[] = [
  ['asvs401', 'ASVS 4.0.1'],
  ['asvs403', 'ASVS 4.0.3'],
  ['asvs50', 'ASVS 5.0'],
  ['rfc8725bis', 'RFC 8725bis'],
  ['rfc9700', 'RFC 9700'],
  ['cwe', ''],
];

/** What an attack has to do with standards, in one line. */
export function standardsText(maps: Maps): string {
  return names
    .filter(([member]) => maps[member].length > 0)
    .map(([member, name]) => `${name} ${maps[member].join(', ')}`.trim())
    .join('; ');
}
