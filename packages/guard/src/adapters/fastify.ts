import type { Guard } from '../guard.ts';
import type { Requirement } from '../requirement.ts';
import { letIn } from './let-in.ts';
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
): (request: FastifyRequestLike, reply: FastifyReplyLike, done?: () => void) => Promise<unknown> | undefined {
  const decide = guard.decide(requirement);
  return (request, reply, done) => {
    const refuse = (error: unknown): unknown => {
      const { status, headers, body } = guard.challenge(error); // throws a fault on, which Fastify answers
      reply.code(status);
      reply.headers({ ...headers });
      return reply.send(body);
    };
    let waiting: Promise<void> | undefined;
    try {
      waiting = letIn(request, decide(viewOfNode(request.raw, request.originalUrl)));
    } catch (error) {
      refuse(error);
      return undefined;
    }
    // Fastify goes on when a promise resolves, or, where there is none, when it is told.
    if (waiting !== undefined) return waiting.catch(refuse);
    done?.();
    return undefined;
  };
}
