import type { CookieJar } from './cookies.ts';
import type { CookieValues, SessionKeeper } from './keeper.ts';

/** How long a browser keeps the cookies, in seconds: as long as browsers keep any. The issuer says when it is over. */
const cookieLife = 400 * 86_400;

type SetCookies = readonly (readonly ['set-cookie', string])[];

/** What has a browser keep cookies of a session. */
export function setting(jar: CookieJar, cookies: CookieValues): SetCookies {
  return cookies.map(([name, value]) => ['set-cookie', jar.write(name, value, cookieLife)]);
}

/** What takes the cookies of a session away. */
export function clearing(jar: CookieJar, { names }: SessionKeeper): SetCookies {
  return names.map((name) => ['set-cookie', jar.write(name, '', 0)]);
}
