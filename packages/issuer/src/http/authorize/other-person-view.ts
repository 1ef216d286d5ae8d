import type { OpenAuthorization } from '../../linking/authorizations.ts';
import type { Person } from '../../people/browser-sessions.ts';
import { otherPersonPage } from '../../pages/authorize/other-person-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page } from '../page-answer.ts';

/** Shows that the application means somebody else than who is signed in. */
export async function showOtherPerson(
  office: PeopleOffice,
  asked: {
    handle: string;
    open: OpenAuthorization;
    client: ClientRow;
    person: Person;
    cookies: readonly string[];
  },
): Promise<Response> {
  const { handle, open, client, person, cookies } = asked;
  const markup = otherPersonPage({
    site: siteOf(office.issuer),
    request: handle,
    session: person.sid,
    person,
    application: client,
  });
  return page(markup, { cookies, formAction: [formTarget(open.request.redirectUri)] });
}
