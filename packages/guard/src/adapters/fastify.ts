import type { Guard } from '../guard.ts';
import type { Requirement } from '../requirement.ts';
import { rememberSession } from '../session.ts';
import { viewOfNode, type NodeRequest } from './node.ts';

/** The parts of Fastify's request that are read. */
export interface FastifyRequestLike {
  readonly originalUrl: string;
  readonly raw: NodeRequest;
}

/** The parts of Fastify's reply that are used. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

/**
 * Makes the Fastify hook (`onRequest` or `preHandler`) that lets in who meets the requirement; the handler calls
 * `sessionOf(request)`.
 *
 * @throws TypeError if the requirement is malformed.
 */
export function protect(
  guard: Guard,
  requirement?: Requirement,
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown> {
  const authenticate = guard.require(requirement);
  return async (request, reply) => {
    try {
      const view = viewOfNode(request.raw);
      rememberSession(request, await authenticate({ ...view, url: request.originalUrl }));
      return undefined;
    } catch (error) {
      const { status, headers, body } = guard.challenge(error);
      reply.code(status);
      reply.headers({ ...headers });
      return reply.send(body);
    }
  };
}
