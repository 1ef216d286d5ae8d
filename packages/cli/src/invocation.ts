import { resolve } from 'node:path';
import { defaultData } from './data-folder.ts';

/** How the person at the terminal would type another command of ours, for this data folder. */
export function commandLine(command: string, data: string): string {
  const npm = process.env['npm_lifecycle_event'];
  const program = npm === 'start' || npm === 'symbolon' ? 'npm run symbolon --' : 'npx symbolon';
  const found = data === resolve(process.env['SYMBOLON_DATA'] ?? defaultData);
  return `${program} ${command}${found ? '' : ` --data ${quoted(data)}`}`;
}

/** A word as a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
