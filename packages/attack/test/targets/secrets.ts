import { bearerOf, hasHonestClaims, hasHonestHeader, hasSignature, hasStrictText, opened } from './strict.ts';
import { openStrong, openWeak, type Flaw } from './strong.ts';
import type { Answer, Seen, Target } from './target.ts';

const login = `Basic ${Buffer.from('admin:admin').toString('base64')}`;

/** Servers with a static secret, or one that leaks. */
export const secretsTargets: readonly Target[] = [
  opens(
    'basic-login',
    'the admin login of the first week still works',
    ['secrets/basic-admin-admin'],
    ({ headers }) => (headers.authorization === login ? { sub: 'admin' } : undefined),
  ),
  opens(
    'api-key-header',
    'X-API-Key is still looked at, with the key of the test environment',
    ['secrets/x-api-key-test'],
    ({ headers }) => (headers['x-api-key'] === 'test' ? { sub: 'test' } : undefined),
  ),
  opens(
    'api-key-in-query',
    'a key in the query is taken for old clients',
    ['secrets/query-key-'],
    ({ url }) =>
      ['test', 'secret', 'changeme'].includes(queryOf(url).get('api_key') ?? '')
        ? { sub: 'old client' }
        : undefined,
  ),
  opens(
    'static-bearer',
    'one bearer token is written in the configuration',
    ['secrets/bearer-secret'],
    (request) => (bearerOf(request) === 'secret' ? { sub: 'service' } : undefined),
  ),
  {
    name: 'token-in-query',
    flaw: 'downloads take the token from the query, and so does everything else',
    finds: ['secrets/token-in-query-access-token'],
    runs: ['secrets/'],
    carrier: 'bearer',
    start: (house) =>
      openWeak(house, ({ url }) => {
        const token = queryOf(url).get('access_token') ?? '';
        const isGenuine = hasStrictText(token) && hasHonestHeader(token, house) && hasSignature(token, house);
        const claims = opened(token, 1);
        return isGenuine && hasHonestClaims(claims, house) ? claims : undefined;
      }),
  },
  tells('token-in-error', 'the error says which token is invalid', ['secrets/repeated-'], ({ headers }) => ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
    body: JSON.stringify({ error: `invalid JWT token: ${headers.authorization ?? ''}` }),
  })),
  tells(
    'trace-in-error',
    'the error handler of the development server runs in production',
    ['secrets/trace-'],
    () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: new Error('jwt malformed').stack ?? '',
    }),
  ),
];

function opens(name: string, flaw: string, finds: readonly string[], open: Flaw): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['secrets/'],
    carrier: 'bearer',
    start: (house) => openWeak(house, open),
  };
}

function tells(
  name: string,
  flaw: string,
  finds: readonly string[],
  tell: (request: Seen) => Answer,
): Target {
  return {
    name,
    flaw,
    finds,
    runs: ['secrets/'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      return {
        ...rest,
        handle: async (request) => {
          const answer = await handle(request);
          return answer.status === 200 ? answer : tell(request);
        },
      };
    },
  };
}

function queryOf(url: string): URLSearchParams {
  return new URL(url, 'http://localhost').searchParams;
}
