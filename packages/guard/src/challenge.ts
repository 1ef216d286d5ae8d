import { AuthError, signatureNames } from '@symbolon/token';

/** The answer to a refused request. */
export interface Challenge {
  readonly status: AuthError['status'];
  readonly headers: Readonly<Record<string, string>>;
  /** JSON: `error` and `error_description`. */
  readonly body: string;
}

/**
 * Turns a refusal into an HTTP answer (RFC 6750 section 3, RFC 9449 sections 7 and 8, RFC 9470 section 3).
 *
 * Every text comes from the table of refusals or from the route's own requirement: nothing of the request is
 * ever repeated. The precise code stays in the error, for logs.
 *
 * @throws whatever is not an `AuthError`, unchanged: a fault must never look like a refusal.
 */
export function challengeFor(error: unknown, accepted: { bearer: boolean }): Challenge {
  if (!(error instanceof AuthError)) throw error;
  const named = error.error === undefined ? {} : { error: error.error };
  return {
    status: error.status,
    headers: {
      ...(error.status < 429 ? { 'www-authenticate': challenges(error, accepted) } : {}),
      ...detailHeaders(error),
      'cache-control': 'no-store',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...named, error_description: error.message }),
  };
}

/** Makes the answer as a Fetch `Response`. */
export function challengeResponse({ status, headers, body }: Challenge): Response {
  return new Response(body, { status, headers });
}

function challenges(error: AuthError, accepted: { bearer: boolean }): string {
  const parameters = parametersOf(error);
  const dpop = ['DPoP', [...parameters, `algs="${signatureNames.join(' ')}"`].join(', ')].join(' ');
  if (!accepted.bearer) return dpop;
  const ofProof = error.error === 'invalid_dpop_proof' || error.error === 'use_dpop_nonce';
  const bearer = ofProof ? 'Bearer' : ['Bearer', parameters.join(', ')].join(' ').trimEnd();
  return `${dpop}, ${bearer}`;
}

function parametersOf(error: AuthError): readonly string[] {
  if (error.error === undefined) return [];
  const { scope, maxAge } = error.detail;
  return [
    `error="${error.error}"`,
    `error_description="${error.message}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
  ];
}

function detailHeaders({ detail: { nonce, retryAfter } }: AuthError): Record<string, string> {
  return {
    ...(nonce === undefined ? {} : { 'dpop-nonce': String(nonce) }),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  };
}
