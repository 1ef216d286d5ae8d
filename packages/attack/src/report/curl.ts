import type { RequestParts } from '../http/exchange.ts';

/**
 * A request as a command that repeats it exactly, in a POSIX shell.
 *
 * It shows every credential in it: only for who asks to replay one attack.
 */
export function curlOf({ url, method, headers, body, path }: RequestParts): string {
  const sent = path === undefined ? url : new URL(url).origin + path;
  const words = [
    ...['curl', '-i', '--path-as-is', '-X', method],
    ...headers.flatMap(([name, value]) => ['-H', value === '' ? `${name};` : `${name}: ${value}`]),
    ...(body === undefined ? [] : ['--data-raw', body]),
    sent,
  ];
  return words.map(quoted).join(' ');
}

/** The same for a report, which many may read: credentials are cut. */
export function maskedCurlOf(request: RequestParts): string {
  const headers = request.headers.map(([name, value]) => [name, masked(name, value)] as const);
  const { body } = request;
  const url = maskTokens(request.url);
  return curlOf({ ...request, url, headers, ...(body === undefined ? {} : { body: maskTokens(body) }) });
}

const carriers = /^(authorization|proxy-authorization|dpop|x-.*(token|key|auth|secret).*)$/i;
const parameters = /\b([\w-]*(?:token|secret|key|assertion|password|jwt|csrf|xsrf)=)([^&;\s]{4})[^&;\s]*/gi;
const longest = 640;

function masked(name: string, value: string): string {
  const text = maskTokens(value);
  if (/^cookie$/i.test(name)) return shortened(text.replace(/(=[^;]{4})[^;.…]*(?=;|$)/g, '$1…'));
  if (text !== value || !carriers.test(name)) return shortened(text);
  // What is no JWS may be a secret as a whole: the scheme and a few characters tell what it was.
  const [first = '', ...rest] = value.split(' ');
  return rest.length === 0 ? cut(first) : `${first} ${cut(rest.join(' '))}`;
}

/** Cuts tokens and secrets out of a text: without its signature a token is a statement that nobody believes. */
export function maskTokens(text: string): string {
  return text
    .replace(/\b([\w-]{8,}\.[\w-]*)\.([\w-]{6})[^\s;,&"'<]*/g, '$1.$2…')
    .replace(parameters, (whole, name: string, start: string) =>
      whole.includes('…') ? whole : `${name}${start}…`,
    );
}

function cut(text: string): string {
  return text.length <= 8 ? text : `${text.slice(0, 4)}… (${text.length} characters)`;
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}

/** Control characters are written as `$'…'`, which POSIX shells of today read. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/[^\x20-\x7e\u0100-\u{10ffff}]/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = Array.from(word, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const isPlain = (code >= 0x20 && code <= 0x7e && code !== 0x27 && code !== 0x5c) || code > 0xff;
    return isPlain ? character : `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `$'${escaped.join('')}'`;
}
