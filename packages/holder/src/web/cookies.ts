/** How this application's cookies are named and marked. */
export interface CookieJar {
  /** The value of a cookie; undefined if it is absent, or comes twice: then somebody else has set one of them. */
  readonly read: (header: string | null | undefined, name: string) => string | undefined;
  /** A `Set-Cookie` value. `life` in seconds: 0 takes the cookie away. @throws TypeError if it would weigh over 4 kB. */
  readonly write: (name: string, value: string, life: number) => string;
}

/** What browsers keep of one cookie, name and attributes included (RFC 6265 section 6.1). */
const mostBytes = 4096;

/**
 * Makes the jar of an origin: `__Host-` and `Secure`, so that no other host and no plain http ever sets or reads them.
 *
 * On loopback over http, where not every browser keeps such cookies, they are without both.
 */
export function cookieJar(origin: string): CookieJar {
  const secure = origin.startsWith('https:');
  const fullName = (name: string): string => (secure ? `__Host-${name}` : name);
  return {
    read: (header, name) => {
      const wanted = `${fullName(name)}=`;
      const found = (header ?? '')
        .split(';')
        .map(trimmed)
        .filter((part) => part.startsWith(wanted));
      return found.length === 1 ? found[0]?.slice(wanted.length) : undefined;
    },
    write: (name, value, life) => {
      const marks = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
      const text = `${fullName(name)}=${value}; ${marks}`;
      if (text.length > mostBytes) {
        throw new TypeError('the cookie would weigh over 4 kB: give createWebSessions a store');
      }
      return text;
    },
  };
}

/** A `Cookie` header as the browser would send it once it has kept one more `Set-Cookie`. */
export function cookieHeaderAfter(header: string | null, set: string): string {
  const [pair = ''] = set.split(';');
  const name = pair.slice(0, pair.indexOf('=') + 1);
  const others = (header ?? '')
    .split(';')
    .map(trimmed)
    .filter((part) => part !== '' && !part.startsWith(name));
  return [...others, ...(/; Max-Age=0(;|$)/.test(set) ? [] : [pair])].join('; ');
}

/** Without spaces and tabs alone: other white space is part of a name, and of one that is not ours. */
function trimmed(part: string): string {
  return part.replace(/^[ \t]+|[ \t]+$/g, '');
}
