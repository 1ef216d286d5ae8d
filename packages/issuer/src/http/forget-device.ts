/**
 * An answer after which the browser keeps nothing of this origin, nor what it bound to its device: also a session that
 * nobody could tell here, because its cookie had run out, is renewed no more. An issuer with a path shares its origin with
 * others, whose storage it leaves alone.
 *
 * Source: https://www.w3.org/TR/clear-site-data/
 */
export function forgettingDevice(answer: Response, { issuer }: { readonly issuer: string }): Response {
  if (new URL(issuer).pathname === '/') answer.headers.set('clear-site-data', '"storage"');
  return answer;
}
