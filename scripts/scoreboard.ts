/**
 * Runs the battery against current releases of real software and writes docs/scoreboard.md: `npm run scoreboard`.
 *
 * `npm run scoreboard -- jose hono` runs those rows alone, lists what they accept, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { attack, createOwnKeys, findings, type Report } from '@symbolon/attack';
import { format, resolveConfig } from 'prettier';
import { betterAuthRows } from './scoreboard-better-auth.ts';
import type { Contestant } from './scoreboard-contestant.ts';
import { oidcProvider } from './scoreboard-oidc-provider.ts';
import { ours } from './scoreboard-ours.ts';
import { scoreboardPage, type Score } from './scoreboard-page.ts';
import { verifiers } from './scoreboard-verifiers.ts';

const page = 'docs/scoreboard.md';
const ownKeys = createOwnKeys('scoreboard');
const contestants: readonly Contestant[] = [...ours, ...verifiers, ...oidcProvider, ...betterAuthRows];

const scores: Score[] = [];
const wanted = process.argv.slice(2);
for (const contestant of contestants) {
  if (wanted.length > 0 && !wanted.some((word) => contestant.name.includes(word))) continue;
  const { name, setUp } = contestant;
  const report = await score(contestant);
  scores.push({ name, version: versionOf(contestant), setUp, report });
  console.log(lineOf(name, report));
  if (wanted.length > 0) for (const { id, why } of notRefused(report)) console.log(`  ${id}: ${why}`);
}
if (wanted.length === 0) {
  const text = scoreboardPage(scores, new Date());
  writeFileSync(page, await format(text, { ...(await resolveConfig(page)), parser: 'markdown' }));
}

async function score({ open }: Contestant): Promise<Report> {
  const { options, close } = await open();
  try {
    return await attack({ ...options, ownKeys });
  } finally {
    await close();
  }
}

function lineOf(name: string, { counts, ms, trouble }: Report): string {
  const { accepted, refused, inconclusive, skipped } = counts;
  const counted = `${refused} refused, ${accepted} accepted, ${inconclusive} inconclusive, ${skipped} skipped`;
  return `${name}: ${counted}, ${Math.round(ms / 1000)} s${trouble === undefined ? '' : ` (${trouble})`}`;
}

function notRefused(report: Report): Report['results'] {
  return [...findings(report), ...report.results.filter(({ verdict }) => verdict === 'inconclusive')];
}

function versionOf({ from }: Contestant): string {
  const manifest: unknown = JSON.parse(readFileSync(`node_modules/${from}/package.json`, 'utf8'));
  return (manifest as { version: string }).version;
}
