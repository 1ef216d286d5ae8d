import { deskTarget } from './link-desk.ts';
import { officeTarget } from './office.ts';
import { withPage } from './pages.ts';
import { takesGzip } from './takes-gzip.ts';
import type { Answer, Seen, Target } from './target.ts';

const gzip = { 'content-encoding': 'gzip' };

/** Servers that compress whatever they say. */
export const compressedTargets: readonly Target[] = [
  withPage(
    'account-compressed',
    'the page guards its forms by a token, says what was searched for, and everything is compressed',
    ['web/compressed-account'],
    (request, answer, page) => (answer.status === 200 ? shown(request, { page, hasToken: true }) : answer),
  ),
  deskTarget(
    {
      name: 'consent-compressed',
      flaw: 'the consent page repeats what it was asked for, and everything is compressed',
      finds: ['authorize/page-compressed'],
      runs: ['authorize/page-'],
    },
    {
      after: (request, answer) => {
        const isPage = answer.body?.includes('<form') === true && takesGzip(request.headers);
        const state = new URL(request.url, 'http://localhost').searchParams.get('state') ?? '';
        const body = answer.body?.replace('<form', `<p>${state.replace(/\W/g, '')}</p><form`) ?? '';
        return { ...answer, body, headers: { ...answer.headers, ...(isPage ? gzip : {}) } };
      },
    },
  ),
  officeTarget(
    {
      name: 'token-compressed',
      flaw: 'the answer with the token repeats the state, and everything is compressed',
      finds: ['issuer/token-compressed'],
    },
    {
      echoes: 'state',
      headers: (request) => ({ 'cache-control': 'no-store', ...(takesGzip(request.headers) ? gzip : {}) }),
    },
  ),
];

/** A strong server whose page says what was searched for and is compressed, with nothing secret in it. */
export const strongCompressed: Target = {
  ...withPage('strong-compressed', '', [], (request, answer, page) =>
    answer.status === 200 ? shown(request, { page, hasToken: false }) : answer,
  ),
};

function shown(
  { url, headers }: Seen,
  { page, hasToken }: { readonly page: Answer; readonly hasToken: boolean },
): Answer {
  const asked = new URL(url, 'http://localhost').searchParams.get('q')?.replace(/[^\w ]/g, '') ?? '';
  const guard = hasToken ? '<input type="hidden" name="guard" value="c2VjcmV0c2VjcmV0c2VjcmV0">' : '';
  const body = `${page.body ?? ''}<form method="post" action="/end">${guard}<button>End</button></form>Found: ${asked}`;
  const isCompressed = takesGzip(headers);
  return {
    ...page,
    body,
    headers: { ...page.headers, ...(isCompressed ? gzip : {}) },
  };
}
