import { setTimeout as sleep } from 'node:timers/promises';
import {
  diagnose,
  diagnosePostgres,
  type Finding,
  type Keyring,
  type Patient,
  type Storage,
} from '@symbolon/issuer';
import type { Command } from 'commander';
import { examineFile, examineKeyFile, examineSafety, examineSenders, isEmbedded } from '../doctor/files.ts';
import { examineOnline } from '../doctor/online.ts';
import { exitCodes } from '../exit.ts';
import { findSettledFolder, type SettledFolder } from '../open-issuer.ts';
import { openStore } from '../open-store.ts';
import type { Output } from '../output.ts';
import { action, withCommonOptions, type CommonOptions } from '../run.ts';

interface Options extends CommonOptions {
  readonly production?: true;
  readonly online?: true;
}

/** `symbolon doctor`: every state in which an issuer could not start, or a guard could not verify. */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('find what would keep the issuer from starting or a guard from verifying')
    .option('--production', 'judge a folder of "dev" as one for production, too')
    .option('--online', 'ask the running issuer at its public URL, too');
  withCommonOptions(command)
    .addHelpText('after', examples)
    .action(action((output, self) => examine(output, self.opts())));
}

const examples = `
Changes nothing, and needs no running issuer. On PostgreSQL it says, too, whether the server is the primary, keeps what it
has answered through a crash, and waits for a standby. Exits 1 if there is an error; warnings and notes alone are exit 0.

Examples:
  $ symbolon doctor
  $ symbolon doctor --production --online --json`;

async function examine(output: Output, options: Options): Promise<void> {
  const folder = findSettledFolder(options.data);
  const findings = withoutRepeats(await findAll(folder, options));
  const ok = !findings.some(({ level }) => level === 'error');
  output.result({ ok, findings }, () => describe(folder, findings));
  if (!ok) process.exitCode = exitCodes.refused;
}

async function findAll(folder: SettledFolder, options: Options): Promise<readonly Finding[]> {
  const isProduction = folder.settings.mode === 'production' || options.production === true;
  const keyFile = examineKeyFile(folder);
  const file = isEmbedded(folder.settings) ? examineFile(folder.storeFile) : { usable: true, findings: [] };
  const before = [
    ...keyFile.findings,
    ...(isProduction ? examineSafety(folder) : []),
    ...examineSenders(folder),
    ...file.findings,
  ];
  if (!file.usable) return before;
  const server = await examineServer(folder);
  if (server.some(({ code }) => code === 'store_is_standby')) return [...before, ...server];
  return [...before, ...server, ...(await examineStore(folder, { ...options, keyring: keyFile.keyring }))];
}

/** Where the store is PostgreSQL: how it would lose what it has answered. */
async function examineServer({ settings }: SettledFolder): Promise<readonly Finding[]> {
  if (settings.mode === 'dev' || settings.store === undefined) return [];
  return diagnosePostgres({ url: settings.store });
}

async function examineStore(
  folder: SettledFolder,
  options: Options & { keyring: Keyring | undefined },
): Promise<readonly Finding[]> {
  let storage: Storage;
  try {
    storage = await openStore(folder);
  } catch (error) {
    return [storeUnreachable(error)];
  }
  try {
    const found = await diagnose(patientOf(folder, { storage, keyring: options.keyring }));
    if (options.online !== true) return found;
    const keys = await storage.listKeys();
    const online = await examineOnline({ issuer: folder.settings.issuer, keys, fetch, sleep });
    return [...found, ...online];
  } finally {
    await storage.close();
  }
}

function patientOf(
  { settings }: SettledFolder,
  opened: { storage: Storage; keyring: Keyring | undefined },
): Patient {
  const { issuer, audiences } = settings;
  const { lifetimes, keyRotation } = settings.mode === 'dev' ? {} : settings;
  const options = { issuer, audiences, lifetimes, keyRotation } as Patient['options'];
  const { storage, keyring } = opened;
  return { options, storage, clock: Date.now, ...(keyring === undefined ? {} : { keyring }) };
}

function storeUnreachable(error: unknown): Finding {
  return {
    level: 'error',
    code: 'store_unreachable',
    what: `the store cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
    why: 'without it the issuer does not start, and a running one signs nothing after two seconds',
    fix: 'see that the database runs, is the primary, and lets this machine in',
  };
}

/** The same thing may be seen from two sides. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const files = new Map([
    ['key_file_lost', 'key_file_missing'],
    ['key_file_open', 'key_file_open'],
  ]);
  const seen = new Set<string>();
  return findings.filter(({ code, what }) => {
    const name = files.get(code) ?? (code === 'key_file_missing' ? code : `${code} ${what}`);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

const order = ['error', 'warning', 'note'] as const;

function describe({ path }: SettledFolder, findings: readonly Finding[]): string {
  if (findings.length === 0) return `nothing is wrong with ${path}`;
  const sorted = order.flatMap((level) => findings.filter((finding) => finding.level === level));
  const blocks = sorted.map(({ level, code, what, why, fix }) =>
    [`${level.toUpperCase()} ${what} (${code})`, `  why: ${why}`, `  fix: ${fix}`].join('\n'),
  );
  const count = findings.filter(({ level }) => level === 'error').length;
  return [...blocks, count === 0 ? 'no errors' : `${String(count)} error${count === 1 ? '' : 's'}`].join(
    '\n\n',
  );
}
