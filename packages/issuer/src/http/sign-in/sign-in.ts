import { signInPage, type SignInProblem } from '../../pages/sign-in/sign-in-page.ts';
import { signedOutPage } from '../../pages/authorize/signed-out-page.ts';
import { siteOf } from '../../pages/site.ts';
import { json } from '../answers.ts';
import { withCookies } from '../cookies.ts';
import { forgettingDevice } from '../forget-device.ts';
import type { PeopleOffice } from '../office.ts';
import { page, seeOther } from '../page-answer.ts';
import { refusedWith } from '../refusal-code.ts';
import { readForm, required } from '../requests.ts';
import type { Sender } from '../route.ts';
import { proofBody, readBodyAs } from './bodies.ts';
import { deviceName } from './device-name.ts';
import { readReturnTo } from './return-to.ts';
import { waitingApplication } from './waiting-application.ts';

/** `GET /sign-in`: the page, or on to where the person wanted to go who is signed in. */
export async function showSignIn(office: PeopleOffice, request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  const to = readReturnTo(office.issuer, asked.get('return_to'));
  const signedIn = await office.browsers.identify(request);
  if (signedIn !== undefined) return seeOther(to, signedIn.cookies);
  // Said by an address, so it may say no more than this.
  const isOver = asked.get('problem') === 'session_over';
  return answerSignIn(office, { to, ...(isOver ? { problem: 'session_over' } : {}) });
}

async function answerSignIn(
  office: PeopleOffice,
  { to, problem, status = 200 }: { to: string; problem?: SignInProblem; status?: number },
): Promise<Response> {
  const application = await waitingApplication(office, to);
  const view = {
    site: siteOf(office.issuer),
    returnTo: to,
    ...(application === undefined ? {} : { application }),
    ...(problem === undefined ? {} : { problem }),
  };
  return page(signInPage(view), { status });
}

/** `POST /sign-in/options`: what the browser asks a passkey. */
export async function askToSignIn(office: PeopleOffice, request: Request): Promise<Response> {
  await office.browsers.identify(request);
  return json({ options: await office.signIns.ask() });
}

/** `POST /sign-in/verify`: the proof of a passkey begins a session in this browser. */
export async function signIn(office: PeopleOffice, request: Request): Promise<Response> {
  const before = await office.browsers.identify(request);
  const { response, return_to: returnTo } = await readBodyAs(proofBody, request);
  const device = deviceName(request);
  const proved = await office.signIns.prove(response, device);
  const replaces = [before?.person.sid, office.browsers.boundIn(request)];
  const started = await office.browsers.start({ ...proved, device, replaces });
  return withCookies(json({ location: readReturnTo(office.issuer, returnTo) }), started);
}

const tooMany = { code: 'attempts_exceeded' } as const;
const wrongCode = { code: 'recovery_refused' } as const;

/** `POST /sign-in/recovery`: a recovery code leads to the enrolment of a new passkey, and nowhere else. */
export async function recover(office: PeopleOffice, request: Request, sender: Sender): Promise<Response> {
  await office.browsers.identify(request);
  const form = await readForm(request);
  const to = readReturnTo(office.issuer, form.get('return_to'));
  if (!office.recoveries.admit(sender.address)) {
    const answer = await answerSignIn(office, { to, problem: 'too_many', status: 429 });
    answer.headers.set('retry-after', String(office.recoveries.pause));
    return refusedWith(answer, tooMany);
  }
  const account = required(form, 'account').slice(0, 1000);
  const code = await office.enrolments.recover(account, required(form, 'code').slice(0, 100));
  if (code === undefined)
    return refusedWith(
      await answerSignIn(office, { to, problem: 'recovery_code_wrong', status: 400 }),
      wrongCode,
    );
  return seeOther(`${siteOf(office.issuer).base}/enrol#${code}`);
}

/**
 * `POST /sign-out`: ends the session of this browser for good, also one bound to its device that could not be renewed
 * just now. Where nobody knows which that is, the browser itself forgets what it bound, and cannot renew it.
 */
export async function signOut(office: PeopleOffice, request: Request): Promise<Response> {
  const signedIn = await office.browsers.identify(request);
  const cookies =
    signedIn === undefined
      ? await office.browsers.endBound(request)
      : await office.browsers.end(signedIn.person.sid);
  return forgettingDevice(await page(signedOutPage({ site: siteOf(office.issuer) }), { cookies }), office);
}
