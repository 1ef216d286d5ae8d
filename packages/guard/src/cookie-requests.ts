import { AuthError, maxTokenLength } from '@symbolon/token';
import type { RequestView } from './request-view.ts';

const maxCookieHeader = 2 * maxTokenLength;
/** RFC 9110 section 9.2.1, without those that no browser sends from a page. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Reads one cookie, or returns undefined where there is none or it is empty (RFC 6265 section 4.2).
 *
 * Pairs end with a semicolon and nothing else, and only spaces and tabs around them are dropped: every other character
 * belongs to a name or a value, so that no text in another cookie ever becomes this one.
 *
 * @throws AuthError: `token_too_long` for a header of more than 16 kB, `credentials_multiple` if the cookie comes twice.
 */
export function readCookie(headers: RequestView['headers'], name: string): string | undefined {
  const header = headers.get('cookie') ?? '';
  if (header.length > maxCookieHeader) throw new AuthError('token_too_long');
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const text = pair.replace(/^[ \t]+|[ \t]+$/g, '');
    if (!text.startsWith(`${name}=`)) continue;
    if (found !== undefined) throw new AuthError('credentials_multiple');
    found = text.slice(name.length + 1);
  }
  return found === '' ? undefined : found;
}

/**
 * Demands of a request that may change something, and of every WebSocket upgrade, that a page of `origin` made it.
 *
 * A browser sends cookies along with whatever any page makes it ask; what it says of that page in `Sec-Fetch-Site` and
 * `Origin`, no page can forge. `Origin: null` says nothing: a page that sends no referrer posts its forms with it.
 *
 * @throws AuthError `request_cross_site`, also where the request says nothing of its origin.
 */
export function demandSameOrigin(request: RequestView, origin: string): void {
  const upgrade = (request.headers.get('upgrade') ?? '') !== '';
  if (safeMethods.has(request.method) && !upgrade) return;
  const site = request.headers.get('sec-fetch-site') ?? undefined;
  const stated = request.headers.get('origin') ?? undefined;
  const named = stated === 'null' ? undefined : stated;
  const nothing = site === undefined && named === undefined;
  if (nothing || (site ?? 'same-origin') !== 'same-origin' || (named ?? origin) !== origin) {
    throw new AuthError('request_cross_site');
  }
}
