/**
 * Runs every test: `npm test`, `npm test -- packages/token`, `npm test -- refresh --test-name-pattern=REFRESH-3`.
 *
 * A plain argument keeps the files whose path contains it; an argument with a dash goes to Node's test runner.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve, sep } from 'node:path';

const places = [
  'packages/*/test/**/*.test.ts',
  'examples/**/*.test.ts',
  'scripts/test/**/*.test.ts',
  'e2e/**/*.test.ts',
];
const runner = [
  '--conditions=symbolon:source',
  '--test',
  '--test-timeout=120000',
  // Some files wait for a minute and more: two beyond the cores keep these busy.
  `--test-concurrency=${availableParallelism() + 2}`,
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
];

const given = process.argv.slice(2);
const filters = given.filter((argument) => !argument.startsWith('-'));
const options = given.filter((argument) => argument.startsWith('-'));
const files = testFiles();
if (files.length === 0) {
  console.error(`No test file matches ${filters.join(' or ') || places.join(', ')}.`);
  process.exit(2);
}
// Each file is a process of its own, and starts more: what was compiled once need not be compiled in all of them.
const compiled = resolve('node_modules/.cache/compiled');
const run = spawnSync(process.execPath, [...runner, ...options, ...files], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env },
});
process.exit(run.status ?? 1);

function testFiles(): string[] {
  const found = globSync(places).map((file) => file.replaceAll(sep, '/'));
  return found.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part))).sort();
}
