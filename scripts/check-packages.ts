/**
 * Checks the packages as their users get them: what is in the tarballs, publint, are-the-types-wrong, and two empty
 * projects outside the workspace. In the first, `token`, `guard` and `holder` are installed without a network and
 * without the types of Node: they have no dependency. In the second, everything is used together with the frameworks.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { command, errorsOfUsing, type ConsumerProject } from './consumer-project.ts';
import { contentErrorsOf, packAll, type PackedPackage } from './packed-packages.ts';

const portable = ['@symbolon/token', '@symbolon/guard', '@symbolon/holder'];
const frameworks = ['express', '@types/express', 'fastify', 'hono', '@types/node'];

const folder = mkdtempSync(join(tmpdir(), 'symbolon-packages-'));
try {
  const packages = packAll(folder);
  const shape = (await Promise.all(packages.map(shapeErrorsOf))).flat();
  report([...packages.flatMap(contentErrorsOf), ...shape, ...useErrorsOf(packages)]);
  console.log(`packages: ${packages.map(({ name }) => name).join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(complaints: readonly string[]): void {
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

async function shapeErrorsOf(packed: PackedPackage): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: packed.folder, strict: true });
  const linted = messages.map((message) => `${packed.name}: ${formatMessage(message, pkg) ?? message.code}`);
  return [...linted, ...typeErrorsOf(packed)];
}

function typeErrorsOf(packed: PackedPackage): string[] {
  if (packed.entries.length === 0) return [];
  // ES modules only: CommonJS gets them through require(), which Node 22 and later can.
  const rules = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm'];
  const words = [packed.tarball, '--no-definitely-typed', '--no-emoji', ...rules];
  const run = spawnSync('attw', words, { encoding: 'utf8' });
  return run.status === 0 ? [] : [`${packed.name}: ${run.stdout}${run.stderr}`];
}

function useErrorsOf(packages: readonly PackedPackage[]): string[] {
  const free = packages.filter(({ name }) => portable.includes(name));
  const foreign = free.flatMap(({ name, dependencies }) =>
    dependencies
      .filter((dependency) => !portable.includes(dependency))
      .map((other) => `${name} needs ${other}`),
  );
  const alone: ConsumerProject = {
    folder: join(folder, 'alone'),
    install: free.map(({ tarball }) => tarball),
    network: 'none',
    types: [],
    entries: free.map(({ name }) => name),
  };
  const together: ConsumerProject = {
    folder: join(folder, 'together'),
    install: [...packages.map(({ tarball }) => tarball), ...frameworks.map(pinned)],
    network: 'registry',
    types: ['node'],
    entries: packages.flatMap(({ entries }) => entries),
  };
  return [...foreign, ...errorsOfUsing(alone), ...errorsOfUsing(together), ...programErrorsOf(together)];
}

function programErrorsOf(project: ConsumerProject): string[] {
  return command(project, join(project.folder, 'node_modules/.bin/symbolon'), ['--help']);
}

function pinned(name: string): string {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  const version = (manifest as { devDependencies: Record<string, string> }).devDependencies[name];
  if (version === undefined) throw new TypeError(`package.json does not pin ${name}`);
  return `${name}@${version}`;
}
