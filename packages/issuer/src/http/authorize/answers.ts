import type { AuthError } from '@symbolon/token';
import { errorPage } from '../../pages/error-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { Office } from '../office.ts';
import { tellRefusal } from '../page-errors.ts';

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
  return tellRefusal(errorPage(view), { error, cookies });
}
