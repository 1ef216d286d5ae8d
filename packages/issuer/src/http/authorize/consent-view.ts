import type { OpenAuthorization } from '../../linking/authorizations.ts';
import type { Person } from '../../people/browser-sessions.ts';
import { consentPage } from '../../pages/authorize/consent-page.ts';
import { scopeWords } from '../../pages/authorize/scope-words.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page } from '../page-answer.ts';

const micros = 1_000_000;

/** Shows who asks for what, and for how long. */
export async function showConsent(
  office: PeopleOffice,
  asked: {
    handle: string;
    open: OpenAuthorization;
    client: ClientRow;
    person: Person;
    cookies: readonly string[];
  },
): Promise<Response> {
  const { handle, client, person, cookies } = asked;
  const { audience, scope, redirectUri } = asked.open.request;
  const { personIdle, personAbsolute } = office.lifetimes;
  const scopes = scope.split(' ').map(async (value) => ({
    ...{ audience, scope: value, words: scopeWords(office.audiences, { audience, scope: value }) },
    allowed: await office.authorizations.isCovered({
      ...{ subject: person.subject, client, audience, scope: value },
    }),
  }));
  const markup = consentPage({
    site: siteOf(office.issuer),
    request: handle,
    session: person.sid,
    person,
    application: { id: client.id, name: client.name, by: client.registration.by, bearer: client.bearer },
    asked: await Promise.all(scopes),
    redirectUri,
    lasts: { absolute: personAbsolute / micros, idle: personIdle / micros },
  });
  return page(markup, { cookies, formAction: [formTarget(redirectUri)] });
}
