/**
 * Runs every test: `npm test`, `npm test -- packages/token`, `npm test -- refresh --test-name-pattern=REFRESH-3`.
 *
 * A plain argument keeps the files whose path contains it; an argument with a dash goes to Node with each file.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const places = [
  'packages/*/test/**/*.test.ts',
  'examples/**/*.test.ts',
  'scripts/test/**/*.test.ts',
  'e2e/**/*.test.ts',
];
/** What takes longest, the longest first: started last, it would keep everybody waiting while a core has nothing to do. */
const first = [
  ...['e2e/attack/people.test.ts', 'e2e/browser/two-tabs.test.ts', 'packages/attack/test/matrix.test.ts'],
  ...['packages/cli/test/attack.test.ts', 'packages/issuer/test/storage/postgres.test.ts'],
  ...[
    'e2e/faults-postgres.test.ts',
    'packages/cli/test/account.test.ts',
    'packages/cli/test/commands.test.ts',
  ],
  ...['e2e/browser/interruptions.test.ts', 'examples/test/people.test.ts', 'e2e/faults-sqlite.test.ts'],
  ...['e2e/browser/pages.test.ts', 'e2e/browser/dbsc.test.ts', 'e2e/faults-feed.test.ts'],
  ...['packages/issuer/test/storage/feed-model.test.ts'],
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
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/compiled');
// Until all is known to be well it is not.
process.exitCode = 1;
// Not `node --test`, which sorts the files that it is given.
run({
  files,
  execArgv: ['--conditions=symbolon:source', ...options],
  // For what hangs: a busy machine is given its time.
  timeout: 300_000,
  // Some files wait for a minute and more: two beyond the cores keep these busy.
  concurrency: availableParallelism() + 2,
})
  .on('test:summary', ({ file, success }) => {
    if (file === undefined && success) process.exitCode = 0;
  })
  .compose(spec)
  .pipe(process.stdout);

function testFiles(): string[] {
  const found = globSync(places).map((file) => file.replaceAll(sep, '/'));
  const kept = found.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)));
  return [
    ...first.filter((file) => kept.includes(file)),
    ...kept.filter((file) => !first.includes(file)).sort(),
  ];
}
