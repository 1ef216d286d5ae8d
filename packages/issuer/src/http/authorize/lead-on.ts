import type { AuthError } from '@symbolon/token';
import { answerUrl, type AuthorizationAnswer } from '../../linking/authorization-answer.ts';
import { leadingPage } from '../../pages/authorize/leading-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { ClientRow } from '../../storage/port/rows.ts';
import type { PeopleOffice } from '../office.ts';
import { formTarget, page, seeOther } from '../page-answer.ts';
import { tellRefusal } from '../page-errors.ts';
import { refusedWith } from '../refusal-code.ts';
import { sendAnswer } from './send-answer.ts';

/**
 * Sends a person to an address of an application where nobody has decided anything on a page: at once to one that an
 * operator registered. Of any other application the address is a stranger's word, and whoever opened a link to this
 * host must not end at a stranger's (RFC 9700 section 4.11.2): a page of ours lets the person choose.
 */
export async function leadOn(
  office: PeopleOffice,
  leading: {
    readonly client: ClientRow;
    /** An address, or an answer on its way to one; compared with what the client registered. */
    readonly to: string | AuthorizationAnswer;
    readonly cookies?: readonly string[];
    /** Why nothing came of it; undefined after a sign-out. */
    readonly error?: AuthError;
  },
): Promise<Response> {
  const { client, to, cookies = [], error } = leading;
  const { by } = client.registration;
  if (by === 'operator') {
    const answer = typeof to === 'string' ? seeOther(to, cookies) : await sendAnswer(office, to, cookies);
    return error === undefined ? answer : refusedWith(answer, error);
  }
  const way = wayTo(to);
  const application = { id: client.id, name: client.name, by };
  const said =
    error === undefined
      ? { title: 'You are signed out', text: 'No session of this browser stands here any more.' }
      : { title: 'Nothing was allowed', text: error.message, code: error.code };
  const markup = leadingPage({ site: siteOf(office.issuer), ...said, ...way, application });
  const init = { cookies, ...(way.fields && { formOnlyTo: formTarget(way.href) }) };
  return error === undefined ? page(markup, init) : tellRefusal(markup, { error, ...init });
}

/** A link, or what a form brings where the application wants its answer in no address. */
function wayTo(to: string | AuthorizationAnswer): {
  href: string;
  fields?: AuthorizationAnswer['fields'];
} {
  if (typeof to === 'string') return { href: to };
  if (to.responseMode === 'query') return { href: answerUrl(to) };
  return { href: to.redirectUri, fields: to.fields };
}
