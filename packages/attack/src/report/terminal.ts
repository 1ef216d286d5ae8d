import { describeReply } from '../run/calibration.ts';
import { requirementOf } from '../run/summary.ts';
import { maskedCurlOf } from './curl.ts';
import { visible } from './markup.ts';
import { standardsText } from './standards.ts';
import { costOf, findings, measures, type Report, type Result } from './report.ts';

/** How a terminal report is written. */
export interface TerminalOptions {
  readonly color: boolean;
}

type Paint = (text: string) => string;
const plain: Paint = (text) => text;
const mostInconclusive = 10;

/** The report as text for a terminal. */
export function terminalReport(report: Report, { color }: TerminalOptions): string {
  const paint = paints(color);
  const sections = [
    ...(report.trouble === undefined
      ? []
      : [paint.bad(visible(`Hardly anything could be tried: ${report.trouble}`))]),
    familyTable(report, paint),
    ...findings(report).map((result) => findingText(result, { report, paint })),
    ...inconclusiveText(report, paint),
    ...measuredText(report, paint),
    requirementText(report, paint),
    lastLine(report),
  ];
  return sections.join('\n\n');
}

/** One line of progress for a result. */
export function progressLine(result: Result, { done, of }: { done: number; of: number }): string {
  const mark = { accepted: '✖', refused: '✔', inconclusive: '?', skipped: '-' }[result.verdict];
  return `[${String(done).padStart(String(of).length)}/${of}] ${mark} ${result.id}`;
}

interface Paints {
  readonly bad: Paint;
  readonly good: Paint;
  readonly unsure: Paint;
  readonly strong: Paint;
}

function paints(color: boolean): Paints {
  const by = (code: number): Paint => (color ? (text) => `\u001b[${code}m${text}\u001b[0m` : plain);
  return { bad: by(31), good: by(32), unsure: by(33), strong: by(1) };
}

function familyTable({ results }: Report, paint: Paints): string {
  const head = ['family', 'refused', 'accepted', 'inconclusive', 'skipped'];
  const rows = [...Map.groupBy(results, ({ family }) => family)].map(([family, own]) => [
    family,
    ...(['refused', 'accepted', 'inconclusive', 'skipped'] as const).map((verdict) =>
      String(own.filter((each) => each.verdict === verdict).length),
    ),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  const painted = rows.map((row) => (row[2] === '0' ? line(row) : paint.bad(line(row))));
  return [paint.strong(line(head)), ...painted].join('\n');
}

function findingText(result: Result, { report, paint }: { report: Report; paint: Paints }): string {
  const text = report.attacks.get(result.id);
  const [exchange] = result.exchanges;
  const lines = [
    `  seen     ${result.why}`,
    ...(exchange === undefined
      ? []
      : [`  sent     ${maskedCurlOf(exchange.request)}`, `  answered ${describeReply(exchange.reply)}`]),
    ...(text === undefined
      ? []
      : [`  why      ${text.why}`, `  fix      ${text.fix}`, `  see      ${standardsText(text.maps)}`]),
    `  again    --replay ${result.id} --seed ${report.seed}`,
  ];
  return [paint.bad(`✖ ${result.id}: ${visible(result.title)}`), ...lines.map(visible)].join('\n');
}

function inconclusiveText({ results }: Report, paint: Paints): string[] {
  const unclear = results.filter(({ verdict }) => verdict === 'inconclusive');
  if (unclear.length === 0) return [];
  const lines = unclear.slice(0, mostInconclusive).map(({ id, why }) => visible(`  ? ${id}: ${why}`));
  const more = unclear.length > mostInconclusive ? [`  … and ${unclear.length - mostInconclusive} more`] : [];
  return [[paint.unsure(`${unclear.length} inconclusive`), ...lines, ...more].join('\n')];
}

function measuredText(report: Report, paint: Paints): string[] {
  const lines = measures(report).map((line) => visible(`  ${line}`));
  return lines.length === 0 ? [] : [[paint.strong('Measured'), ...lines].join('\n')];
}

function requirementText(report: Report, paint: Paints): string {
  const { standing, points } = requirementOf(report);
  const colors = { met: paint.good, 'not met': paint.bad, 'not shown': paint.unsure };
  const lines = points.map(
    (point) => `  ${colors[point.standing](point.standing.padEnd(9))}  ${point.name} (${point.evidence})`,
  );
  const title = `Requirement: stateless session tokens: ${colors[standing](standing)}`;
  return [paint.strong(title), ...lines].join('\n');
}

function lastLine(report: Report): string {
  const { counts, target, seed, results } = report;
  const { accepted, refused, inconclusive, skipped } = counts;
  const numbers = `${refused} refused, ${accepted} accepted, ${inconclusive} inconclusive, ${skipped} skipped`;
  return `${target}: ${results.length} attacks in ${costOf(report)}: ${numbers} (seed ${seed})`;
}
