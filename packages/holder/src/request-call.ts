/** One request of the caller, ready to be sent as often as needed. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly origin: string;
  readonly signal: AbortSignal;
  /** What the caller wants done with a redirect. */
  readonly redirect: RequestRedirect;
  /** Whether `next` may be called more than once. */
  readonly repeatable: boolean;
  /** The request itself, for one sending. */
  next(): Request;
  /** The same request for another URL, or as a GET without body. */
  toward(url: string, change: 'same' | 'get'): Call;
}

const bodyHeaders = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
];

/**
 * Reads what the caller wants fetched.
 *
 * The body of a Request is copied while it is sent (it may be needed again); a stream in `init.body` is sent
 * as it flows and cannot be repeated.
 *
 * @throws TypeError if the request brings credentials of its own: two in one request are always refused.
 */
export function readCall(input: RequestInfo | URL, init?: RequestInit): Call {
  const wanted = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow');
  // Manual: the platform would take the same proof along to another URL, and the token to another origin.
  const request = new Request(input, { ...init, redirect: wanted === 'error' ? 'error' : 'manual' });
  for (const name of ['authorization', 'dpop']) {
    if (request.headers.has(name))
      throw new TypeError(`unexpected ${name} header, expected none: the holder adds token and proof`);
  }
  return callOf(request, { redirect: wanted, repeatable: !isStream(init?.body) });
}

function callOf(request: Request, options: { redirect: RequestRedirect; repeatable: boolean }): Call {
  const { method, url, signal } = request;
  return {
    method,
    url,
    origin: new URL(url).origin,
    signal,
    ...options,
    next: () => (options.repeatable ? request.clone() : request),
    toward: (to, change) => {
      const repeatable = options.repeatable || change === 'get';
      return callOf(redirected(request, to, change), { redirect: options.redirect, repeatable });
    },
  };
}

function redirected(request: Request, url: string, change: 'same' | 'get'): Request {
  if (change === 'same') return new Request(url, request.clone());
  const headers = new Headers(request.headers);
  for (const name of bodyHeaders) headers.delete(name);
  return new Request(url, { method: 'GET', headers, redirect: 'manual', signal: request.signal });
}

/** Strings, buffers, blobs and forms can be sent again; whatever else there is flows by once. */
function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return body instanceof ReadableStream || Symbol.asyncIterator in body;
}
