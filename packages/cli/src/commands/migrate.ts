import { existsSync } from 'node:fs';
import type { Moved } from '@symbolon/issuer';
import type { Command } from 'commander';
import { findDataFolder, writeSettings, type DataFolder } from '../data-folder.ts';
import { commandLine } from '../invocation.ts';
import { readStore } from '../open-store.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';

interface Options extends CommonOptions {
  readonly to?: string;
}

/** `symbolon migrate`: the schema in PostgreSQL, and an embedded store moved there. */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .description('make or update the schema in PostgreSQL, and move the embedded store there')
    .option('--to <url>', 'postgres://… (default: the database this folder already uses)');
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, self) => migrate(output, self.opts())));
}

const examples = `
Where the data folder holds a store, all of it moves in one transaction: sessions go on, nobody signs in again. The old
file stays, marked, and nothing is served from it any more; an issuer that is still running on it fails from then on, so
stop it first. The key file stays where it is. The folder remembers the database.

Examples:
  $ symbolon migrate --data /var/lib/symbolon --to postgres://symbolon@db.example.com/symbolon?sslmode=verify-full
  $ symbolon migrate --data /var/lib/symbolon`;

async function migrate(output: Output, { data, to }: Options): Promise<void> {
  const { databaseName, migratePostgres } = await import('@symbolon/issuer');
  const folder = findDataFolder(data);
  const url = readTarget(folder, to);
  const name = databaseName(url);
  const uses = usedBy(folder);
  if (uses !== undefined && databaseName(uses) !== name)
    throw new TypeError(
      `this folder uses ${databaseName(uses)}: copy that database with PostgreSQL's own tools`,
    );
  const moved = uses === undefined && existsSync(folder.storeFile) ? await move(folder, url) : undefined;
  if (moved === undefined) await migratePostgres({ url });
  if (folder.settings?.mode === 'production') writeSettings(folder, { ...folder.settings, store: url });
  output.result({ migrated: name, moved: moved?.rows ?? null, audit: moved?.audit.kind ?? null }, () =>
    [...describe(name, moved), ...next(folder, { moved, name })].join('\n'),
  );
  if (URL.parse(url)?.password && folder.settings !== undefined)
    output.note(`The URL and its password are kept in ${folder.path}/symbolon.json, for its owner alone.`);
}

async function move(folder: DataFolder, url: string): Promise<Moved> {
  const { moveToPostgres } = await import('@symbolon/issuer');
  return moveToPostgres({ file: folder.storeFile, url });
}

function readTarget(folder: DataFolder, to: string | undefined): string {
  if (folder.settings?.mode === 'dev')
    throw new TypeError(`${folder.path} was made by "symbolon dev", which keeps its store beside it`);
  const url = to ?? usedBy(folder);
  if (url === undefined) throw new TypeError('name the database: --to postgres://user@host:port/database');
  return readStore(url);
}

function usedBy({ settings }: DataFolder): string | undefined {
  return settings?.mode === 'production' ? settings.store : undefined;
}

function describe(name: string, moved: Moved | undefined): readonly string[] {
  if (moved === undefined) return [`${name} has the schema of this version`];
  const count = (table: string) => String(moved.rows[table] ?? 0);
  const audit =
    moved.audit.kind === 'intact'
      ? `the audit log arrived intact, ${count('audit')} lines`
      : `the audit log arrived as it was: damaged at line ${moved.audit.seq}, see "symbolon audit verify"`;
  return [`moved ${count('sessions')} sessions and ${count('clients')} clients to ${name}`, `  ${audit}`];
}

function next(folder: DataFolder, of: { moved: Moved | undefined; name: string }): readonly string[] {
  const serve = commandLine('serve', folder.path);
  if (folder.settings === undefined)
    return [`  next: ${commandLine('serve --store <this database> …', folder.path)}`];
  if (!of.moved) return [`  next: ${serve}`];
  return [
    `  next: ${serve}`,
    `  then, with a backup of the database, delete ${folder.storeFile}: nothing is served from it any more`,
  ];
}
