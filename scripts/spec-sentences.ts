import ts from 'typescript';

/** Where a sentence stands, or a test names it. */
export interface Mention {
  readonly id: string;
  readonly at: string;
}

/** What one test file says about sentences. */
export interface TestMentions {
  /** Ids of titles (`'TOKEN-4, TOKEN-5: …'`) and of bare ids in tables of tests (`'TOKEN-4'`). */
  readonly named: readonly Mention[];
  /** Ids of tests that are skipped or still to do: they show nothing. */
  readonly skipped: readonly Mention[];
}

const sentence = /^\s*- \*\*([A-Z][A-Z0-9]*-\d+)\*\*/;
const title = /^((?:[A-Z][A-Z0-9]*-\d+, )*[A-Z][A-Z0-9]*-\d+): /;
const bareId = /^[A-Z][A-Z0-9]*-\d+$/;

/** The sentences of a page: its lines `- **TOKEN-4** …`. */
export function sentencesOf(page: { name: string; text: string }): Mention[] {
  return page.text.split('\n').flatMap((line, index) => {
    const id = sentence.exec(line)?.[1];
    return id === undefined ? [] : [{ id, at: `${page.name}:${String(index + 1)}` }];
  });
}

/** The sentences a test file names; `families` tells `TOKEN-4` in a table from words like `SHA-256`. */
export function mentionsOf(
  file: { name: string; text: string },
  families: ReadonlySet<string>,
): TestMentions {
  const source = ts.createSourceFile(file.name, file.text, ts.ScriptTarget.Latest, true);
  const named: Mention[] = [];
  const skipped: Mention[] = [];
  const visit = (node: ts.Node): void => {
    const text = literalText(node);
    const found = text === undefined ? [] : idsIn(text, families);
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const list = isSkipped(node) ? skipped : named;
    list.push(...found.map((id) => ({ id, at: `${file.name}:${String(line)}` })));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return { named, skipped };
}

/** The part of an id before its number. */
export function familyOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

function idsIn(text: string, families: ReadonlySet<string>): string[] {
  if (bareId.test(text)) return families.has(familyOf(text)) ? [text] : [];
  return title.exec(text)?.[1]?.split(', ') ?? [];
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text : undefined;
}

function isSkipped(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== node) return false;
  const called = call.expression;
  return ts.isPropertyAccessExpression(called) && ['skip', 'todo'].includes(called.name.text);
}
