import { resolve } from 'node:path';
import { defaultData } from './data-folder.ts';

/** How the person at the terminal would type another command of ours, for this data folder. */
export function commandLine(command: string, data: string): string {
  const found = data === resolve(process.env['SYMBOLON_DATA'] ?? defaultData);
  return `${programTyped()} ${command}${found ? '' : ` --data ${quoted(data)}`}`;
}

/** What the person at the terminal types to run this program: in a clone of the repository there is no `symbolon`. */
export function programTyped(): string {
  const npm = process.env['npm_lifecycle_event'];
  if (npm === 'start' || npm === 'symbolon') return 'npm run symbolon --';
  return npm === 'npx' ? 'npx symbolon' : 'symbolon';
}

/** A word as a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
