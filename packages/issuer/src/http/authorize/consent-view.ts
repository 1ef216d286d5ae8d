import type { OpenAuthorization } from '../../authorizations.ts';
import type { Person } from '../../browser-sessions.ts';
import { consentPage } from '../../pages/consent-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page } from '../page-answer.ts';

const words: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'Know your name',
  offline_access: 'Stay linked after you sign out here',
};

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
    ...{ audience, scope: value, words: words[value] ?? null },
    allowed: await office.storage.grantCovers({
      ...{ subject: person.subject, clientId: client.id },
      ...{ audience, scopes: [value] },
    }),
  }));
  const markup = consentPage({
    site: siteOf(office.issuer),
    request: handle,
    person,
    application: { id: client.id, name: client.name, by: client.registration.by },
    asked: await Promise.all(scopes),
    redirectUri,
    lasts: { absolute: personAbsolute / micros, idle: personIdle / micros },
  });
  return page(markup, { cookies, formAction: [formTarget(redirectUri)] });
}
