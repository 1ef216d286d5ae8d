import {
  type AttackOptions,
  battery,
  curlOf,
  jsonReport,
  needTexts,
  progressLine,
  type Report,
  type Result,
  terminalReport,
} from '@symbolon/attack';
import { exitCodes } from '../exit.ts';
import type { Output } from '../output.ts';
import { table } from '../table.ts';
import type { Options } from './options.ts';
import { writeReports } from './reports.ts';

/** Shows one line that moves, where somebody looks at a terminal. */
export function progressOf(output: Output): NonNullable<AttackOptions['onResult']> {
  if (output.json || !process.stderr.isTTY) return () => undefined;
  return (result, progress) => {
    process.stderr.write(`\u001b[2K\r${progressLine(result, progress).slice(0, 100)}`);
    if (progress.done === progress.of) process.stderr.write('\u001b[2K\r');
  };
}

/** Says what was found, writes the reports asked for, and sets the exit code. */
export function tell(output: Output, { report, options }: { report: Report; options: Options }): void {
  for (const path of writeReports(report, options)) output.note(`The report is in ${path}.`);
  if (output.json) process.stdout.write(`${jsonReport(report)}\n`);
  else process.stdout.write(`${text(report, options)}\n`);
  if (report.trouble !== undefined) process.exitCode = exitCodes.fault;
  else if (report.counts.accepted > 0) process.exitCode = exitCodes.refused;
}

function text(report: Report, { replay }: Options): string {
  const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  if (replay === undefined) return terminalReport(report, { color });
  return report.results.map(replayText).join('\n\n');
}

function replayText({ id, verdict, why, exchanges }: Result): string {
  return [`${id}: ${verdict}, ${why}`, ...exchanges.map(({ request }) => curlOf(request))].join('\n');
}

/** Lists the attacks and what they need. */
export function list(output: Output): void {
  const rows = battery.map(({ id, title, needs }) => [id, title, needs.join(' ')]);
  output.result(
    { attacks: battery.map(({ id, family, title, needs, maps }) => ({ id, family, title, needs, maps })) },
    () =>
      [
        table(['attack', 'what is tried', 'needs'], rows, ''),
        '',
        ...Object.entries(needTexts).map((pair) => pair.join(': ')),
      ].join('\n'),
  );
}
