import { AuthError } from '@symbolon/token';
import type { Person } from './browser-sessions.ts';

/** How long a proof of presence counts before something that matters, in seconds. */
const presenceCounts = 300;

/** Whether the person proved to be there within the last five minutes (ASVS 4.0.1 section 3.7.1); `now` in ms. */
export function isPresent({ authTime }: Pick<Person, 'authTime'>, now: number): boolean {
  return authTime >= Math.floor(now / 1000) - presenceCounts;
}

/**
 * Demands that the person proved to be there within the last five minutes; `now` in ms.
 *
 * @throws AuthError `presence_required`.
 */
export function demandPresence(person: Pick<Person, 'authTime'>, now: number): void {
  if (!isPresent(person, now)) throw new AuthError('presence_required');
}
