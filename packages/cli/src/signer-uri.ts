import { resolve } from 'node:path';
import type { SignerSettings } from './settings.ts';

/** What a PKCS#11 URI (RFC 7512) says of a signer; whom it signs for is said elsewhere. */
export type NamedToken = Omit<SignerSettings, 'purposes'>;

/**
 * Reads `pkcs11:token=<label>?module-path=<library>&pin-source=<file>` (RFC 7512).
 *
 * A `pin-value` is refused without showing it: whoever lists the processes reads what was typed.
 *
 * @throws TypeError that says what is expected, and nothing of what was typed but a name.
 */
export function readSignerUri(text: string): NamedToken {
  const [, path = '', query = ''] = /^pkcs11:([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  const said = new Map([...attributes(path, ';'), ...attributes(query, '&')]);
  if (said.has('pin-value') || said.has('pin'))
    throw new TypeError('a PIN in a URI is read by all who list processes: give pin-source=FILE');
  const known = new Set(['token', 'module-path', 'pin-source']);
  const other = [...said.keys()].find((name) => !known.has(name));
  if (other !== undefined) throw new TypeError(`unexpected ${other} in --signer, expected ${expected}`);
  const token = said.get('token') ?? '';
  const library = said.get('module-path') ?? '';
  if (token === '' || library === '') throw new TypeError(`unexpected --signer, expected ${expected}`);
  const pinFile = said.get('pin-source');
  return {
    token,
    library: resolve(library),
    ...(pinFile === undefined ? {} : { pinFile: resolve(pinFile.replace(/^file:(\/\/)?/, '')) }),
  };
}

const expected = "'pkcs11:token=LABEL?module-path=/path/of/library.so&pin-source=/path/of/pin'";

function attributes(text: string, separator: string): readonly (readonly [string, string])[] {
  return text
    .split(separator)
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at === -1 ? ([part, ''] as const) : ([part.slice(0, at), decode(part.slice(at + 1))] as const);
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(`unexpected --signer, expected ${expected}`);
  }
}
