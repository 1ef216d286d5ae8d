import { enrolPage } from '../../pages/sign-in/enrol-page.ts';
import { siteOf } from '../../pages/site.ts';
import { json } from '../answers.ts';
import type { PeopleOffice } from '../office.ts';
import { page } from '../page-answer.ts';
import { codeBody, enrolBody, readBodyAs } from './bodies.ts';

/** `GET /enrol`: the page reads the code behind `#` itself, so this request tells nobody of it. */
export function showEnrolment(office: PeopleOffice, request: Request): Promise<Response> {
  const purpose = new URL(request.url).searchParams.get('for') === 'recovery' ? 'recovery' : 'account';
  return page(enrolPage({ site: siteOf(office.issuer), purpose }));
}

/** `POST /enrol/options`: what the browser asks an authenticator, for whoever has a code. */
export async function askToEnrol(office: PeopleOffice, request: Request): Promise<Response> {
  await office.browsers.identify(request);
  const { code } = await readBodyAs(codeBody, request);
  return json({ options: await office.enrolments.ask(code) });
}

/** `POST /enrol/verify`: keeps the passkey. The person signs in with it next, which shows that it works. */
export async function enrol(office: PeopleOffice, request: Request): Promise<Response> {
  await office.browsers.identify(request);
  const { code, name, response } = await readBodyAs(enrolBody, request);
  const { kind } = await office.enrolments.enrol(code, { name, response });
  const { base } = siteOf(office.issuer);
  // Whoever had to recover an account may have lost it to somebody; an operator's link has ended everything already.
  const next = `${base}/account/${kind === 'recovery' ? 'end-others' : 'recovery-codes'}`;
  return json({ location: `${base}/sign-in?return_to=${encodeURIComponent(next)}` });
}
