import { HolderError } from '../../errors.ts';
import { answerTo, crossSite } from '../answers.ts';
import type { WebSession } from '../open-request.ts';
import type { WebRequest } from '../web-request.ts';
import type { WebSessions } from '../web-sessions.ts';
import { keepPrivate } from './keep-private.ts';
import { sendResponse, setHeaders, viewOfNode, type NodeRequest, type NodeResponse } from './node.ts';

type Next = (fault?: unknown) => void;

const sessions = new WeakMap<object, WebSession | undefined>();

/**
 * Makes the Express middleware that reads the session of every request, and refreshes its token, before a handler runs.
 *
 * The handler calls `webSessionOf(req)`. A request that changes something and came from elsewhere is answered here, with 403.
 */
export function webSessions(
  web: WebSessions,
): (request: NodeRequest, response: NodeResponse, next: Next) => Promise<void> {
  return async (request, response, next) => {
    try {
      const opened = await web.open(viewOfNode(request));
      const headers = await opened.headers();
      setHeaders(response, headers);
      if (headers.length > 0) keepPrivate(response);
      sessions.set(request, opened.session);
    } catch (error) {
      if (!(error instanceof HolderError) || error.code !== crossSite.code) throw error;
      await sendResponse(response, answerTo(crossSite));
      return;
    }
    next();
  };
}

/**
 * Gives the session of a request; undefined: nobody is signed in.
 *
 * @throws TypeError if `webSessions(web)` does not stand before the route.
 */
export function webSessionOf(request: object): WebSession | undefined {
  if (!sessions.has(request))
    throw new TypeError('no session was read: put webSessions(web) before the handler of this route');
  return sessions.get(request);
}

/** Makes an Express handler of one that speaks Fetch: `route(async (request) => (await web.signOut(request)).response)`. */
export function route(
  handler: (request: WebRequest) => Promise<Response>,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => sendResponse(response, await handler(viewOfNode(request)));
}
