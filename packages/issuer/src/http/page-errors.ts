import { AuthError } from '@symbolon/token';
import { errorPage } from '../pages/error-page.ts';
import type { Html } from '../pages/markup.ts';
import type { Site } from '../pages/site.ts';
import { page, type PageInit } from './page-answer.ts';
import { refusedWith } from './refusal-code.ts';

/** Whether a browser shows the answer to somebody. Programs ask for something else, or for anything. */
export function wantsPage(request: Request): boolean {
  return request.headers.get('accept')?.includes('text/html') === true;
}

/** A refusal, in words. Anything that is no `AuthError` is a fault and passes through. */
export async function refusalPage(site: Site, error: unknown): Promise<Response> {
  if (!(error instanceof AuthError)) throw error;
  const foreign = error.code === 'request_cross_site';
  const markup = errorPage({
    site,
    title: foreign ? 'This did not come from here' : 'This was not done',
    text: foreign
      ? 'Another site tried to do something in your name. Nothing was done. If it was you, start from your account page.'
      : (why[error.code] ?? 'The request was refused, and nothing was changed. Go back and try again.'),
    code: error.code,
    next: { href: `${site.base}/account`, text: 'To your account' },
  });
  return tellRefusal(markup, { error, status: error.status === 401 ? 403 : error.status });
}

/** A page that tells a person of a refusal: with the status that programs go by, and when to come again. */
export async function tellRefusal(
  markup: Html,
  { error, status = pageStatus(error), ...init }: PageInit & { error: AuthError },
): Promise<Response> {
  const answer = await page(markup, { ...init, status });
  const wait = error.detail['retryAfter'];
  if (wait !== undefined) answer.headers.set('retry-after', String(wait));
  return refusedWith(answer, error);
}

/** What another site sent is forbidden, and who should wait is told so; all else is a bad request. */
function pageStatus({ status }: AuthError): number {
  return status === 403 || status === 429 || status === 503 ? status : 400;
}

const why: Readonly<Record<string, string>> = {
  session_ended: 'You were signed out in the meantime, so nothing was changed. Sign in again.',
  passkey_last:
    'It is the last passkey, and there is no recovery code: nothing would open the account. Add another passkey first.',
  passkey_unknown: 'There is no such passkey any more. It may have been removed in another window.',
  account_disabled: 'The account is disabled, so nothing opens it. Enable it first.',
  last_operator:
    'It is the last operator who may sign in: nobody could use the console any more. Make somebody else an operator first.',
  client_unknown: 'There is no such client.',
  client_unauthorized: 'The issuer’s own client cannot be removed: nobody could sign in without it.',
};

/** Where nothing is. */
export function notFoundPage(site: Site): Promise<Response> {
  const markup = errorPage({
    site,
    title: 'There is no such page',
    text: 'The address may be mistyped, or what it showed is over.',
    next: { href: `${site.base}/account`, text: 'To your account' },
  });
  return page(markup, { status: 404 });
}

/** Where something is, but nothing to open: what a form of ours sends, asked for in another way. */
export function wrongMethodPage(site: Site): Promise<Response> {
  const markup = errorPage({
    site,
    title: 'There is nothing to open here',
    text: 'This address belongs to a button or a program. Start from your account page.',
    next: { href: `${site.base}/account`, text: 'To your account' },
  });
  return page(markup, { status: 405 });
}

/** Something broke; what, is for the operator alone. */
export function faultPage(site: Site): Promise<Response> {
  const markup = errorPage({
    site,
    title: 'Something broke here',
    text: 'It was not you. Try again in a moment; if it stays so, tell whoever runs this site.',
  });
  return page(markup, { status: 500 });
}
