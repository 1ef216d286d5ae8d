/**
 * Asks the issuer and answers what it said. A refusal comes back as an error with the issuer's own words.
 *
 * @param {string} path
 * @param {object} body
 */
export async function ask(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error_description ?? 'The server could not answer.'), {
    code: answer.code,
  });
}

/** The WebAuthn library, which the page loads before its script. */
export const webauthn = globalThis.SimpleWebAuthnBrowser;

/**
 * Words for what went wrong. A person who closes the browser's own dialog has not failed at anything.
 *
 * @param {unknown} error
 */
export function explain(error) {
  const name = error?.name;
  if (name === 'NotAllowedError' || name === 'AbortError')
    return 'Nothing was sent: the browser’s question was closed or ran out of time. Try again when you are ready.';
  if (name === 'InvalidStateError') return 'This device already has a passkey for this account.';
  if (name === 'NotSupportedError') return 'This device cannot make the kind of passkey that is needed here.';
  if (error instanceof TypeError)
    return 'The server could not be reached. Check your connection and try again.';
  return error?.message ?? 'Something went wrong. Try again.';
}
