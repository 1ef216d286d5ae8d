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

The battery of \`symbolon attack\` against current releases of real verifiers, each set up as its documentation first shows
it for a public key, with issuer and audience. Written by \`npm run scoreboard\` on ${date.toISOString().slice(0, 10)} with Node ${process.versions.node}; run it
again to check it.

What it says: which requests were answered like an honest one. What it does not say: that a project is insecure. Some of
what is accepted here is allowed by RFC 7519, or stops when an option is set that the first example leaves out, and the page
lists every accepted attack so that each can be judged. Tokens of the other verifiers are RS256 bearer tokens; ours are EdDSA,
as its issuer makes them. What a set-up has no part of (proofs, refresh, sessions) is skipped.

| verifier | version | refused | accepted | inconclusive | skipped |
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
