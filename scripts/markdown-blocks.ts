/** A fenced code block of a Markdown page. */
export interface CodeBlock {
  readonly page: string;
  /** Line of the first line of code, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language: `no-check`. */
  readonly mark: string;
  readonly code: string;
}

const fence = /^(\s*)(`{3,}|~{3,})\s*(\S*)\s*(.*)$/;

/** The fenced blocks of a page, in order. A block indented in a list loses that indentation. */
export function blocksOf(page: { name: string; text: string }): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = page.text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', marker, language = '', mark = ''] = fence.exec(lines[at] ?? '') ?? [];
    if (marker === undefined) continue;
    const first = at + 1;
    const isEnd = (line: string, index: number): boolean => index >= first && line.trim() === marker;
    const end = lines.findIndex(isEnd);
    if (end === -1) throw new TypeError(`${page.name}:${String(first)}: the code block has no end`);
    const code = lines.slice(first, end).map((line) => line.replace(indent, ''));
    blocks.push({ page: page.name, line: first + 1, language, mark: mark.trim(), code: code.join('\n') });
    at = end;
  }
  return blocks;
}
