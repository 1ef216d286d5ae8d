import type { Html } from '../pages/markup.ts';

/** How a page is sent. */
export interface PageInit {
  readonly status?: number;
  /** Whole `Set-Cookie` values. */
  readonly cookies?: readonly string[];
  /** Where a form on it may lead besides ourselves: sources as {@link formTarget} makes them. */
  readonly formAction?: readonly string[];
  /** Where its only form leads, instead: it sends nothing to ourselves. */
  readonly formOnlyTo?: string;
}

/** Of every answer that only its reader may see: nothing keeps it, and no other cookie gets it. */
const forItsReader = { 'cache-control': 'private, no-store', vary: 'Cookie' };

/**
 * A page: under a policy that runs only our own scripts and styles, in no frame, kept nowhere.
 *
 * Source: https://www.w3.org/TR/CSP3/
 */
export async function page(markup: Html, init: PageInit = {}): Promise<Response> {
  const headers = new Headers({
    ...forItsReader,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(init),
    'x-frame-options': 'DENY',
    // `no-referrer` would blank the Origin of our own forms, by which they are told from a stranger's.
    'referrer-policy': 'same-origin',
  });
  for (const cookie of init.cookies ?? []) headers.append('set-cookie', cookie);
  return new Response((await markup).toString(), { status: init.status ?? 200, headers });
}

/** After a form: go and read, so that a reload sends nothing again. `to` is a path of ours or a checked redirect URI. */
export function seeOther(to: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ ...forItsReader, location: to });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

/**
 * The source by which a policy lets a form lead to this URL: its origin; its scheme where it has no origin, or one
 * that a policy cannot spell (an IPv6 address).
 *
 * Browsers judge every redirect after a form as well.
 */
export function formTarget(url: string): string {
  const { origin, protocol, hostname } = new URL(url);
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin;
}

function policy({ formAction = [], formOnlyTo }: PageInit): string {
  const targets = formOnlyTo === undefined ? formAction : [formOnlyTo];
  const strange = targets.find((source) => !/^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9.:_-]+)?$/.test(source));
  if (strange !== undefined) throw new TypeError(`unexpected form target ${strange}, expected an origin`);
  return [
    "default-src 'none'",
    ...['script-src', 'style-src', 'img-src', 'connect-src'].map((directive) => `${directive} 'self'`),
    ['form-action', ...(formOnlyTo === undefined ? ["'self'"] : []), ...targets].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}
