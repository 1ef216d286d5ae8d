import type { RequestParts } from '../exchange.ts';

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

const carriers = /^(authorization|cookie|dpop|x-.*(token|key|auth).*)$/i;
const longest = 160;

function masked(name: string, value: string): string {
  const text = maskTokens(value);
  if (text !== value || !carriers.test(name)) return shortened(text);
  // What is no JWS may be a secret as a whole: the scheme and a few characters tell what it was.
  const [first = '', ...rest] = value.split(' ');
  return rest.length === 0 ? cut(first) : `${first} ${cut(rest.join(' '))}`;
}

/** Without its signature a token is a statement that nobody believes. */
export function maskTokens(text: string): string {
  return text.replace(/\b([\w-]{8,}\.[\w-]*)\.([\w-]{12})[^\s;,&"]*/g, '$1.$2…');
}

function cut(text: string): string {
  return text.length <= 12 ? text : `${text.slice(0, 8)}… (${text.length} characters)`;
}

function shortened(text: string): string {
  return text.length <= 4 * longest ? text : `${text.slice(0, 4 * longest)}… (${text.length} characters)`;
}

/** Control characters are written as `$'…'`, which POSIX shells of today read. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/[^\x20-\x7e]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = [...Buffer.from(word, 'latin1')].map((byte) => {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x27 && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${escaped.join('')}'`;
}
