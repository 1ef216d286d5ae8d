import { isIP } from 'node:net';

/**
 * Refuses to attack a host that is not this machine unless the tester names it.
 *
 * @throws TypeError that says which option to give.
 */
export function checkAuthorised(urls: readonly string[], authorised: readonly string[] = []): void {
  for (const text of urls) {
    const url = readUrl(text);
    if (isLoopback(url.hostname)) continue;
    if (authorised.includes(url.hostname) || authorised.includes(url.host)) continue;
    throw new TypeError(
      `${url.host} is not this machine: only who may attack it does, and says so with --i-am-authorised ${url.hostname}`,
    );
  }
}

/** Tells whether a host name can only mean this machine. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new TypeError(`unexpected URL ${text}, expected http: or https:`);
}
