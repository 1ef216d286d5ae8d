import type { Reply } from './exchange.ts';

const mostCookies = 50;

/** The `Cookie` header of a browser after an answer; paths and domains are not looked at, since it stays at one origin. */
export function cookiesAfter(header: string | undefined, reply: Reply): string | undefined {
  const lines = reply.kind === 'answer' ? reply.headers.filter(([name]) => /^set-cookie$/i.test(name)) : [];
  if (lines.length === 0) return header;
  const jar = new Map((header ?? '').split(/; */).filter(Boolean).map(pairOf));
  for (const [, line] of lines) {
    const [name, value] = pairOf(line.replace(/;.*$/s, ''));
    const isTaken = value === '' || /;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(line);
    if (isTaken) jar.delete(name);
    else if (jar.has(name) || jar.size < mostCookies) jar.set(name, value);
  }
  return jar.size === 0 ? undefined : [...jar].map((pair) => pair.join('=')).join('; ');
}

function pairOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? ['', text.trim()] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
