import { challengeResponse } from '../challenge.ts';
import type { Guard } from '../guard.ts';
import type { RequestView } from '../request-view.ts';
import type { Requirement } from '../requirement.ts';
import { letIn } from './let-in.ts';

/** The part of Hono's context that is read. */
export interface HonoContextLike {
  readonly req: { readonly raw: RequestView };
}

/**
 * Makes the Hono middleware that lets in who meets the requirement; the handler calls `sessionOf(c)`.
 *
 * @throws TypeError if the requirement is malformed.
 */
export function protect(
  guard: Guard,
  requirement?: Requirement,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<Response | undefined> {
  const decide = guard.decide(requirement);
  return async (context, next) => {
    try {
      const waiting = letIn(context, decide(context.req.raw));
      if (waiting !== undefined) await waiting;
    } catch (error) {
      return challengeResponse(guard.challenge(error));
    }
    await next();
    return undefined;
  };
}
