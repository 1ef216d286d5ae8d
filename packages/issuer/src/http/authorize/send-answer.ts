import { answerUrl, type AuthorizationAnswer } from '../../linking/authorization-answer.ts';
import { formPostPage } from '../../pages/authorize/form-post-page.ts';
import { siteOf } from '../../pages/site.ts';
import type { Office } from '../office.ts';
import { formTarget, page, seeOther } from '../page-answer.ts';

/** Sends the person back to the application, with its answer in the way it asked for. */
export async function sendAnswer(
  office: Pick<Office, 'issuer'>,
  answer: AuthorizationAnswer,
  cookies: readonly string[] = [],
): Promise<Response> {
  if (answer.responseMode === 'query') return seeOther(answerUrl(answer), cookies);
  const { redirectUri: action, fields } = answer;
  return page(formPostPage({ site: siteOf(office.issuer), action, fields }), {
    cookies,
    formOnlyTo: formTarget(action),
  });
}
