/** One tag of a page. */
export interface HtmlTag {
  /** In lower case. */
  readonly name: string;
  readonly isEnd: boolean;
  /** By their names in lower case; the first of a name counts. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The text up to the next tag. */
  readonly text: string;
}

const longestPage = 65_536;
const longestTag = 8192;
/** Elements in whose text nothing is a tag. */
const raw: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title']);
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The tags of the first 64 kB of a page, each character read once: the page may be an enemy's. */
export function* tagsOf(page: string): Generator<HtmlTag> {
  const html = page.slice(0, longestPage);
  let at = html.indexOf('<');
  while (at !== -1) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4);
      if (end === -1) return;
      at = html.indexOf('<', end);
      continue;
    }
    const end = endOf(html, at);
    if (end === undefined) return;
    const next = nextAfter(html, end);
    const tag = readTag(html.slice(at, end), html.slice(end + 1, next === -1 ? undefined : next));
    at = next;
    if (tag === undefined) continue;
    yield tag;
    if (raw.has(tag.name) && !tag.isEnd) at = closeOf(html, { name: tag.name, from: end });
  }
}

/** The `>` that ends the tag, quoted ones apart. */
function endOf(html: string, start: number): number | undefined {
  let quote = '';
  for (let at = start + 1; at < html.length && at - start < longestTag; at += 1) {
    const character = html.charAt(at);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
  }
  return undefined;
}

function nextAfter(html: string, end: number): number {
  return html.indexOf('<', end + 1);
}

function closeOf(html: string, { name, from }: { name: string; from: number }): number {
  const close = new RegExp(`</${name}`, 'gi');
  close.lastIndex = from;
  return close.exec(html)?.index ?? -1;
}

function readTag(inside: string, text: string): HtmlTag | undefined {
  const [, slash = '', name = ''] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(inside) ?? [];
  if (name === '') return undefined;
  const attributes = new Map<string, string>();
  const rest = inside.slice(1 + slash.length + name.length);
  for (const [, key = '', , double, single, bare] of rest.matchAll(
    /([^\s"'<>/=]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g,
  )) {
    const lower = key.toLowerCase();
    if (!attributes.has(lower)) attributes.set(lower, decoded(double ?? single ?? bare ?? ''));
  }
  return { name: name.toLowerCase(), isEnd: slash !== '', attributes, text: decoded(text.trim()) };
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, ...groups) => {
    const [decimal, hex, word] = groups as readonly (string | undefined)[];
    if (word !== undefined) return named[word.toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
