import type { Actor } from '../port/actor.ts';

/** What a person is told of an end that somebody decided; undefined where it is his own sign-out, or his application's. */
export function kindOfEnd(by: Actor): 'session_ended' | 'ended_by_operator' | undefined {
  if (isOperator(by)) return 'ended_by_operator';
  return typeof by === 'string' ? undefined : 'session_ended';
}

/** Whether an operator decides, on a page or at the command line. */
export function isOperator(by: Actor): boolean {
  return typeof by === 'string' ? by === 'operator' : by.as === 'operator';
}

/** What a person is told where a cookie, a refresh token or a code came a second time: somebody else has it. */
export const stolen = 'session_stolen';
