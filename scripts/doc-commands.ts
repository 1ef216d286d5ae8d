import { spawnSync } from 'node:child_process';
import type { CodeBlock } from './markdown-blocks.ts';

/** What the commands of the pages are held against. */
export interface KnownCommands {
  readonly scripts: ReadonlySet<string>;
  /** The help text of a command of ours, such as `['client', 'add']`. */
  helpOf(words: readonly string[]): string;
}

/** Programs every reader has. What they do is not ours to check. */
const foreign = new Set(['cd', 'curl', 'git', 'export', 'mkdir', 'echo', 'cat', 'jq']);
const npmVerbs = new Set(['ci', 'install', 'i', 'init']);

/** Complaints about the commands of a shell block: unknown programs, scripts, subcommands and options. */
export function commandErrorsOf(block: CodeBlock, known: KnownCommands): string[] {
  return commandsOf(block.code).flatMap((words) => {
    const error = complaintOn(words, known);
    return error === undefined ? [] : [`${block.page}:${String(block.line)}: ${words.join(' ')}: ${error}`];
  });
}

/** Asks the command line tool of this workspace for its help. */
export function symbolonHelp(words: readonly string[]): string {
  const main = ['--conditions=symbolon:source', 'packages/cli/src/main.ts'];
  const run = spawnSync(process.execPath, [...main, ...words, '--help'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout : '';
}

/** Lines with a trailing backslash are one; `&&`, `;` and `|` part commands; quotes keep words together. */
function commandsOf(code: string): string[][] {
  const lines = code.replaceAll('\\\n', ' ').split('\n');
  const bare = lines.map((line) => line.replace(/^\$ /, '').trim()).filter((line) => !line.startsWith('#'));
  return bare
    .flatMap((line) => line.split(/&&|\||;/))
    .flatMap((command) => {
      const words = (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).filter((word) => !/^[A-Z_]+=/.test(word));
      const comment = words.indexOf('#');
      const kept = comment === -1 ? words : words.slice(0, comment);
      return kept.length === 0 ? [] : [kept];
    });
}

function complaintOn([program = '', ...words]: readonly string[], known: KnownCommands): string | undefined {
  if (foreign.has(program)) return undefined;
  if (program === 'npm') return npmComplaint(words, known);
  if (program === 'npx' && words[0] === 'symbolon') return symbolonComplaint(words.slice(1), known);
  if (program === 'symbolon') return symbolonComplaint(words, known);
  return 'unexpected program, expected npm, npx symbolon or symbolon';
}

function npmComplaint([verb = '', ...rest]: readonly string[], known: KnownCommands): string | undefined {
  if (npmVerbs.has(verb)) return undefined;
  const script = verb === 'run' ? (rest[0] ?? '') : verb;
  if (!known.scripts.has(script)) return `package.json has no script "${script}"`;
  const forwarded = rest.slice(rest.indexOf('--') + 1);
  return script === 'symbolon' && rest.includes('--') ? symbolonComplaint(forwarded, known) : undefined;
}

function symbolonComplaint(words: readonly string[], known: KnownCommands): string | undefined {
  const firstOption = words.findIndex((word) => word.startsWith('-'));
  const plain = firstOption === -1 ? words : words.slice(0, firstOption);
  const help = known.helpOf(plain);
  const usage = /^Usage: symbolon ?(.*)$/m.exec(help)?.[1];
  if (usage === undefined) return 'no such command: its --help does not answer';
  const path = usage.split(' ').filter((word) => /^[a-z-]+(\|[a-z-]+)?$/.test(word));
  if (usage.includes('[command]') && plain.length > path.length) return `no such command: ${plain.join(' ')}`;
  const options = words.filter((word) => /^-{1,2}[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');
  const missing = options.filter((option) => option !== '--help' && !help.includes(option));
  return missing.length === 0 ? undefined : `no such option: ${missing.join(', ')}`;
}
