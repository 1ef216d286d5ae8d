import type { Guard } from '../guard.ts';
import type { Requirement } from '../requirement.ts';
import { rememberSession } from '../session.ts';
import { sendChallenge, viewOfNode, type NodeRequest, type NodeResponse } from './node.ts';

/**
 * Makes the Express middleware that lets in who meets the requirement; the handler calls `sessionOf(req)`.
 *
 * A fault goes to Express's error handler; only a refused credential is answered here.
 *
 * @throws TypeError if the requirement is malformed.
 */
export function protect(
  guard: Guard,
  requirement?: Requirement,
): (request: NodeRequest, response: NodeResponse, next: (fault?: unknown) => void) => Promise<void> {
  const authenticate = guard.require(requirement);
  return async (request, response, next) => {
    try {
      rememberSession(request, await authenticate(viewOfNode(request)));
    } catch (error) {
      sendChallenge(response, guard.challenge(error)); // throws a fault on, which Express hands to `next`
      return;
    }
    next();
  };
}
