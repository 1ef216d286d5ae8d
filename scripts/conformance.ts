/**
 * Writes docs/conformance.md: every requirement, the sentences of docs/spec that answer it, the tests and attacks that
 * show them. `--check` fails if the page is not what would be written, or a requirement has no answer and no reason.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { battery } from '@symbolon/attack';
import { format, resolveConfig } from 'prettier';
import type { Requirement } from './requirement.ts';
import { requirements } from './requirements.ts';
import { familyOf, mentionsOf, sentencesOf } from './spec-sentences.ts';

const page = 'docs/conformance.md';
const names: Readonly<Record<Requirement['standard'], string>> = {
  asvs401: 'OWASP ASVS 4.0.1',
  asvs403: 'OWASP ASVS 4.0.3',
  asvs50: 'OWASP ASVS 5.0',
  rfc8725bis: 'RFC 8725bis (JWT best current practices)',
  rfc9700: 'RFC 9700 (OAuth 2.0 security)',
  'RFC 9449': 'RFC 9449 (DPoP)',
  cwe: 'CWE',
};

const files = globSync('docs/spec/*.md').sort().map(read);
const sentences = new Map(
  files.flatMap((file) => sentencesOf(file).map(({ id }) => [id, file.name] as const)),
);
const families = new Set([...sentences.keys()].map(familyOf));
const tests = globSync(['packages/*/test/**/*.ts', 'e2e/**/*.test.ts']).sort().map(read);
const named = tests.flatMap((file) => mentionsOf(file, families).named);
const testsOf = Map.groupBy(named, ({ id }) => id);

const complaints = requirements.flatMap(complaintsOf);
const text = await format(pageText(), { ...(await resolveConfig(page)), parser: 'markdown' });
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) complaints.push(`${page} is out of date: npm run conformance`);
for (const complaint of complaints) console.error(complaint);
console.log(
  `conformance: ${requirements.length} requirements, ${sentences.size} sentences, ${battery.length} attacks`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;

function complaintsOf({ standard, id, sentences: answers, open }: Requirement): string[] {
  const at = `${standard} ${id}`;
  const unknown = answers
    .filter((answer) => !sentences.has(answer))
    .map((answer) => `${at}: there is no ${answer}`);
  const untested = answers
    .filter((answer) => !testsOf.has(answer))
    .map((answer) => `${at}: ${answer} has no test`);
  const silent =
    answers.length === 0 && open === undefined ? [`${at} has neither a sentence nor a reason`] : [];
  return [...unknown, ...untested, ...silent];
}

function pageText(): string {
  const sections = [...Map.groupBy(requirements, ({ standard }) => standard)].map(([standard, rows]) =>
    [
      `## ${names[standard]}`,
      '',
      '| requirement | what it asks | our sentences | tests | attacks | result |',
      '| --- | --- | --- | --: | --: | --- |',
      ...rows.toSorted(byId).map(rowText),
    ].join('\n'),
  );
  return `# Conformance

Written by \`npm run conformance\` and checked with every change: every requirement, the sentences of [the specification](spec)
that answer it, how many tests name them, and how many attacks of \`symbolon attack\` try to break it.

_Shown_ means that every sentence has tests, and that every attack that maps to the requirement is in the battery that the
tests run against our guards, where nothing may be accepted. A requirement is put here in our own words.

${sections.join('\n\n')}
`;
}

function byId(one: Requirement, other: Requirement): number {
  return one.id.localeCompare(other.id, 'en', { numeric: true });
}

function rowText(requirement: Requirement): string {
  const { id, asks, sentences: answers, open } = requirement;
  const count = answers.reduce((sum, answer) => sum + (testsOf.get(answer)?.length ?? 0), 0);
  const attacks = attacksOf(requirement);
  const result = open === undefined ? 'shown' : `${answers.length > 0 ? 'partly' : 'open'}: ${open}`;
  return `| ${id} | ${asks} | ${answers.map(linkOf).join(', ')} | ${count} | ${attacks} | ${result} |`;
}

function linkOf(id: string): string {
  const name = (sentences.get(id) ?? '').replace('docs/', '');
  return `[${id}](${name})`;
}

function attacksOf({ standard, id }: Requirement): number {
  if (standard === 'RFC 9449') return battery.filter(({ needs }) => needs.includes('dpop')).length;
  return battery.filter(({ maps }) => maps[standard].includes(id)).length;
}

function read(name: string): { name: string; text: string } {
  return { name, text: readFileSync(name, 'utf8') };
}
