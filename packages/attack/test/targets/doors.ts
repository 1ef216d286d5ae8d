import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { House } from './house.ts';
import { strictly } from './strict-server.ts';
import { bearerOf } from './strict.ts';
import { openStrong, openWeak, type Flaw } from './strong.ts';
import type { Answer, Handler, Opened, Seen, Target } from './target.ts';

/** Servers with a second door, something that lies open, or a lenient way of reading requests. */
export const doorsTargets: readonly Target[] = [
  second(
    'token-in-other-header',
    'an older client sends the token in X-Access-Token',
    ['secrets/token-in-header-x-access-token'],
    ({ headers }) => headers['x-access-token'],
  ),
  second(
    'token-in-cookie',
    'for pages the token is taken from a cookie as well',
    ['secrets/token-in-cookies'],
    ({ headers }) => /(?:^|; )access_token=([\w.-]+)/.exec(headers.cookie ?? '')?.[1],
  ),
  second(
    'token-in-form',
    'forms send the token in a field',
    ['secrets/token-in-form'],
    ({ method, headers, body }) =>
      method === 'POST' && headers['content-type'] === 'application/x-www-form-urlencoded'
        ? new URLSearchParams(body).get('access_token')
        : undefined,
  ),
  second('token-as-user', 'old tools can do Basic alone', ['secrets/token-as-user'], ({ headers }) => {
    const pair = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    return Buffer.from(pair, 'base64').toString().split(':')[0];
  }),
  opens(
    'bearer-null',
    'a missing token became the text null, and null the guest',
    ['secrets/bearer-null'],
    (request) => (bearerOf(request) === 'null' ? { sub: 'guest' } : undefined),
  ),
  opens(
    'cookie-switch',
    'a cookie of the test environment lets in',
    ['secrets/cookie-admin-true'],
    ({ headers }) => (headers.cookie === 'admin=true' ? { sub: 'admin' } : undefined),
  ),
  shows(
    'env-file',
    'the folder that is served is the one with the settings',
    ['secrets/exposed-env'],
    ({ url }) => (url === '/.env' ? 'NODE_ENV=production\nSESSION_SECRET=4b1c0ffee4b1c0ffee\n' : undefined),
  ),
  shows(
    'private-jwks',
    'the key set is the file from which the issuer signs',
    ['secrets/exposed-jwks'],
    ({ url }, house) =>
      url === '/jwks'
        ? JSON.stringify({ keys: [house.signer.key.privateKey.export({ format: 'jwk' })] })
        : undefined,
  ),
  shows('debug-page', 'the debug page shows the settings', ['secrets/exposed-debug'], ({ url }) =>
    url === '/debug' ? 'database: postgres://app:hunter2@db.internal/app' : undefined,
  ),
  shows('fault-tells', 'what the database says is handed on', ['secrets/told-after-'], ({ url }) =>
    url.includes('a[') || url.includes('a%5B')
      ? 'could not connect to postgres://app:hunter2@db.internal/app'
      : undefined,
  ),
  shows(
    'trace-echo',
    'the proxy in front answers TRACE',
    ['secrets/token-echoed-by-trace'],
    ({ method, rawHeaders }) => (method === 'TRACE' ? rawHeaders.join('\n') : undefined),
  ),
  {
    name: 'lenient-parser',
    flaw: 'the lenient parser was switched on for an old client',
    finds: ['resources/framing-'],
    runs: ['resources/'],
    carrier: 'bearer',
    start: openLenient,
  },
  {
    name: 'slow-on-cookies',
    flaw: 'an expression over the cookies goes back over all that it has read',
    finds: ['resources/headers-'],
    runs: ['resources/headers-'],
    carrier: 'bearer',
    start: async (house) => {
      const { handle, ...rest } = await openStrong(house);
      const answer: Handler = async (request) => {
        // In place of the work itself, which would keep every other test from running.
        if ((request.headers.cookie ?? '').includes('\\"\\"')) await wait(1200);
        return handle(request);
      };
      return { ...rest, handle: answer };
    },
  },
];

type Reader = (request: Seen) => string | readonly string[] | null | undefined;

/** A server that is strong, and takes a genuine token from a second place. */
function second(name: string, flaw: string, finds: readonly string[], read: Reader): Target {
  const start = (house: House): Promise<Opened> =>
    openWeak(house, (request) => {
      const token = read(request);
      return typeof token === 'string' ? strictly(house, token) : undefined;
    });
  return { name, flaw, finds, runs: ['secrets/'], carrier: 'bearer', start };
}

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

type Show = (request: Seen, house: House) => string | undefined;

function shows(name: string, flaw: string, finds: readonly string[], show: Show): Target {
  const start = async (house: House): Promise<Opened> => {
    const { handle, ...rest } = await openStrong(house);
    const answer = (request: Seen): Answer | Promise<Answer> => {
      const body = show(request, house);
      return body === undefined ? handle(request) : { status: 500, body };
    };
    return { ...rest, handle: answer };
  };
  return { name, flaw, finds, runs: ['secrets/'], carrier: 'bearer', start };
}

/** The strong server behind a second listener, whose parser of HTTP is lenient. */
async function openLenient(house: House): Promise<Opened> {
  const { handle, close } = await openStrong(house);
  const server = createServer({ insecureHTTPParser: true }, (request, response) => {
    const { method = '', url = '', headers, rawHeaders } = request;
    request.resume();
    void Promise.resolve(handle({ method, url, headers, rawHeaders, body: '' })).then((answer) => {
      for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    handle,
    options: { request: { url: `http://localhost:${port}/me`, method: 'GET', headers: [] } },
    close: () => {
      close?.();
      server.close();
      server.closeAllConnections();
    },
  };
}
