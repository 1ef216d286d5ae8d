/** Holds the specification and its tests together: every sentence has a test, every test names a real sentence. */
import { globSync, readFileSync } from 'node:fs';
import { familyOf, mentionsOf, sentencesOf } from './spec-sentences.ts';

const sentences = read('docs/spec/*.md').flatMap(sentencesOf);
const places = Map.groupBy(sentences, ({ id }) => id);
const families = new Set(sentences.map(({ id }) => familyOf(id)));
const tests = [...read('packages/*/test/**/*.ts'), ...read('e2e/**/*.test.ts')].map((file) =>
  mentionsOf(file, families),
);
const named = tests.flatMap((file) => file.named);
const tested = new Set(named.map(({ id }) => id));

const complaints = [
  ...(sentences.length === 0 ? ['docs/spec holds no sentence of the form "- **TOKEN-4** …"'] : []),
  ...[...places]
    .filter(([, found]) => found.length > 1)
    .map(([id, found]) => `${id} stands twice: ${found.map(({ at }) => at).join(', ')}`),
  ...sentences.filter(({ id }) => !tested.has(id)).map(({ id, at }) => `${at}: ${id} has no test`),
  ...named
    .filter(({ id }) => !places.has(id))
    .map(({ id, at }) => `${at}: ${id} is no sentence of docs/spec`),
  ...tests.flatMap((file) => file.skipped).map(({ id, at }) => `${at}: the test of ${id} does not run`),
];

for (const complaint of complaints) console.error(complaint);
console.log(`spec: ${String(sentences.length)} sentences, ${String(tested.size)} of them named by tests`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function read(pattern: string): { name: string; text: string }[] {
  const names = globSync(pattern).sort();
  return names.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
}
