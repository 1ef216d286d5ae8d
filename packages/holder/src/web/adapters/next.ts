import { HolderError } from '../../errors.ts';
import { answerTo, crossSite, withHeaders } from '../answers.ts';
import { cookieHeaderAfter } from '../cookies.ts';
import type { WebSession } from '../open-request.ts';
import type { WebSessions } from '../web-sessions.ts';

/** The part of Next.js' `NextResponse` that is used. */
export interface NextResponseLike {
  next(init: { readonly request: { readonly headers: Headers } }): Response;
}

/** What `headers()` of `next/headers` gives. */
export interface NextHeadersLike {
  get(name: string): string | null;
}

/**
 * Makes the proxy of Next.js (`proxy.ts`) that refreshes the token of every request before anything is rendered.
 *
 * A server component can set no cookie, so the refresh happens here: the answer gets the new cookie, and what is rendered
 * reads it too. It lets nobody in: where it was passed by, a page reads the cookie itself and finds what it finds.
 */
export function webSessions(
  web: WebSessions,
  { NextResponse }: { readonly NextResponse: NextResponseLike },
): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const opened = await web.open(request);
      const answered = await opened.headers();
      return withHeaders(
        NextResponse.next({ request: { headers: afterwards(request, answered) } }),
        answered,
      );
    } catch (error) {
      if (error instanceof HolderError && error.code === crossSite.code) return answerTo(crossSite);
      throw error;
    }
  };
}

/** What the browser would send if it asked again after this answer. */
function afterwards(
  { headers }: Request,
  answered: readonly (readonly [name: string, value: string])[],
): Headers {
  const next = new Headers(headers);
  for (const [name, value] of answered)
    if (name === 'set-cookie') next.set('cookie', cookieHeaderAfter(next.get('cookie'), value));
  return next;
}

/**
 * Gives a page (a server component) the session of its request, `webSessionOf(web, await headers())`; undefined: nobody is
 * signed in. It reads the cookie itself and believes no proxy.
 */
export async function webSessionOf(
  web: WebSessions,
  headers: NextHeadersLike,
): Promise<WebSession | undefined> {
  return (await web.open({ method: 'GET', url: '/', headers })).session;
}

/**
 * Gives a server action the session of its request: an action changes something, so a page of this origin must have sent it.
 *
 * @throws HolderError `cross_site_request` where that is not so.
 */
export async function webSessionOfAction(
  web: WebSessions,
  headers: NextHeadersLike,
): Promise<WebSession | undefined> {
  return (await web.open({ method: 'POST', url: '/', headers })).session;
}
