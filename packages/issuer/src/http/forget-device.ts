/**
 * An answer after which the browser keeps nothing of this origin, nor what it bound to its device: also a session that
 * nobody could tell here, because its cookie had run out, is renewed no more.
 *
 * Source: https://www.w3.org/TR/clear-site-data/
 */
export function forgettingDevice(answer: Response): Response {
  answer.headers.set('clear-site-data', '"storage"');
  return answer;
}
