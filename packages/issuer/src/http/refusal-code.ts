import { refusals, type AuthError, type AuthErrorCode } from '@symbolon/token';

/** Says of an answer that is no JSON why it was refused: the row of the table, which the page itself shows as well. */
export const refusalHeader = 'x-symbolon-refusal';

/** The same answer, which says in its head why it was refused, so that it is counted and logged. */
export function refusedWith(answer: Response, { code }: Pick<AuthError, 'code'>): Response {
  answer.headers.set(refusalHeader, code);
  return answer;
}

/** Why an answer was refused, as {@link refusedWith} said. */
export function refusalOf({ headers }: Response): AuthErrorCode | undefined {
  const code = headers.get(refusalHeader) ?? '';
  return isCode(code) ? code : undefined;
}

function isCode(code: string): code is AuthErrorCode {
  return Object.hasOwn(refusals, code);
}
