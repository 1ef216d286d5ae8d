import type { House } from './house.ts';
import { bearerOf, opened } from './strict.ts';
import { openStrong } from './strong.ts';
import type { Answer, Handler, Opened, Seen, Target } from './target.ts';
import { onCookie } from './web.ts';

type Change = (request: Seen, answer: Answer, handle: Handler) => Answer | Promise<Answer>;

/** Servers whose cookies, caches, redirects or account page have one flaw. */
export const pagesTargets: readonly Target[] = [
  onBearer(
    'redirect-next',
    'strangers are sent back to where they say they came from',
    ['web/redirect-'],
    next,
  ),
  onBearer(
    'host-in-challenge',
    'the challenge names the host, as the request says it',
    ['web/host-by-host'],
    realm,
  ),
  onBearer(
    'cache-public',
    'one rule for caches, made for pictures',
    ['web/cache-answer'],
    (_request, answer) =>
      answer.status === 200 ? withHeader(answer, 'cache-control', 'public, max-age=60') : answer,
  ),
  onBearer(
    'cache-refusal',
    'refusals are kept for a minute, to save work',
    ['web/cache-refusal'],
    (_request, answer) =>
      answer.status === 401 ? withHeader(answer, 'cache-control', 'public, max-age=60') : answer,
  ),
  onCookies(
    'cache-deceived',
    'the router takes what follows the path, and nobody speaks to caches',
    ['web/cache-deceived-by-file-below', 'web/cache-deceived-by-'],
    (_request, { status, body = '' }) => ({ status, body }),
  ),
  onCookies(
    'cookie-name-trimmed',
    'the parser of cookies trims their names',
    ['web/cookie-name-with-space-after', 'web/cookie-name-after-'],
    (request, answer, handle) => {
      const cookie = (request.headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.split('=').map(trimmed).join('='));
      const only = cookie.filter((pair) => pair.startsWith('__Host-session='));
      if (answer.status === 200 || only.length !== 1) return answer;
      return handle({ ...request, headers: { ...request.headers, cookie: only.join('; ') } });
    },
  ),
  onCookies(
    'cookie-name-any-case',
    'names are compared without case',
    ['web/cookie-name-in-lower-case'],
    (request, answer, handle) => {
      const cookie = (request.headers.cookie ?? '').replace(/^__host-session=/, '__Host-session=');
      return answer.status === 200 ? answer : handle({ ...request, headers: { ...request.headers, cookie } });
    },
  ),
  onCookies(
    'cookie-for-scripts',
    'the page reads the cookie itself, so it is not HttpOnly',
    ['web/set-cookie-http-only'],
    (request, answer) =>
      answer.status === 200
        ? withHeader(answer, 'set-cookie', `${request.headers.cookie ?? ''}; Path=/; Secure; SameSite=Lax`)
        : answer,
  ),
  onCookies(
    'cookie-for-siblings',
    'one cookie for all subdomains',
    ['web/set-cookie-without-domain'],
    (request, answer) =>
      answer.status === 200
        ? withHeader(
            answer,
            'set-cookie',
            `${request.headers.cookie ?? ''}; Domain=localhost; HttpOnly; Secure; SameSite=Lax`,
          )
        : answer,
  ),
  onCookies(
    'cookie-adopted',
    'a session that is not known is started under the name that was brought',
    ['web/cookie-adopted'],
    (request, answer) => {
      const cookie = request.headers.cookie ?? '';
      const isNew = answer.status !== 200 && /^__Host-session=\w{1,64}$/.test(cookie);
      return isNew
        ? withHeader(answer, 'set-cookie', `${cookie}; Path=/; Secure; HttpOnly; SameSite=Lax`)
        : answer;
    },
  ),
  withPage(
    'account-open',
    'the page is drawn before anybody asks who is there',
    ['web/account-without-credential', 'web/account-with-'],
    (_request, _answer, page) => page,
  ),
  withPage(
    'account-unverified',
    'the page reads the token, and leaves its check to the API',
    ['web/account-with-changed-claims', 'web/account-with-'],
    (request, answer, page) => {
      const token = /^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      return opened(token, 1) === undefined ? answer : page;
    },
  ),
  withPage('account-framed', 'nobody thought of frames', ['web/account-framed'], (_request, answer, page) =>
    answer.status === 200 ? without(page, 'content-security-policy') : answer,
  ),
  withPage(
    'account-kept',
    'the page may be kept by the browser for a minute',
    ['web/cache-account'],
    (_request, answer, page) =>
      answer.status === 200 ? withHeader(page, 'cache-control', 'private, max-age=60') : answer,
  ),
  withPage(
    'account-shows-token',
    'the page hands the token to its scripts',
    ['web/account-shows-token'],
    (request, answer, page) =>
      answer.status === 200
        ? { ...page, body: `${page.body ?? ''}<script>token = "${bearerOf(request) ?? ''}"</script>` }
        : answer,
  ),
  withPage(
    'account-jsonp',
    'an old partner reads the page as a script',
    ['web/account-as-script'],
    (request, answer, page) => {
      const callback = /[?&]callback=(\w+)/.exec(request.url)?.[1];
      if (answer.status !== 200 || callback === undefined) return answer.status === 200 ? page : answer;
      return { ...withHeader(page, 'content-type', 'text/javascript'), body: `${callback}({})` };
    },
  ),
];

function next({ url }: Seen, answer: Answer): Answer {
  const wanted = new URL(url, 'http://localhost').searchParams.get('next');
  if (answer.status === 200 || wanted === null || /[\r\n]/.test(wanted)) return answer;
  return { status: 302, headers: { location: wanted } };
}

function realm({ headers }: Seen, answer: Answer): Answer {
  return answer.status === 401
    ? withHeader(answer, 'www-authenticate', `Bearer realm="${headers.host ?? ''}"`)
    : answer;
}

function onBearer(name: string, flaw: string, finds: readonly string[], change: Change): Target {
  const start = async (house: House): Promise<Opened> => {
    const { handle, ...rest } = await openStrong(house);
    return { ...rest, handle: async (request) => change(request, await handle(request), handle) };
  };
  return { name, flaw, finds, runs: ['web/'], carrier: 'bearer', start };
}

function onCookies(name: string, flaw: string, finds: readonly string[], change: Change): Target {
  const start = (house: House): Opened => {
    const handle: Handler = (request) => onCookie(request, { house, lax: {} });
    return { handle: async (request) => change(request, await handle(request), handle) };
  };
  return { name, flaw, finds, runs: ['web/'], carrier: 'cookie', start };
}

type Draw = (request: Seen, answer: Answer, page: Answer) => Answer;

/** A strong server with an account page; `draw` decides about the page. */
export function withPage(name: string, flaw: string, finds: readonly string[], draw: Draw): Target {
  const start = async (house: House): Promise<Opened> => {
    const { handle, ...rest } = await openStrong(house);
    const answer = async (request: Seen): Promise<Answer> => {
      const made = await handle(request);
      return request.url.startsWith('/account') ? draw(request, made, page) : made;
    };
    return { ...rest, handle: answer, options: { account: `${house.audience}/account` } };
  };
  return { name, flaw, finds, runs: ['web/'], carrier: 'bearer', start };
}

const page: Answer = {
  status: 200,
  headers: {
    'content-type': 'text/html',
    'cache-control': 'no-store',
    'content-security-policy': "frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  },
  body: '<h1>Your account</h1>',
};

function withHeader(answer: Answer, name: string, value: string): Answer {
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}

function without(answer: Answer, name: string): Answer {
  const headers = Object.fromEntries(Object.entries(answer.headers ?? {}).filter(([each]) => each !== name));
  return { ...answer, headers };
}

function trimmed(text: string): string {
  return text.replace(/^[\s\u00a0\u2003]+|[\s\u00a0\u2003]+$/gu, '').replace(/^\u00e2\u0080\u0083/, '');
}
