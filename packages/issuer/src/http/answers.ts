import { AuthError } from '@symbolon/token';

/** Headers of every answer that holds a credential or says something of one (RFC 6749 section 5.1). */
export const uncached: Readonly<Record<string, string>> = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A JSON answer. */
export function json(
  body: unknown,
  init: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(JSON.stringify(body), {
    status: init.status ?? 200,
    headers: { 'content-type': 'application/json', ...(init.headers ?? uncached) },
  });
}

/**
 * Turns a refusal into an OAuth error answer (RFC 6749 section 5.2, RFC 9449 section 5).
 *
 * `code` says precisely why. Anything that is no `AuthError` is a fault and passes through.
 */
export function refuse(error: unknown): Response {
  if (!(error instanceof AuthError)) throw error;
  const body = {
    error: error.error ?? 'invalid_request',
    error_description: error.message,
    code: error.code,
  };
  const wait = error.detail['retryAfter'];
  return json(body, {
    status: statusOf(error),
    headers: { ...uncached, ...(wait === undefined ? {} : { 'retry-after': String(wait) }) },
  });
}

/** At these endpoints only a client that is not who it says gets 401, and a stranger's page 403; all else is 400. */
function statusOf(error: AuthError): number {
  if (error.status === 403 || error.status === 429 || error.status === 503) return error.status;
  return error.error === 'invalid_client' ? 401 : 400;
}
