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
 */
export function publicUrlOf(request: Pick<RequestView, 'url'>, publicUrl: string): string {
  return publicUrl + pathOf(request.url);
}

function pathOf(url: string): string {
  if (!url.startsWith('/')) return URL.parse(url)?.pathname ?? '/';
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
