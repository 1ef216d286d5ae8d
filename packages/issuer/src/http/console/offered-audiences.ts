import { ownAudiences } from '../../sessions/audiences.ts';
import type { PeopleOffice } from '../office.ts';

/** What the form offers: the issuer's own interfaces are for machines and guards, by the command line. */
export function offeredAudiences({ issuer, audiences }: PeopleOffice): PeopleOffice['audiences'] {
  const own = new Set(ownAudiences(issuer).map(({ audience }) => audience));
  return audiences.filter(({ audience }) => !own.has(audience));
}

/** Whether the form shows that a client has this. What the settings do not name any more it does not, nor takes away. */
export function isShown(office: PeopleOffice, target: string): boolean {
  const [name = '', scope] = target.split(' ');
  const offered = offeredAudiences(office).find(({ audience }) => audience === name);
  return offered !== undefined && (scope === undefined || offered.scopes.includes(scope));
}
