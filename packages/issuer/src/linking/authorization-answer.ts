import type { AuthError } from '@symbolon/token';

/** How an application is answered: in the query of its redirect URI, or by a form that the browser posts there. */
export type ResponseMode = 'query' | 'form_post';

/** Whom an answer is for. */
export interface Recipient {
  readonly redirectUri: string;
  readonly state: string | null;
  readonly responseMode: ResponseMode;
}

/** An answer on its way to an application. */
export interface AuthorizationAnswer {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly fields: Readonly<Record<string, string>>;
}

/** Every answer says by whom it is (RFC 9207), so that a client of two issuers cannot mix them up. */
export function answerTo(
  { redirectUri, state, responseMode }: Recipient,
  { issuer, answer }: { issuer: string; answer: Readonly<Record<string, string>> },
): AuthorizationAnswer {
  const fields = { ...answer, ...(state === null ? {} : { state }), iss: issuer };
  return { redirectUri, responseMode, fields };
}

/** Tells an application that its request came to nothing (RFC 6749 section 4.1.2.1). */
export function errorTo(
  recipient: Recipient,
  { issuer, error }: { issuer: string; error: AuthError },
): AuthorizationAnswer {
  const answer = { error: error.error ?? 'invalid_request', error_description: error.message };
  return answerTo(recipient, { issuer, answer });
}

/**
 * Where an answer by query sends the person.
 *
 * @throws TypeError for one that has to be posted: its fields belong into no URL.
 */
export function answerUrl({ redirectUri, responseMode, fields }: AuthorizationAnswer): string {
  if (responseMode !== 'query')
    throw new TypeError(`unexpected response mode ${responseMode}, expected query`);
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${new URLSearchParams(fields).toString()}`;
}
