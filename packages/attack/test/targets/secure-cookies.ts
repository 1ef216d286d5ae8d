import type { House } from './house.ts';
import type { Answer, Opened, Seen, Target } from './target.ts';
import { onCookie } from './web.ts';

/** Servers with TLS that set their cookie anew with each answer, each with one flaw in how. */
export const secureCookieTargets: readonly Target[] = [
  settingCookie('cookie-over-http-too', {
    flaw: 'the cookie was first made on a developer\u2019s machine, without TLS',
    finds: ['web/set-cookie-secure'],
    attributes: 'Path=/; HttpOnly; SameSite=Lax',
  }),
  settingCookie('cookie-of-any-host', {
    flaw: 'the cookie is called as it was called before browsers knew prefixes',
    finds: ['web/set-cookie-prefix'],
    attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax',
    cookieName: 'session',
  }),
];

/** A strong server with TLS, whose cookie is set as it should be. */
export const strongSecureCookie: Target = settingCookie('strong-cookie-tls', {
  finds: [],
  attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax',
});

interface Setting extends Pick<Target, 'finds' | 'cookieName'> {
  readonly flaw?: string;
  readonly attributes: string;
}

function settingCookie(
  name: string,
  { flaw, finds, attributes, cookieName = '__Host-session' }: Setting,
): Target {
  const start = (house: House): Opened => ({
    handle: (request) =>
      withCookie(onCookie(request, { house, lax: { name: cookieName } }), {
        request,
        attributes,
        cookieName,
      }),
  });
  return {
    ...(flaw === undefined ? {} : { flaw }),
    ...{ name, finds, runs: ['web/'], carrier: 'cookie', cookieName, tls: true, start },
  };
}

function withCookie(
  answer: Answer,
  { request, attributes, cookieName }: { request: Seen; attributes: string; cookieName: string },
): Answer {
  const pairs = (request.headers.cookie ?? '').split('; ');
  const own = pairs.find((pair) => pair.startsWith(`${cookieName}=`));
  if (answer.status !== 200 || own === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'set-cookie': `${own}; ${attributes}` } };
}
