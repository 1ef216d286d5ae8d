import type { BrowserSessions } from '../people/browser-sessions.ts';
import { withCookies } from './cookies.ts';
import { readBody } from './requests.ts';
import type { Route } from './route.ts';

/**
 * A route that browsers use, with what holds for all of them.
 *
 * The body is read whole before anybody asks who sent it: whoever sends it slowly is who he is when it has come, and
 * not who he was when it began. And every answer, refusals too, gives the browser the cookies that were renewed for the
 * request: without them it would come with the old ones, which is what a thief does.
 */
export function forBrowsers(
  [method, path, endpoint]: Route,
  {
    browsers,
    refuse,
  }: {
    browsers: BrowserSessions;
    refuse: (request: Request, error: unknown) => Response | Promise<Response>;
  },
): Route {
  return [
    method,
    path,
    async (request, parameter, sender) => {
      let whole = request;
      try {
        whole = await readWhole(request);
        return withRenewed(await endpoint(whole, parameter, sender));
      } catch (error) {
        return withRenewed(await refuse(request, error));
      }

      function withRenewed(answer: Response): Response {
        const cookies = browsers.renewedFor(whole);
        // An answer that says what becomes of the cookies has decided later than the renewal.
        if (cookies.length === 0 || answer.headers.has('set-cookie')) return answer;
        return withCookies(answer, { cookies });
      }
    },
  ];
}

/** @throws AuthError `request_malformed` for a body of more than 64 kB, and one that breaks off. */
async function readWhole(request: Request): Promise<Request> {
  const { method, url, headers, signal } = request;
  if (method !== 'POST') return request;
  return new Request(url, { method, headers, signal, body: await readBody(request) });
}
