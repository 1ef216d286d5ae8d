import { AuthError, verifyIdToken } from '@symbolon/token';
import { signOutPage } from '../../pages/authorize/sign-out-page.ts';
import { signedOutPage } from '../../pages/authorize/signed-out-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import { forgettingDevice } from '../forget-device.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page, seeOther } from '../page-answer.ts';
import { readForm, readQuery, required, type Form } from '../requests.ts';
import { leadOn } from './lead-on.ts';
import { findLinked } from './parameters.ts';

/** Where the person wants to be afterwards, compared with what the application registered. */
interface Leaving {
  readonly client: ClientRow;
  readonly to: string | null;
}

/**
 * `GET` and `POST /logout` (OpenID Connect RP-Initiated Logout): asks the person, and then ends the sign-in. An ID token
 * passes through browsers and logs, so it says whom an application means, and ends nothing by itself.
 */
export async function logoutEndpoint(office: PeopleOffice, request: Request): Promise<Response> {
  const form = request.method === 'POST' ? await readForm(request) : readQuery(request);
  const leaving = await readLeaving(office, form);
  // Whatever was posted goes on as a GET, with the person's cookie and without the ID token.
  if (request.method === 'POST' || form.has('id_token_hint')) return seeOther(ownPath(office, leaving, form));
  return askPerson(office, request, { leaving, form });
}

/** `POST /logout/confirm`: the person said yes, on a page of ours. */
export async function confirmLogoutEndpoint(office: PeopleOffice, request: Request): Promise<Response> {
  const signedIn = await office.browsers.identify(request);
  const form = await readForm(request);
  const leaving = await readLeaving(office, form);
  if (signedIn !== undefined && ![signedIn.person.sid, whoever].includes(required(form, 'session')))
    return askPerson(office, request, { leaving, form });
  if (signedIn === undefined)
    return forgettingDevice(await goodbye(office, leaving, await office.browsers.endBound(request)), office);
  const cookies = await office.browsers.end(signedIn.person.sid);
  const answer =
    leaving?.to == null ? await goodbye(office, leaving, cookies) : seeOther(leaving.to, cookies);
  return forgettingDevice(answer, office);
}

/** Instead of a session's id, where the page that asks could not tell whose it is: no session has such a short one. */
const whoever = 'whoever';

async function readLeaving(office: PeopleOffice, form: Form): Promise<Leaving | undefined> {
  const hint = form.get('id_token_hint');
  const keys = await office.keys.identityTable();
  const meant = hint === undefined ? undefined : await verifyIdToken(hint, { keys, issuer: office.issuer });
  const clientId = form.get('client_id') ?? meant?.aud;
  const to = form.get('post_logout_redirect_uri') ?? null;
  if (clientId === undefined) {
    if (to !== null) throw new AuthError('redirect_uri_unknown');
    return undefined;
  }
  const client = await findLinked(office, clientId);
  if (meant !== undefined && meant.aud !== client.id) throw new AuthError('client_unknown');
  if (to !== null && !client.registration.postLogoutRedirectUris.includes(to))
    throw new AuthError('redirect_uri_unknown');
  return { client, to: to === null ? null : withState(to, form.get('state')) };
}

async function askPerson(
  office: PeopleOffice,
  request: Request,
  { leaving, form }: { leaving: Leaving | undefined; form: Form },
): Promise<Response> {
  const { person, cookies = [] } = (await office.browsers.identify(request)) ?? {};
  if (person === undefined && !isLedHere(request)) {
    const answer = await goodbye(office, leaving, cookies);
    return isVisited(request) ? forgettingDevice(answer, office) : answer;
  }
  const next = leaving?.to == null ? {} : { next: leaving.to };
  const markup = signOutPage({
    site: siteOf(office.issuer),
    ...(person === undefined ? {} : { person }),
    ...(leaving === undefined ? {} : { application: { name: leaving.client.name, ...next } }),
    action: new URL(`${office.issuer}/logout/confirm`).pathname,
    fields: { ...Object.fromEntries(carried(form)), session: person?.sid ?? whoever },
  });
  const formAction = leaving?.to == null ? [] : [formTarget(leaving.to)];
  return page(markup, { cookies, formAction });
}

/** Where the person has said nothing on a page of ours. */
async function goodbye(
  office: PeopleOffice,
  leaving: Leaving | undefined,
  cookies: readonly string[],
): Promise<Response> {
  if (leaving?.to != null) return leadOn(office, { client: leaving.client, to: leaving.to, cookies });
  return page(signedOutPage({ site: siteOf(office.issuer) }), { cookies });
}

/**
 * Whether a person came here alone, or from a page of ours, and looks at the answer in a window. Another site could send
 * any browser here, and what it embeds comes without our cookies: neither makes the browser forget anything.
 */
function isVisited({ headers }: Request): boolean {
  const ours = ['none', 'same-origin'].includes(headers.get('sec-fetch-site') ?? '');
  return ours && headers.get('sec-fetch-dest') === 'document';
}

/**
 * Whether another site has led a person here, in a window. Where no cookie came along nobody can tell that there is no
 * session: one that is bound to the device may be renewed with the next request. So the person is asked, and what a page of
 * ours then sends makes the browser forget.
 */
function isLedHere({ headers }: Request): boolean {
  const others = ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '');
  return others && headers.get('sec-fetch-dest') === 'document';
}

/** What is needed on the page after: no ID token. */
function carried(form: Form): [string, string][] {
  return [...form].filter(([name]) => ['client_id', 'post_logout_redirect_uri', 'state'].includes(name));
}

function ownPath(office: PeopleOffice, leaving: Leaving | undefined, form: Form): string {
  const to = new URL(`${office.issuer}/logout`);
  if (leaving !== undefined) to.searchParams.set('client_id', leaving.client.id);
  for (const [name, value] of carried(form)) to.searchParams.set(name, value);
  return to.href;
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state }).toString()}`;
}
