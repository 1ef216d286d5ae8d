import { AuthError } from '@symbolon/token';
import { passkeyName } from '../../people/account-names.ts';
import { confirmPage } from '../../pages/confirm-page.ts';
import { errorPage } from '../../pages/error-page.ts';
import { html } from '../../pages/markup.ts';
import { shownName } from '../../pages/shown-name.ts';
import { siteOf } from '../../pages/site.ts';
import { json } from '../answers.ts';
import { withCookies } from '../cookies.ts';
import { doneAt, doneThere } from '../flash.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { readForm } from '../requests.ts';
import { passkeyBody, readBodyAs } from '../sign-in/bodies.ts';
import { demandPerson } from '../sign-in/demand-person.ts';
import { askPresence, type Visit } from '../visit.ts';

/** `POST /account/passkeys/options`: what the browser asks an authenticator. */
export async function askToAddPasskey(office: PeopleOffice, request: Request): Promise<Response> {
  const { person, cookies } = await demandPerson(office, request);
  return withCookies(json({ options: await office.factors.askToAdd(person) }), { cookies });
}

/** `POST /account/passkeys`: keeps a new passkey, and says where the page that shows it is. */
export async function addPasskey(office: PeopleOffice, request: Request): Promise<Response> {
  const { person, cookies } = await demandPerson(office, request);
  await office.factors.add(person, await readBodyAs(passkeyBody, request));
  const site = siteOf(office.issuer);
  const visit = { request, url: new URL(request.url), site, person, parameter: '' };
  const location = doneThere(office, { visit, to: `${site.base}/account`, what: 'passkey_added' });
  return withCookies(json({ location }), { cookies });
}

/** `POST /account/passkeys/…/name`. */
export async function renamePasskey(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = `${visit.site.base}/account`;
  const name = passkeyName.safeParse((await readForm(visit.request)).get('name') ?? '');
  if (!name.success) {
    return page(
      errorPage({
        site: visit.site,
        title: 'That name cannot be kept',
        text: 'A name has 1 to 60 characters, all of which can be seen.',
        next: { href: to, text: 'Back to your account' },
      }),
      { status: 400 },
    );
  }
  await office.factors.rename(visit.person, { id: visit.parameter, name: name.data });
  return doneAt(office, { visit, to, what: 'passkey_renamed' });
}

/** `GET /account/passkeys/…/remove`: asks once more, of somebody who is there. */
export async function askRemovePasskey(office: PeopleOffice, visit: Visit): Promise<Response> {
  const { base } = visit.site;
  const path = `${base}/account/passkeys/${encodeURIComponent(visit.parameter)}/remove`;
  const absent = askPresence(office, { visit, returnTo: path });
  if (absent !== undefined) return absent;
  const passkey = (await office.factors.list(visit.person)).find(({ id }) => id === visit.parameter);
  if (passkey === undefined) throw new AuthError('passkey_unknown');
  return page(
    confirmPage({
      site: visit.site,
      title: 'Remove this passkey?',
      text: html`${shownName(passkey.name)} will open nothing any more. Sessions that were started with it go
      on until you end them.`,
      action: path,
      button: 'Remove it',
      back: `${base}/account`,
    }),
  );
}

/** `POST /account/passkeys/…/remove`. */
export async function removePasskey(office: PeopleOffice, visit: Visit): Promise<Response> {
  const to = `${visit.site.base}/account`;
  const path = `${to}/passkeys/${encodeURIComponent(visit.parameter)}/remove`;
  const absent = askPresence(office, { visit, returnTo: path });
  if (absent !== undefined) return absent;
  await office.factors.remove(visit.person, visit.parameter);
  return doneAt(office, { visit, to, what: 'passkey_removed' });
}
