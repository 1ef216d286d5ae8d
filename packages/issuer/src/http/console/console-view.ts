import type { ConsoleView } from '../../pages/console/frame.ts';
import type { ActingSession } from '../../storage/port/actor.ts';
import { readFlash } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import type { Visit } from '../visit.ts';

/** What every page of the console shows: who reads it, and what he has just done. */
export async function consoleView(office: PeopleOffice, visit: Visit): Promise<ConsoleView> {
  const [now, notice] = await Promise.all([office.storage.now(), readFlash(office, visit)]);
  return { site: visit.site, reader: visit.person, now, ...(notice === undefined ? {} : { notice }) };
}

/**
 * Who decides: the operator who asks, for as long as he is signed in and an operator. The audit log has his subject,
 * which names nobody outside this store.
 */
export function byOperator({ person }: Visit): ActingSession {
  return { sid: person.sid, as: 'operator', name: `operator:${person.subject}` };
}

/** What was asked for in the address, trimmed; '' where nothing was. */
export function asked({ url }: Visit, name: string): string {
  // Some databases keep no NUL, and no name has a control in it.
  return (url.searchParams.get(name) ?? '')
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, '')
    .trim()
    .slice(0, 256);
}

/** A path with what is asked for, and nothing for what is not. */
export function pathAsking(path: string, query: Readonly<Record<string, string>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
