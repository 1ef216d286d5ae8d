import type { Guard } from '../guard.ts';
import type { Requirement } from '../requirement.ts';
import { letIn } from './let-in.ts';
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
): (
  request: NodeRequest,
  response: NodeResponse,
  next: (fault?: unknown) => void,
) => Promise<void> | undefined {
  const decide = guard.decide(requirement);
  return (request, response, next) => {
    const refuse = (error: unknown): void => {
      sendChallenge(response, guard.challenge(error)); // throws a fault on, which Express hands to `next`
    };
    let waiting: Promise<void> | undefined;
    try {
      waiting = letIn(request, decide(viewOfNode(request)));
    } catch (error) {
      refuse(error);
      return undefined;
    }
    if (waiting !== undefined)
      return waiting.then(() => {
        next();
      }, refuse);
    next();
    return undefined;
  };
}
