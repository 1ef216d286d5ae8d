import { AuthError } from '@symbolon/token';
import { errorPage } from '../../pages/error-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { Office } from '../office.ts';
import { tellRefusal } from '../page-errors.ts';
import type { Endpoint } from '../route.ts';

/** The same handler, whose refusals are told to the person: it is not certain that an application may be told. */
export function tellingPerson(office: Office, handle: Endpoint): Endpoint {
  return async (...given) => {
    try {
      return await handle(...given);
    } catch (error) {
      if (error instanceof AuthError) return tellPerson(office, error);
      throw error;
    }
  };
}

async function tellPerson(office: Office, error: AuthError): Promise<Response> {
  const view = {
    site: siteOf(office.issuer),
    title: 'This link cannot be followed',
    text: `${error.message} Nothing was allowed. Go back to the application and begin again.`,
    code: error.code,
  };
  return tellRefusal(errorPage(view), { error });
}
