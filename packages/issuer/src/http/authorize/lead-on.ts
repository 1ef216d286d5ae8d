import type { AuthError } from '@symbolon/token';
import { leadingPage } from '../../pages/leading-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { page, seeOther } from '../page-answer.ts';
import { tellRefusal } from '../page-errors.ts';

/**
 * Sends a person to an address of an application where nobody has decided anything on a page: at once to one that an
 * operator registered. Of any other application the address is a stranger's word, and whoever opened a link to this
 * host must not end at a stranger's (RFC 9700 section 4.11.2): a page of ours lets the person choose.
 */
export async function leadOn(
  office: PeopleOffice,
  to: {
    readonly client: ClientRow;
    /** Compared with what the client registered. */
    readonly href: string;
    readonly cookies?: readonly string[];
    /** Why nothing came of it; undefined after a sign-out. */
    readonly error?: AuthError;
  },
): Promise<Response> {
  const { client, href, cookies = [], error } = to;
  const { by } = client.registration;
  if (by === 'operator') return seeOther(href, cookies);
  const application = { id: client.id, name: client.name, by };
  const said =
    error === undefined
      ? { title: 'You are signed out', text: 'No session of this browser stands here any more.' }
      : { title: 'Nothing was allowed', text: error.message, code: error.code };
  const markup = leadingPage({ site: siteOf(office.issuer), ...said, href, application });
  return error === undefined ? page(markup, { cookies }) : tellRefusal(markup, { error, cookies });
}
