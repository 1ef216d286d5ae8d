/**
 * Checks every code block of the pages: `ts` and `js` are type-checked, commands of `sh` exist with the options
 * shown, `json` parses. A block of another language fails, so that no example goes unread; `text` and `console`
 * (what a program prints, its `$ ` lines apart) are prose. A `ts` block may be marked `no-check` if its first line
 * is the comment `// not checked: <reason>`. The quick start of the README is run by a test of the command line tool.
 */
import { globSync, readFileSync } from 'node:fs';
import { commandErrorsOf, symbolonHelp, type KnownCommands } from './doc-commands.ts';
import { typeErrorsOf } from './doc-types.ts';
import { blocksOf, type CodeBlock } from './markdown-blocks.ts';

const pages = globSync(['*.md', 'docs/**/*.md']).sort();
const blocks = pages.flatMap((name) => blocksOf({ name, text: readFileSync(name, 'utf8') }));
const typed = blocks.filter((block) => isTyped(block) && block.mark !== 'no-check');
const complaints = [...typeErrorsOf(typed, process.cwd()), ...blocks.flatMap(complaintsOf)];

for (const complaint of complaints) console.error(complaint);
console.log(`docs: ${String(blocks.length)} code blocks in ${String(pages.length)} pages`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function isTyped({ language }: CodeBlock): boolean {
  return language === 'ts' || language === 'js';
}

function complaintsOf(block: CodeBlock): string[] {
  const at = `${block.page}:${String(block.line)}`;
  if (block.mark !== '' && !(isTyped(block) && block.mark === 'no-check'))
    return [`${at}: unexpected mark "${block.mark}", expected none`];
  if (block.mark === 'no-check')
    return block.code.startsWith('// not checked: ') ? [] : [`${at}: no-check gives no reason`];
  switch (block.language) {
    case 'ts':
    case 'js':
    case 'text':
      return [];
    case 'sh':
      return commandErrorsOf(block, knownCommands());
    case 'console':
      return commandErrorsOf({ ...block, code: typedLines(block.code) }, knownCommands());
    case 'json':
      return jsonComplaints(block, at);
    default:
      return [`${at}: unexpected language "${block.language}", expected ts, js, sh, json, console or text`];
  }
}

function knownCommands(): KnownCommands {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  return { scripts: new Set(Object.keys((manifest as { scripts: object }).scripts)), helpOf: symbolonHelp };
}

function typedLines(code: string): string {
  const lines = code.split('\n').filter((line) => line.startsWith('$ '));
  return lines.join('\n');
}

function jsonComplaints(block: CodeBlock, at: string): string[] {
  try {
    JSON.parse(block.code);
    return [];
  } catch (error) {
    return [`${at}: ${String(error)}`];
  }
}
