import { resolve } from 'node:path';
import type { Storage } from '@symbolon/issuer';
import type { Command } from 'commander';
import { Refused } from '../exit.ts';
import { commandLine } from '../invocation.ts';
import { findSettledFolder, withIssuer, type SettledFolder } from '../open-issuer.ts';
import { openStore } from '../open-store.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';
import { table } from '../table.ts';

/** `symbolon key file` and `symbolon key rewrap`: what wraps the signing keys, and bringing them under it. */
export function addKeyFile(key: Command): void {
  const file = key.command('file').description('list, add and remove the entries that wrap the signing keys');
  withCommonOptions(file.command('list').description('list the entries, and how many keys each wraps'))
    .addHelpText('after', '\nExamples:\n  $ symbolon key file list\n  $ symbolon key file list --json')
    .action(action((output, command) => list(output, command.opts())));
  withCommonOptions(file.command('add').description('add an entry in front: it wraps from the next start on'))
    .addHelpText('after', addExamples)
    .action(action((output, command) => add(output, command.opts())));
  withCommonOptions(file.command('remove <id>').description('remove an entry that wraps no key any more'))
    // One id of 64 starts with a dash: it is an argument all the same.
    .allowUnknownOption()
    .addHelpText('after', removeExamples)
    .action(
      action((output, command) =>
        remove(output, { id: command.args[0] ?? '', ...command.opts<CommonOptions>() }),
      ),
    );
  withCommonOptions(
    key.command('rewrap').description('bring every key under the first entry of the key file'),
  )
    .addHelpText('after', rewrapExamples)
    .action(action((output, command) => rewrap(output, command.opts())));
}

const addExamples = `
To renew the key file: add an entry, give the file to every process that serves this store and restart them, run
"symbolon key rewrap", and remove the old entry. No session ends and no token is refused.

Examples:
  $ symbolon key file add
  $ symbolon key file add --json`;

const removeExamples = `
Refused (exit 1) while any key of the store is wrapped under the entry. A backup of the store from before "symbolon key
rewrap" needs it, too: keep a copy of the file as long as such a backup.

Examples:
  $ symbolon key file remove Xk3bFYd2vS1q9wXkE0aTnQ`;

const rewrapExamples = `
First restart every process that serves this store with the new key file: one that does not have its first entry opens
none of these keys again.

Examples:
  $ symbolon key rewrap
  $ symbolon key rewrap --json`;

async function list(output: Output, options: CommonOptions): Promise<void> {
  const folder = findSettledFolder(options.data);
  const { path, ids } = await entriesOf(folder);
  const kept = await keptKeys(folder);
  const entries = ids.map((id, place) => ({ id, wraps: place === 0, keys: countUnder(kept, id) }));
  output.result({ key_file: path, entries }, () =>
    table(
      ['entry', 'keys', 'remarks'],
      entries.map(({ id, wraps, keys }) => [id, String(keys), remark({ wraps, keys })]),
      'no entries',
    ),
  );
}

function remark({ wraps, keys }: { wraps: boolean; keys: number }): string {
  if (wraps) return 'wraps new keys';
  return keys === 0 ? 'wraps nothing, may be removed' : 'still needed: "symbolon key rewrap"';
}

async function add(output: Output, options: CommonOptions): Promise<void> {
  const folder = findSettledFolder(options.data);
  const { path } = await entriesOf(folder);
  const { addKeyFileEntry } = await import('@symbolon/issuer');
  const id = addKeyFileEntry(path);
  output.result({ added: id, key_file: path }, () =>
    [
      `added ${id} in front: it wraps from the next start on`,
      '  next: give this file to every process that serves the store, and restart them',
      `  then: ${commandLine('key rewrap', folder.path)}`,
    ].join('\n'),
  );
}

async function remove(output: Output, options: CommonOptions & { id: string }): Promise<void> {
  const { id } = options;
  const folder = findSettledFolder(options.data);
  const { path } = await entriesOf(folder);
  const keys = countUnder(await keptKeys(folder), id);
  if (keys > 0) {
    throw new Refused(
      'key_file_entry_needed',
      `${String(keys)} keys are wrapped under ${id}, and nothing else opens them: run "${commandLine('key rewrap', folder.path)}" first`,
      { keys },
    );
  }
  const { removeKeyFileEntry } = await import('@symbolon/issuer');
  removeKeyFileEntry(path, id);
  output.result({ removed: id, key_file: path }, () => `removed ${id} from ${path}`);
}

async function rewrap(output: Output, options: CommonOptions): Promise<void> {
  await withIssuer(options.data, async ({ issuer, storage, folder, settings }) => {
    const { ids } = await entriesOf({ ...folder, settings });
    const [first = ''] = ids;
    const moved = (await keysUnder(storage)).filter((id) => id !== first).length;
    const { rewrapped } = await issuer.keys.rewrap();
    output.result({ rewrapped, entry: first }, () =>
      [
        moved === 0
          ? `every key is under ${first} already`
          : `${String(moved)} ${moved === 1 ? 'key was' : 'keys were'} brought under ${first}`,
        ...ids.slice(1).map((id) => `  next: ${commandLine(`key file remove ${id}`, folder.path)}`),
      ].join('\n'),
    );
  });
}

async function entriesOf({
  path,
  settings,
}: SettledFolder): Promise<{ path: string; ids: readonly string[] }> {
  const { listKeyFileEntries } = await import('@symbolon/issuer');
  const file = resolve(path, settings.keyFile);
  return { path: file, ids: listKeyFileEntries(file) };
}

/** Under which entry each key of the store is wrapped, that of codes and links too. */
async function keptKeys(folder: SettledFolder): Promise<readonly string[]> {
  const storage = await openStore(folder);
  try {
    return await keysUnder(storage);
  } finally {
    await storage.close();
  }
}

async function keysUnder(storage: Storage): Promise<readonly string[]> {
  const { lookupKeyEntry } = await import('@symbolon/issuer');
  const signing = (await storage.listKeys()).filter(({ wrappedKey }) => wrappedKey !== null);
  const lookup = await lookupKeyEntry(storage);
  return [...signing.map(({ kekId }) => kekId), ...(lookup === undefined ? [] : [lookup])];
}

function countUnder(entries: readonly string[], id: string): number {
  return entries.filter((entry) => entry === id).length;
}
