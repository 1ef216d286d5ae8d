import { AuthError } from '@symbolon/token';

/**
 * What a guard needs of a request; a Fetch `Request` is one as it stands.
 *
 * `headers.get` gives **every** value of a field, joined by `", "` where it came more than once, as Fetch's
 * `Headers` does: an adapter that gave only the first would hide a second credential.
 */
export interface RequestView {
  readonly method: string;
  /** The path with its query, or an absolute URL. Only the path is ever used. */
  readonly url: string;
  readonly headers: { get(name: string): string | null | undefined };
}

/**
 * The URL of a request as the public knows it: the configured base and the path of the request.
 *
 * Host, forwarded headers and the origin of an absolute URL are never looked at: whoever sends the request
 * chooses them. `publicUrl` has no trailing slash.
 *
 * @throws AuthError `proof_url_unexpected` for a path that a router may read in one way and a URL parser in another.
 */
export function publicUrlOf(request: Pick<RequestView, 'url'>, publicUrl: string): string {
  const url = withoutQuery(request.url);
  if (ambiguous.test(url)) throw new AuthError('proof_url_unexpected');
  return publicUrl + pathOf(url);
}

/** To Express `/admin/../orders` begins with `/admin`; its URL, and so the proof for it, is that of `/orders`. */
const ambiguous = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)|\\/i;

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function pathOf(url: string): string {
  if (url.startsWith('/')) return url;
  const path = URL.parse(url)?.pathname ?? '/';
  return path.startsWith('/') ? path : '/';
}
