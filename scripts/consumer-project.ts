import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A user's project, outside the workspace. */
export interface ConsumerProject {
  readonly folder: string;
  /** Tarballs, and `name@version`. */
  readonly install: readonly string[];
  /** Whether npm may ask the registry; without it, a package with a hidden dependency cannot be installed. */
  readonly network: 'registry' | 'none';
  /** Ambient type packages: none shows that no type of Node is needed. */
  readonly types: readonly string[];
  readonly entries: readonly string[];
}

/**
 * Installs packages into an empty project, type-checks a program that imports every entry (with the types of all
 * their dependencies), and runs it as an ES module and as CommonJS. Answers what went wrong.
 */
export function errorsOfUsing(project: ConsumerProject): string[] {
  writeProject(project);
  const offline = project.network === 'none' ? ['--offline'] : [];
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts'];
  const installed = command(project, 'npm', ['install', ...quiet, ...offline, ...project.install]);
  if (installed.length > 0) return installed;
  return [
    ...command(project, process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', '.']),
    ...command(project, process.execPath, ['consumer.mjs']),
    ...command(project, process.execPath, ['consumer.cjs']),
  ];
}

/** Runs a program in a project; the complaint is what it printed. */
export function command(project: ConsumerProject, program: string, words: readonly string[]): string[] {
  const run = spawnSync(program, words, { cwd: project.folder, encoding: 'utf8' });
  if (run.status === 0) return [];
  return [`${[program, ...words].join(' ')} in ${project.folder}:\n${run.stdout}${run.stderr}`];
}

function writeProject({ folder, entries, types }: ConsumerProject): void {
  const checks = entries.map((entry, index) => `check('${entry}', entry${String(index)});`).join('\n');
  const imports = entries
    .map((entry, index) => `import * as entry${String(index)} from '${entry}';`)
    .join('\n');
  const requires = entries
    .map((entry, index) => `const entry${String(index)} = require('${entry}');`)
    .join('\n');
  const typed = `${imports}\nfunction check(entry: string, door: object): void {${body}}\n${checks}\n`;
  const plain = `function check(entry, door) {${body}}\n${checks}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig(types)));
  writeFileSync(join(folder, 'consumer.mts'), typed);
  writeFileSync(join(folder, 'consumer.mjs'), `${imports}\n${plain}`);
  writeFileSync(join(folder, 'consumer.cjs'), `${requires}\n${plain}`);
}

const body = ` if (Object.keys(door).length === 0) throw new Error(entry + ' exports nothing'); `;

function tsconfig(types: readonly string[]): object {
  return {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types,
    },
    files: ['consumer.mts'],
  };
}
