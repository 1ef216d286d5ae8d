import { HolderError, refused } from './errors.ts';
import type { Call } from './request-call.ts';

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The request that a redirect asks for (Fetch standard, HTTP-redirect fetch), undefined if it is none.
 *
 * @throws HolderError `redirect_refused`: it leads to another origin, or the platform hides where (browsers
 * do), or it wants a stream again. Ask with `redirect: 'manual'` and go there without credentials.
 */
export function redirectOf(response: Response, call: Call): Call | undefined {
  if (response.type === 'opaqueredirect') throw stop('the browser does not say where it leads');
  if (!redirects.has(response.status)) return undefined;
  const location = response.headers.get('location');
  if (location === null) return undefined;
  const target = URL.parse(location, call.url);
  if (target?.origin !== call.origin) throw stop('it leads to another origin, which must not see the token');
  if (becomesGet(response.status, call.method)) return call.toward(target.href, 'get');
  if (!call.repeatable) throw stop('its body is a stream that was used up');
  return call.toward(target.href, 'same');
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

function stop(why: string): HolderError {
  return new HolderError(
    refused(
      'redirect_refused',
      `the answer is a redirect that is not followed: ${why}; use redirect: 'manual'`,
    ),
  );
}
