import { refused, type Refused, type Transient } from '../errors.ts';

/** An answer with somebody's cookie, or made for somebody, must not be given to anybody else. */
export const personal = [
  ['cache-control', 'private, no-store'],
  ['vary', 'Cookie'],
] as const;
/** Somebody else's page sent it. */
export const crossSite = refused(
  'cross_site_request',
  'a request that changes something must come from a page of this origin, and say so by Sec-Fetch-Site or Origin',
);

/**
 * Reads a way back as a path of this origin.
 *
 * @throws TypeError for the address of another: whoever follows the link trusts the one that stands before it.
 */
export function localPath(returnTo: string, origin: string): string {
  const url = URL.parse(returnTo, origin);
  const sound = url?.origin === origin && returnTo.startsWith('/') && !/[\\\p{Cc}]/u.test(returnTo);
  // `/.//evil.example` is a path of ours until its dots are resolved: then two slashes name a host.
  if (!sound || url.pathname.startsWith('//'))
    throw new TypeError('unexpected returnTo, expected a path of this application');
  return url.pathname + url.search + url.hash;
}

export function redirectTo(
  location: string,
  headers: readonly (readonly [name: string, value: string])[],
): Response {
  return withHeaders(new Response(null, { status: 303, headers: { location } }), [...personal, ...headers]);
}

/** What went wrong, in plain words: the application may show its own page instead, from the result. */
export function answerTo({ kind, code, description }: Refused | Transient): Response {
  const status = kind === 'transient' ? 503 : code === crossSite.code ? 403 : 400;
  return withHeaders(Response.json({ error: code, error_description: description }, { status }), personal);
}

/**
 * The same answer with more headers: those that keep it private take the place of others, and a cookie that the answer
 * sets itself stays as it is: a sign-out or another person's sign-in is not undone by what was refreshed before it.
 */
export function withHeaders(
  response: Response,
  headers: readonly (readonly [name: string, value: string])[],
): Response {
  const merged = new Headers(response.headers);
  const own = new Set(response.headers.getSetCookie().map(nameOfCookie));
  for (const [name, value] of headers) {
    if (name === 'set-cookie' && own.has(nameOfCookie(value))) continue;
    if (name === 'set-cookie' || name === 'vary') merged.append(name, value);
    else merged.set(name, value);
  }
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers: merged,
  });
}

function nameOfCookie(set: string): string {
  return set.slice(0, set.indexOf('='));
}
