import type { AuthError } from '@symbolon/token';
import { errorPage } from '../../pages/error-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { Office } from '../office.ts';
import { page } from '../page-answer.ts';
import { refusedWith } from '../refusal-code.ts';

/** Tells the person, where it is not certain that an application may be told. */
export async function tellPerson(
  office: Office,
  error: AuthError,
  cookies: readonly string[] = [],
): Promise<Response> {
  const view = {
    site: siteOf(office.issuer),
    title: 'This link cannot be followed',
    text: `${error.message} Nothing was allowed. Go back to the application and begin again.`,
    code: error.code,
  };
  return refusedWith(await page(errorPage(view), { status: pageStatus(error), cookies }), error);
}

/** The status of a page that tells a person of a refusal: who should wait is told so, all else is a bad request. */
export function pageStatus({ status }: AuthError): number {
  return status === 429 || status === 503 ? status : 400;
}
