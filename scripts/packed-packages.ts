import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A package as npm would publish it. */
export interface PackedPackage {
  readonly name: string;
  readonly folder: string;
  readonly tarball: string;
  readonly files: readonly string[];
  /** What its users may import: `@symbolon/guard`, `@symbolon/guard/express`. Empty for a program. */
  readonly entries: readonly string[];
  readonly dependencies: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Packs every public package of the workspace into a folder. */
export function packAll(destination: string): PackedPackage[] {
  const folders = globSync('packages/*').filter((folder) => existsSync(join(folder, 'package.json')));
  const manifests = folders.sort().map((folder) => ({ folder, manifest: manifestOf(folder) }));
  return manifests
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({
      name: manifest.name,
      folder,
      ...pack(folder, destination),
      entries: Object.keys(manifest.exports ?? {})
        .filter((path) => path !== './package.json')
        .map((path) => manifest.name + path.slice(1)),
      dependencies: Object.keys(manifest.dependencies ?? {}),
    }));
}

/** What must not be in a package, or is missing from it. */
export function contentErrorsOf(packed: PackedPackage): string[] {
  const wanted = ['LICENSE', ...(packed.entries.length > 0 ? ['dist/index.js', 'dist/index.d.ts'] : [])];
  const missing = wanted.filter((file) => !packed.files.includes(file)).map((file) => `${file} is missing`);
  return [...missing, ...packed.files.flatMap((file) => fileErrors(packed.folder, file))].map(
    (error) => `${packed.name}: ${error}`,
  );
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function pack(folder: string, destination: string): Pick<PackedPackage, 'tarball' | 'files'> {
  const options = ['--json', '--ignore-scripts', '--pack-destination', destination];
  const run = spawnSync('npm', ['pack', ...options], { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`npm pack failed in ${folder}: ${run.stderr}`);
  const [result] = JSON.parse(run.stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(destination, result.filename), files: result.files.map(({ path }) => path) };
}

function fileErrors(folder: string, file: string): string[] {
  const text = readFileSync(join(folder, file), 'utf8');
  // The burglar puts such URLs into tokens.
  const urls = folder.endsWith('attack') ? [] : ['file://'];
  const places = [`${resolve('.')}/`, `${homedir()}/`, ...urls];
  return [
    ...(/(^|\/)test\/|\.test\.|tsbuildinfo/.test(file) ? [`${file} is not for users`] : []),
    ...(isStale(folder, file) ? [`${file} comes from no source file; run npm run build`] : []),
    ...places.filter((place) => text.includes(place)).map((place) => `${file} names ${place}`),
  ];
}

function isStale(folder: string, file: string): boolean {
  const source = /^dist\/(.*)\.js$/.exec(file)?.[1];
  return source !== undefined && !existsSync(join(folder, 'src', `${source}.ts`));
}
