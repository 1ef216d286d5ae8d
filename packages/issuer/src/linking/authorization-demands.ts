import type { OpenAuthorization } from './authorizations.ts';
import { contextOf } from './id-tokens.ts';

/** What somebody who is signed in does not meet: another person is meant, it was too long ago, or in too weak a way. */
export type Unmet = 'person' | 'time' | 'context';

/**
 * Judges a sign-in by what the application demands of it (`id_token_hint`, `prompt=login` and `max_age`, `acr_values`;
 * OpenID Connect Core section 3.1.2.1); undefined where it is good.
 *
 * Time is judged from when the application asked: what was proved since then is never asked for twice, however long
 * the person takes.
 */
export function unmetBy(
  open: OpenAuthorization,
  signedIn: { readonly subject: string; readonly authTime: number; readonly amr: readonly string[] },
): Unmet | undefined {
  const { hintedSubject, acrValues } = open.request;
  if (hintedSubject !== null && hintedSubject !== signedIn.subject) return 'person';
  if (signedIn.authTime < (earliestAuthTime(open) ?? 0)) return 'time';
  return acrValues !== null && contextOf(signedIn.amr) === undefined ? 'context' : undefined;
}

/**
 * Whether what comes of a request goes on after the sign-in in which it was allowed: all but telling an application who
 * is here. `knowsWho` of `storage/sql/logouts.ts` says the same of sessions.
 */
export function outlivesSignIn({ request }: Pick<OpenAuthorization, 'request'>): boolean {
  const scope = request.scope.split(' ');
  return !scope.includes('openid') || scope.includes('offline_access');
}

/** Since when the person must have proved to be there, in seconds; null where any time is good. */
export function earliestAuthTime({ request, createdAt }: OpenAuthorization): number | null {
  const age = request.prompt.includes('login') ? 0 : request.maxAge;
  return age === null ? null : createdAt - age;
}
