import { findings, type Report } from '@symbolon/attack';

/** How one verifier did. */
export interface Score {
  readonly name: string;
  readonly version: string;
  readonly setUp: string;
  readonly report: Report;
}

/** Lays the scores out as a Markdown page. */
export function scoreboardPage(scores: readonly Score[], date: Date): string {
  return `# Scoreboard

The battery of \`symbolon attack\` against current releases of real software, each set up as its documentation first shows it.
Written by \`npm run scoreboard\` on ${date.toISOString().slice(0, 10)} with Node ${process.versions.node}; run it again to check it, or
\`npm run scoreboard -- jose\` for one row and the reason of each of its findings.

What it says: which requests were answered like an honest one. What it does not say: that a project is insecure. Some of
what is accepted here is allowed by its standard, or stops when an option is set that the first example leaves out, and the
page lists every accepted attack so that each can be judged. Nor can rows be compared by their sums: what a set-up has no
part of is skipped, and it is tried with what it has.

- Verifiers get RS256 bearer tokens of a test issuer, with issuer and audience; the battery holds its key, so claims are
  varied too.
- Ours is the whole of it by HTTP: issuer, store, and a guard that follows the feed, so ends and refreshes are attacked as
  well. The issuer's session key is held outside of it, where the battery finds it.
- oidc-provider and better-auth are attacked at their own endpoints, with sessions that the battery opens and ends as a
  person would; opaque tokens have no claims to vary. Where they issue JWTs, a service verifies them with jose, as
  better-auth's documentation shows, and the battery holds the key.

| set-up | version | refused | accepted | inconclusive | skipped |
| --- | --- | --: | --: | --: | --: |
${scores.map(row).join('\n')}

## Set-ups

${scores.map(({ name, setUp }) => `- **${name}**: \`${setUp}\``).join('\n')}

## What was accepted

${scores.map(section).join('\n\n')}
`;
}

function row({ name, version, report: { counts } }: Score): string {
  const { refused, accepted, inconclusive, skipped } = counts;
  return `| ${name} | ${version} | ${refused} | ${accepted} | ${inconclusive} | ${skipped} |`;
}

function section({ name, version, report }: Score): string {
  const found = findings(report);
  if (found.length === 0) return `### ${name} ${version}\n\nNothing.`;
  const families = [...Map.groupBy(found, ({ family }) => family)].map(([family, own]) => {
    const names = own.map(({ id }) => `\`${id.slice(family.length + 1)}\``).join(', ');
    return `- **${family}** (${own.length}): ${names}`;
  });
  return `### ${name} ${version}\n\n${families.join('\n')}`;
}
