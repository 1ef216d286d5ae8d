import { presencePage } from '../../pages/sign-in/presence-page.ts';
import { siteOf } from '../../pages/site.ts';
import { json } from '../answers.ts';
import { withCookies } from '../cookies.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page, seeOther } from '../page-answer.ts';
import { proofBody, readBodyAs } from './bodies.ts';
import { demandPerson } from './demand-person.ts';
import { readReturnTo } from './return-to.ts';
import { waitingApplication } from './waiting-application.ts';

/** `GET /presence`: asks whoever is signed in for a passkey once more; whoever is not, signs in, which proves as much. */
export async function showPresence(office: PeopleOffice, request: Request): Promise<Response> {
  const to = readReturnTo(office.issuer, new URL(request.url).searchParams.get('return_to'));
  const site = siteOf(office.issuer);
  const signedIn = await office.browsers.identify(request);
  if (signedIn === undefined) return seeOther(`${site.base}/sign-in?return_to=${encodeURIComponent(to)}`);
  const application = await waitingApplication(office, to);
  const { person, cookies } = signedIn;
  const view = { site, returnTo: to, person, ...(application === undefined ? {} : { application }) };
  const formAction = application === undefined ? [] : [formTarget(application.redirectUri)];
  return page(presencePage(view), { cookies, formAction });
}

/** `POST /presence/options`: what the browser asks a passkey of this account. */
export async function askForPresence(office: PeopleOffice, request: Request): Promise<Response> {
  const { person, cookies } = await demandPerson(office, request);
  return withCookies(json({ options: await office.signIns.askAgain(person) }), { cookies });
}

/** `POST /presence/verify`: moves `auth_time` in the token that is made now. */
export async function provePresence(office: PeopleOffice, request: Request): Promise<Response> {
  const { person } = await demandPerson(office, request);
  const { response, return_to: returnTo } = await readBodyAs(proofBody, request);
  const { amr } = await office.signIns.proveAgain(response, person);
  const cookies = await office.browsers.present(person.sid, amr);
  return withCookies(json({ location: readReturnTo(office.issuer, returnTo) }), { cookies });
}
