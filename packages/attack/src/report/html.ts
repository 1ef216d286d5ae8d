import { describeReply } from '../run/calibration.ts';
import { requirementOf, type Point } from '../run/summary.ts';
import { maskedCurlOf, maskTokens } from './curl.ts';
import { escaped } from './markup.ts';
import { standardsText } from './standards.ts';
import { costOf, findings, measures, type Report, type Result } from './report.ts';

/** The report as one HTML file: nothing is loaded, no script runs, and it prints. */
export function htmlReport(report: Report): string {
  const { standing, points } = requirementOf(report);
  const { accepted, refused, inconclusive, skipped } = report.counts;
  const when = new Date(report.startedAt).toUTCString();
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Attacks on ${escaped(report.target)}</title><style>${style}</style></head><body><main>
<h1>Attacks on <code>${escaped(report.target)}</code></h1>
<p>${escaped(when)}, ${costOf(report)}, seed <code>${escaped(report.seed)}</code>.
${report.results.length} attacks: ${refused} refused, <strong>${accepted} accepted</strong>, ${inconclusive} inconclusive, ${skipped} skipped.</p>
${report.trouble === undefined ? '' : `<p class="accepted">Hardly anything could be tried: ${escaped(report.trouble)}</p>`}
<h2>Requirement: stateless session tokens: <span class="${classOf(standing)}">${standing}</span></h2>
<table><thead><tr><th scope="col">Point</th><th scope="col">Standing</th><th scope="col">Evidence</th></tr></thead>
<tbody>${points.map(pointRow).join('\n')}</tbody></table>
${measuredList(report)}<h2>Findings</h2>
${
  findings(report)
    .map((result) => findingSection(result, report))
    .join('\n') || '<p>None.</p>'
}
<h2>All attacks</h2>
${familySections(report)}
</main></body></html>
`;
}

const style = `
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:70rem;margin:auto;padding:1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8882;padding:.6rem;border-radius:.3rem}code{overflow-wrap:anywhere}
section{border-left:.3rem solid #c33;padding-left:1rem;margin:1.5rem 0}dt{font-weight:600}dd{margin:0 0 .5rem}
.accepted,.not-met{color:#b3261e}.refused,.met{color:#1b7f3b}.inconclusive,.not-shown{color:#9a6700}.skipped{color:#777}
@media (prefers-color-scheme:dark){.accepted,.not-met{color:#ff8a80}.refused,.met{color:#6fdc8c}.inconclusive,.not-shown{color:#ffd166}}
@media print{details{display:block}section{break-inside:avoid}}`;

function measuredList(report: Report): string {
  const items = measures(report).map((line) => `<li>${escaped(line)}</li>`);
  return items.length === 0 ? '' : `<h2>Measured</h2>\n<ul>${items.join('')}</ul>\n`;
}

function pointRow({ name, standing, evidence, findings: found }: Point): string {
  const ids = found.length === 0 ? '' : `: ${found.map((id) => `<code>${escaped(id)}</code>`).join(', ')}`;
  return `<tr><th scope="row">${escaped(name)}</th><td class="${classOf(standing)}">${standing}</td><td>${escaped(evidence)}${ids}</td></tr>`;
}

function findingSection(result: Result, report: Report): string {
  const text = report.attacks.get(result.id);
  const sent = result.exchanges.map(
    ({ request, reply }) => `${maskedCurlOf(request)}\n→ ${describeReply(reply)}${bodyOf(reply)}`,
  );
  return `<section><h3><code>${escaped(result.id)}</code>: ${escaped(result.title)}</h3><dl>
<dt>Seen</dt><dd>${escaped(result.why)}</dd>
<dt>Sent and answered</dt><dd><pre>${escaped(sent.join('\n\n'))}</pre></dd>
<dt>Why it matters</dt><dd>${escaped(text?.why ?? '')}</dd>
<dt>How to fix it</dt><dd>${escaped(text?.fix ?? '')}</dd>
<dt>Standards</dt><dd>${escaped(text === undefined ? '' : standardsText(text.maps))}</dd>
</dl></section>`;
}

function bodyOf(reply: Result['exchanges'][number]['reply']): string {
  return reply.kind === 'answer' && reply.body !== '' ? `\n${maskTokens(reply.body.slice(0, 400))}` : '';
}

function familySections({ results }: Report): string {
  return [...Map.groupBy(results, ({ family }) => family)]
    .map(
      ([family, own]) => `<details open><summary><strong>${escaped(family)}</strong> (${own.length})</summary>
<table><tbody>${own.map(resultRow).join('\n')}</tbody></table></details>`,
    )
    .join('\n');
}

function resultRow({ id, title, verdict, why }: Result): string {
  return `<tr><td><code>${escaped(id)}</code></td><td>${escaped(title)}</td><td class="${verdict}">${verdict}</td><td>${escaped(why)}</td></tr>`;
}

function classOf(standing: string): string {
  return standing.replace(' ', '-');
}
