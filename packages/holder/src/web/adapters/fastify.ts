import { HolderError } from '../../errors.ts';
import { answerTo, crossSite } from '../answers.ts';
import type { WebSession } from '../open-request.ts';
import type { WebRequest } from '../web-request.ts';
import type { WebSessions } from '../web-sessions.ts';
import { keepPrivate } from './keep-private.ts';
import { viewOfNode, type NodeRequest, type NodeResponse } from './node.ts';

/** The parts of Fastify's request that are read. */
export interface FastifyRequestLike {
  readonly originalUrl: string;
  readonly raw: NodeRequest;
}

/** The parts of Fastify's reply that are used. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
  readonly raw: NodeResponse;
}

const sessions = new WeakMap<object, WebSession | undefined>();

/**
 * Makes the Fastify hook (`onRequest`) that reads the session of every request, and refreshes its token, before a handler
 * runs. The handler calls `webSessionOf(request)`.
 */
export function webSessions(
  web: WebSessions,
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown> {
  return async (request, reply) => {
    try {
      const opened = await web.open(viewOf(request));
      const headers = await opened.headers();
      for (const [name, value] of headers) reply.header(name, value);
      if (headers.length > 0) keepPrivate(reply.raw);
      sessions.set(request, opened.session);
      return undefined;
    } catch (error) {
      if (!(error instanceof HolderError) || error.code !== crossSite.code) throw error;
      return send(reply, answerTo(crossSite));
    }
  };
}

/**
 * Gives the session of a request; undefined: nobody is signed in.
 *
 * @throws TypeError if `webSessions(web)` is no hook of the route.
 */
export function webSessionOf(request: object): WebSession | undefined {
  if (!sessions.has(request))
    throw new TypeError('no session was read: add webSessions(web) as an onRequest hook of this route');
  return sessions.get(request);
}

/** Makes a Fastify handler of one that speaks Fetch: `route(async (request) => (await web.signOut(request)).response)`. */
export function route(
  handler: (request: WebRequest) => Promise<Response>,
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown> {
  return async (request, reply) => send(reply, await handler(viewOf(request)));
}

function viewOf(request: FastifyRequestLike): WebRequest {
  return { ...viewOfNode(request.raw), url: request.originalUrl };
}

async function send(reply: FastifyReplyLike, answer: Response): Promise<unknown> {
  reply.code(answer.status);
  for (const [name, value] of answer.headers) reply.header(name, value);
  return reply.send(await answer.text());
}
