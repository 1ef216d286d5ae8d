import { isLoopback } from './redirect-uris.ts';
import { isThisMachine } from '../this-machine.ts';

const longest = 256;

/** An https URL with a path, in its one spelling: no user, query, fragment or dot segment. On loopback also http. */
export function isDocumentUrl(id: string, { loopback }: { loopback: boolean }): boolean {
  const url = id.length > longest ? null : URL.parse(id);
  if (url?.href !== id || url.pathname === '/') return false;
  if (url.search !== '' || id.includes('#') || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (loopback && isLoopback(id));
}

/**
 * Whether a URL is at the port of https, where only whoever runs the host may listen: at another one may be somebody else
 * on the same machine, or a service that was never meant to be asked. Where `loopback`, on this machine any.
 */
export function isAtUsualPort(uri: string, { loopback }: { loopback: boolean }): boolean {
  const { protocol, port, hostname } = new URL(uri);
  return (protocol === 'https:' && port === '') || (loopback && isThisMachine(hostname));
}
