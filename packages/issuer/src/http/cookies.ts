/** The cookies of the issuer's own pages: how they are called, made and taken away. The one place that knows. */
export interface BrowserCookies {
  /** The cookie in which the session token comes. */
  readonly tokenName: string;
  /** The cookie in which what renews it comes, while the session is not bound to its device. */
  readonly refreshName: string;
  /** The cookie that names the session which this browser has bound to its device. */
  readonly markName: string;
  /** What every cookie says of itself besides its value and its life: DBSC compares it (`attributes`). */
  readonly attributes: string;
  /** Whether browsers can bind the session to the device: never over plain http. */
  readonly bindable: boolean;
  readonly token: (value: string, seconds: number) => string;
  readonly refresh: (value: string, seconds: number) => string;
  readonly mark: (value: string, seconds: number) => string;
  readonly clearRefresh: () => string;
  readonly clear: () => readonly string[];
}

/** What browsers keep of one cookie: its name, value and attributes (RFC 6265 section 6.1). */
const maxCookie = 4096;

/**
 * Makes the cookies for an issuer.
 *
 * Only this origin can set a cookie with the prefix `__Host-`. Over http, which is loopback, some browsers would keep
 * no `Secure` cookie at all, so there they have neither.
 */
export function createCookies(issuer: string): BrowserCookies {
  const secure = new URL(issuer).protocol === 'https:';
  const prefix = secure ? '__Host-' : '';
  const attributes = `Path=/; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`;
  const names = {
    token: `${prefix}symbolon`,
    refresh: `${prefix}symbolon-refresh`,
    mark: `${prefix}symbolon-bound`,
  };
  const make = (name: string, value: string, seconds: number): string => {
    const cookie = `${name}=${value}; Max-Age=${Math.max(0, Math.floor(seconds))}; ${attributes}`;
    if (cookie.length > maxCookie) throw new TypeError(`the cookie ${name} would weigh over 4 kB`);
    return cookie;
  };
  const clearRefresh = (): string => make(names.refresh, '', 0);
  return {
    tokenName: names.token,
    refreshName: names.refresh,
    markName: names.mark,
    attributes,
    bindable: secure,
    token: (value, seconds) => make(names.token, value, seconds),
    refresh: (value, seconds) => make(names.refresh, value, seconds),
    mark: (value, seconds) => make(names.mark, value, seconds),
    clearRefresh,
    clear: () => [make(names.token, '', 0), clearRefresh(), make(names.mark, '', 0)],
  };
}

/**
 * Puts cookies, and what else a sign-in says in headers, into an answer that no cache may keep.
 *
 * An answer that a cache gave to somebody else would make him the person that it was for.
 */
export function withCookies(
  response: Response,
  changes: { cookies: readonly string[]; headers?: Readonly<Record<string, string>> },
): Response {
  const answer = new Response(response.body, response);
  for (const cookie of changes.cookies) answer.headers.append('set-cookie', cookie);
  for (const [name, value] of Object.entries(changes.headers ?? {})) answer.headers.set(name, value);
  answer.headers.set('cache-control', 'private, no-store');
  const vary = answer.headers.get('vary');
  answer.headers.set('vary', vary === null ? 'Cookie' : `${vary}, Cookie`);
  return answer;
}
