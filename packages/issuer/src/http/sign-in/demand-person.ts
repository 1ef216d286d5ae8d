import { AuthError } from '@symbolon/token';
import type { PeopleOffice } from '../office.ts';

/** @throws AuthError `session_ended` where nobody is signed in. */
export async function demandPerson(
  office: PeopleOffice,
  request: Request,
): Promise<NonNullable<Awaited<ReturnType<PeopleOffice['browsers']['identify']>>>> {
  const signedIn = await office.browsers.identify(request);
  if (signedIn === undefined) throw new AuthError('session_ended');
  return signedIn;
}
