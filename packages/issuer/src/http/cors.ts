import type { Sender } from './route.ts';

/** What pages of other origins may ask: whoever calls proves himself by what he sends, never by a cookie. */
const opened = [
  '/token',
  '/revoke',
  '/par',
  '/register',
  '/userinfo',
  '/jwks',
  '/.well-known/openid-configuration',
];

const allowed = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'DPoP-Nonce, WWW-Authenticate, Retry-After, Date, Age',
};
const preflight = {
  ...allowed,
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
  'access-control-max-age': '7200',
};

/**
 * Lets pages of any origin use the endpoints of public clients (Fetch standard, CORS protocol).
 *
 * `*` without credentials: no browser sends a cookie there, or shows an answer to a request that had one.
 */
export function openToPages(
  base: string,
  answer: (request: Request, sender?: Sender) => Promise<Response>,
): (request: Request, sender?: Sender) => Promise<Response> {
  const paths = new Set([
    ...opened.map((path) => base + path),
    `/.well-known/oauth-authorization-server${base}`,
  ]);
  return async (request, sender) => {
    if (!paths.has(new URL(request.url).pathname)) return answer(request, sender);
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: preflight });
    const answered = await answer(request, sender);
    // In place: a copy by `new Response` makes a stream of the text, which node-server then reads and sends in pieces.
    for (const [name, value] of Object.entries(allowed)) answered.headers.set(name, value);
    if (answered.headers.has('allow')) answered.headers.append('allow', 'OPTIONS');
    return answered;
  };
}
