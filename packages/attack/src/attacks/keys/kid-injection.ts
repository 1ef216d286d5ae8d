import { attacks, type Attack, type Row } from '../../attack-row.ts';
import { hmac } from '../../forge.ts';
import { keySourceMaps } from './maps.ts';

/** A `kid` that leads to a key whose bytes we know: its name, the kid, the secret it leads to. */
const led: readonly (readonly [name: string, kid: unknown, secret: string])[] = [
  ['path-dev-null', '../../../../../../dev/null', ''],
  ['path-dev-null-absolute', '/dev/null', ''],
  ['path-dev-null-nul', '../../../../../../dev/null\u0000.pem', ''],
  ['path-dev-null-escaped', '..%2f..%2f..%2f..%2f..%2f..%2fdev%2fnull', ''],
  ['path-dev-null-backslash', '..\\..\\..\\..\\..\\..\\dev\\null', ''],
  ['path-dev-null-file-url', 'file:///dev/null', ''],
  ['path-proc-ostype', '../../../../../../proc/sys/kernel/ostype', 'Linux\n'],
  ['path-proc-ostype-absolute', '/proc/sys/kernel/ostype', 'Linux\n'],
  ['path-proc-randomize', '/proc/sys/kernel/randomize_va_space', '2\n'],
  ['sql-union', "x' UNION SELECT 'k'-- ", 'k'],
  ['sql-union-hash', "x' UNION SELECT 'k'#", 'k'],
  ['sql-union-double-quoted', `x" UNION SELECT 'k'-- `, 'k'],
  ['sql-union-number', "-1 UNION SELECT 'k'-- ", 'k'],
  ['sql-union-two-columns', "x' UNION SELECT 'k','k'-- ", 'k'],
  ['sql-union-three-columns', "x' UNION SELECT 'k','k','k'-- ", 'k'],
  ['ldap', '*)(kid=*', ''],
  ['unknown-empty-secret', 'no-such-key', ''],
  ['unknown-undefined-secret', 'no-such-key', 'undefined'],
  ['missing-empty-secret', undefined, ''],
  ['empty', '', ''],
  ['null', null, ''],
  ['zero', 0, ''],
  ['true', true, ''],
  ['object-ne', { $ne: null }, ''],
  ['object-gt', { $gt: '' }, ''],
  ['list', ['no-such-key'], ''],
  ['proto', '__proto__', ''],
  ['proto-object-text', '__proto__', '[object Object]'],
  ['constructor', 'constructor', 'function Object() { [native code] }'],
  ['to-string', 'toString', 'function toString() { [native code] }'],
  ['has-own-property', 'hasOwnProperty', 'function hasOwnProperty() { [native code] }'],
  ['value-of', 'valueOf', 'function valueOf() { [native code] }'],
  ['length', 'length', '1'],
  ['index-zero', '0', ''],
];

/** A `kid` whose reading does something: whatever comes of it is not this token's business. */
const odd: readonly (readonly [name: string, kid: unknown])[] = [
  ['template', '${7*7}'],
  ['template-jndi', '${jndi:ldap://127.0.0.1:1/a}'],
  ['template-curly', '{{7*7}}'],
  ['command', '$(id)'],
  ['command-semicolon', ';id'],
  ['line-ends', 'a\r\nset-cookie: a=b'],
  ['ansi', '\u001b[2J'],
  ['long', 'k'.repeat(3000)],
  ['unknown', 'no-such-key'],
  ['wildcard', '*'],
];

/** Key ids that are read as more than the name of a key. */
export const kidInjection: readonly Attack[] = attacks(
  {
    family: 'keys',
    needs: ['jws'],
    maps: { ...keySourceMaps, cwe: ['CWE-22', 'CWE-89', 'CWE-943', 'CWE-1321', 'CWE-347'] },
    why: 'The key id is chosen by the attacker: if it leads to known bytes, they are the key.',
    fix: 'Look a kid up as an exact key of a map of configured keys, and refuse what is not there.',
  },
  [
    ...led.map(([name, kid, secret]): Row => ({
      name: `kid-${name}`,
      title: `kid ${kid === undefined ? 'missing' : JSON.stringify(kid)}, HS256 with what it may lead to`,
      run: (lab) =>
        lab.present(
          lab.altered({ header: { alg: 'HS256', kid }, signature: (input) => hmac(input, secret) }),
        ),
    })),
    ...odd.map(([name, kid]): Row => ({
      name: `kid-${name}-own-key`,
      title: `kid ${JSON.stringify(kid).slice(0, 60)}, signed by a key of ours`,
      run: (lab) =>
        lab.present(
          lab.altered({ header: { alg: 'EdDSA', kid }, signature: (input) => lab.sign(input, 'EdDSA') }),
        ),
    })),
  ],
);
