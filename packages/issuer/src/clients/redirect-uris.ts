import { isThisMachine } from '../this-machine.ts';

const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/[^#]*)?$/;

/** Whether a redirect URI is on the machine itself, by an address no resolver can move (RFC 8252 section 7.3). */
export function isLoopback(uri: string): boolean {
  return loopback.test(uri);
}

/**
 * Whether a redirect URI is registered: letter by letter (RFC 9700 section 2.1), but for the port of a loopback
 * address, which a native application gets from its system (RFC 8252 section 7.3).
 */
export function isRegisteredUri(registered: readonly string[], uri: string): boolean {
  if (registered.includes(uri)) return true;
  const asked = withoutPort(uri);
  return asked !== undefined && registered.some((known) => withoutPort(known) === asked);
}

function withoutPort(uri: string): string | undefined {
  const parts = loopback.exec(uri);
  if (parts === null || !URL.canParse(uri)) return undefined;
  return `${parts[1] ?? ''} ${parts[2] ?? ''}`;
}

const privateScheme = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/[^/]/;
/** Nothing that a browser rewrites, drops or reads otherwise than it looks. */
const plain = /^[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;
/** A policy of a page names it, in which other characters that URLs allow would be read as something else. */
const plainHost = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/**
 * Says what is wrong with a redirect URI that somebody wants to register, or undefined.
 *
 * Good: https; http on a loopback address or `localhost`; for a public client, a private-use scheme with a dot in it
 * (RFC 8252 section 7.1). Never a fragment, a user name, a wildcard, or another spelling than a browser's own.
 */
export function faultOfUri(uri: string, kind: 'public' | 'web' | 'machine'): string | undefined {
  if (!plain.test(uri) || uri.includes('*')) return 'has characters that do not belong into one';
  const url = URL.parse(uri);
  if (url === null) return 'is no URL';
  if (uri.includes('#')) return 'has a fragment';
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?]*@/.test(uri)) return 'has a user name';
  if (url.href !== uri && url.href !== `${uri}/`) return `is not in normal form, which is ${url.href}`;
  if (/^https?:$/.test(url.protocol) && !plainHost.test(url.hostname))
    return 'has a host with characters that no host has';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:') {
    return isThisMachine(url.hostname) ? undefined : 'is http, and not on loopback';
  }
  return kind === 'public' && privateScheme.test(uri)
    ? undefined
    : 'has a scheme that is not offered: https, http on loopback, or for a public client one with a dot, as com.example.app:/callback';
}
