import { HolderError } from '../../errors.ts';
import { answerTo, crossSite, withHeaders } from '../answers.ts';
import type { OpenedRequest, WebSession } from '../open-request.ts';
import type { WebSessions } from '../web-sessions.ts';

/** The parts of Hono's context that are used. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request };
  get res(): Response;
  set res(answer: Response | undefined);
}

const sessions = new WeakMap<object, WebSession | undefined>();

/**
 * Makes the Hono middleware that reads the session of every request, and refreshes its token, before a handler runs. The
 * handler calls `webSessionOf(c)`.
 */
export function webSessions(
  web: WebSessions,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    let opened: OpenedRequest;
    try {
      opened = await web.open(context.req.raw);
    } catch (error) {
      if (error instanceof HolderError && error.code === crossSite.code) return answerTo(crossSite);
      throw error;
    }
    sessions.set(context, opened.session);
    await next();
    const answer = withHeaders(context.res, await opened.headers());
    // Hono would put the headers of the answer before over those of this one.
    context.res = undefined;
    context.res = answer;
    return undefined;
  };
}

/**
 * Gives the session of a request; undefined: nobody is signed in.
 *
 * @throws TypeError if `webSessions(web)` does not stand before the route.
 */
export function webSessionOf(context: object): WebSession | undefined {
  if (!sessions.has(context))
    throw new TypeError('no session was read: put webSessions(web) before the handler of this route');
  return sessions.get(context);
}
