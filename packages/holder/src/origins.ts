const loopback = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL may carry credentials: https, or http to this very machine. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname));
}

/**
 * Reads a configured URL.
 *
 * @throws TypeError unless it is https, or http on loopback, without user name, query and fragment.
 */
export function requireUrl(text: string, what: string): URL {
  const url = URL.parse(text);
  const bare = url?.username === '' && url.password === '' && !/[?#]/.test(text);
  if (url === null || !bare || !isSecure(url)) {
    throw new TypeError(
      `unexpected ${what}, expected an https URL (http on loopback) without query: ${text}`,
    );
  }
  return url;
}

/** The origins that may see a token: those named, else that of the audience alone. */
export function originsOf(audience: string, named?: readonly string[]): ReadonlySet<string> {
  const texts = named ?? [audience];
  return new Set(texts.map((text) => requireUrl(text, 'origin that may see the token').origin));
}
