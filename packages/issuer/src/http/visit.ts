import type { Person } from '../people/browser-sessions.ts';
import { isPresent } from '../people/presence.ts';
import { errorPage } from '../pages/error-page.ts';
import { siteOf, type Site } from '../pages/site.ts';
import { withCookies } from './cookies.ts';
import type { PeopleOffice } from './office.ts';
import { page, seeOther } from './page-answer.ts';
import { notFoundPage, refusalPage } from './page-errors.ts';

/** Somebody who is signed in asks for a page, or to do something. */
export interface Visit {
  readonly request: Request;
  readonly url: URL;
  readonly site: Site;
  readonly person: Person;
  /** What stands in the path. */
  readonly parameter: string;
}

type Answer = (visit: Visit) => Promise<Response>;
type Endpoint = (request: Request, parameter: string) => Promise<Response>;

/** An endpoint for somebody who is signed in; anybody else is sent to sign in, and back. */
export function forPerson(office: PeopleOffice, answer: Answer): Endpoint {
  return async (request, parameter) => {
    const site = siteOf(office.issuer);
    try {
      const known = await office.browsers.identify(request);
      const url = new URL(request.url);
      if (known === undefined) return toSignIn(site, { request, url });
      // Nothing here is named with anything else, and some databases keep no NUL.
      if (!/^[\x21-\x7e]*$/.test(parameter)) return await notFoundPage(site);
      const answered = await answer({ request, url, site, person: known.person, parameter });
      return known.cookies.length === 0 ? answered : withCookies(answered, { cookies: known.cookies });
    } catch (error) {
      return refusalPage(site, error);
    }
  };
}

/** An endpoint for operators; a person without that role is told so. */
export function forOperator(office: PeopleOffice, answer: Answer): Endpoint {
  return forPerson(office, async (visit) =>
    visit.person.role === 'operator' ? answer(visit) : page(operatorsOnly(visit.site), { status: 403 }),
  );
}

/**
 * Demands that the person has proved a passkey within five minutes (ASVS 4.0.1 section 3.7.1): answers where to go for
 * it, or undefined if all is well. The person comes back to `returnTo`, which is a page and does nothing by itself.
 */
export function askPresence(
  office: PeopleOffice,
  { visit, returnTo }: { visit: Visit; returnTo: string },
): Response | undefined {
  if (isPresent(visit.person, office.clock())) return undefined;
  return seeOther(`${visit.site.base}/presence?return_to=${encodeURIComponent(returnTo)}`);
}

/** Only what is read is gone back to: a form is never sent a second time. */
function toSignIn(site: Site, { request, url }: { request: Request; url: URL }): Response {
  const isRead = request.method === 'GET';
  const returnTo = isRead ? `${url.pathname}${url.search}` : `${site.base}/account`;
  const why = isRead ? '' : '&problem=session_over';
  return seeOther(`${site.base}/sign-in?return_to=${encodeURIComponent(returnTo)}${why}`);
}

function operatorsOnly(site: Site): ReturnType<typeof errorPage> {
  return errorPage({
    site,
    title: 'This page is for operators',
    text: 'Your account may not open the console. An operator can change that.',
    next: { href: `${site.base}/account`, text: 'To your account' },
  });
}
