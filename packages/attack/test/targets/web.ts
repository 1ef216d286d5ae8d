import type { House } from './house.ts';
import { hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openStrong } from './strong.ts';
import { refusal, welcome, type Answer, type Opened, type Seen, type Target } from './target.ts';

/** Servers that browsers can be turned against. */
export const webTargets: readonly Target[] = [
  reflecting(
    'cors-echo',
    'Origin is echoed, because a list of origins was too long',
    ['web/cors-'],
    () => true,
  ),
  reflecting(
    'cors-prefix',
    'an origin is allowed if it starts with ours',
    ['web/cors-origin-with-host-as-prefix', 'web/cors-origin-with-'],
    (origin, host) => origin.startsWith(`https://${host}`),
  ),
  reflecting(
    'cors-suffix',
    'an origin is allowed if it ends with our host',
    ['web/cors-origin-with-host-as-suffix', 'web/cors-origin-subdomain'],
    (origin, host) => origin.endsWith(host),
  ),
  reflecting(
    'cors-null',
    'the origin null is allowed, for a local file that once needed it',
    ['web/cors-origin-null'],
    (origin) => origin === 'null',
  ),
  onCookies(
    'cookie-first',
    'of two cookies the first one counts',
    ['web/cookie-twice-', 'web/cookie-before-'],
    { whose: 'first' },
  ),
  onCookies(
    'cookie-and-bearer',
    'a bearer token beside the cookie is not looked at',
    ['web/cookie-and-bearer'],
    { beside: true },
  ),
  onCookies(
    'cookie-token-as-bearer',
    'the token of a cookie is taken from the header as well',
    ['web/cookie-as-bearer'],
    { header: true },
  ),
  onCookies('cookie-cross-site', 'nothing asks where a POST comes from', ['web/forged-'], {
    crossSite: true,
  }),
];

/** A strong server for tokens in a cookie. */
export const strongCookie: Target = {
  name: 'strong-cookie',
  finds: [],
  runs: [''],
  carrier: 'cookie',
  start: (house) => ({ handle: (request) => onCookie(request, { house, lax: {} }) }),
};

type IsAllowed = (origin: string, host: string) => boolean;

function reflecting(name: string, flaw: string, finds: readonly string[], isAllowed: IsAllowed): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['web/'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      const answer = async (request: Seen): Promise<Answer> => {
        const { origin = '', host = '' } = request.headers;
        const made = await handle(request);
        if (origin === '' || !isAllowed(origin, host)) return made;
        const cors = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
        return { ...made, headers: { ...made.headers, ...cors } };
      };
      return { ...rest, handle: answer };
    },
  };
}

/** What a careless server for cookies lets pass. */
interface Lax {
  readonly whose?: 'first';
  readonly beside?: true;
  readonly header?: true;
  readonly crossSite?: true;
  /** The name of the cookie; `__Host-session`, unless given. */
  readonly name?: string;
}

function onCookies(name: string, flaw: string, finds: readonly string[], lax: Lax): Target {
  const start = (house: House): Opened => ({ handle: (request) => onCookie(request, { house, lax }) });
  return { name, flaw, finds, runs: ['web/'], carrier: 'cookie', start };
}

/** Answers a request with a cookie, strictly but for what is lax. */
export function onCookie(request: Seen, { house, lax }: { house: House; lax: Lax }): Answer {
  const token = tokenOf(request, lax);
  if (token === undefined || !isFromHere(request, { house, lax })) return refusal;
  const claims = opened(token, 1);
  const isGenuine = hasStrictText(token) && hasHonestHeader(token, house) && hasSignature(token, house);
  const isWhole = isGenuine && hasHonestClaims(claims, house, ['crr']) && claims?.['crr'] === 'cookie';
  return isWhole && claims['cnf'] === undefined ? welcome(claims) : refusal;
}

function tokenOf(
  { headers }: Seen,
  { whose, beside, header, name = '__Host-session' }: Lax,
): string | undefined {
  const { cookie = '', authorization } = headers;
  if (header === true && authorization !== undefined && cookie === '')
    return authorization.replace(/^Bearer /, '');
  if (authorization !== undefined && beside !== true) return undefined;
  const found = cookie.split(/; ?/).filter((pair) => pair.startsWith(`${name}=`));
  if (found.length !== 1 && whose === undefined) return undefined;
  return found[0]?.slice(name.length + 1);
}

function isFromHere({ method, headers }: Seen, { house, lax }: { house: House; lax: Lax }): boolean {
  if (method === 'GET' || lax.crossSite === true) return true;
  const site = headers['sec-fetch-site'];
  return (site === undefined || site === 'same-origin') && headers.origin === house.audience;
}
