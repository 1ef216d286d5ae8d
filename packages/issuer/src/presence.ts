import { AuthError } from '@symbolon/token';
import type { Person } from './browser-sessions.ts';

/** How long a proof of presence counts before something that matters, in seconds. */
export const presenceCounts = 300;

/**
 * Demands that the person proved to be there within the last five minutes; `now` in ms.
 *
 * @throws AuthError `presence_required`.
 */
export function demandPresence(person: Pick<Person, 'authTime'>, now: number): void {
  if (person.authTime < Math.floor(now / 1000) - presenceCounts) throw new AuthError('presence_required');
}
