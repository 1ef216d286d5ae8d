import type { Report, Result } from './report.ts';
import { escaped } from './markup.ts';

/** The report as JUnit XML: an accepted attack is a failure, an inconclusive one an error, one that was not tried skipped. */
export function junitReport(report: Report): string {
  const { results, counts, ms } = report;
  const totals = `tests="${results.length}" failures="${counts.accepted}" errors="${counts.inconclusive}" skipped="${counts.skipped}"`;
  const cases = results.map((result) => caseOf(result, report)).join('\n');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals} time="${(ms / 1000).toFixed(3)}">`,
    `<testsuite name="symbolon attack ${escaped(report.target)}" ${totals} time="${(ms / 1000).toFixed(3)}">`,
    cases,
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(result: Result, report: Report): string {
  const { id, family, title, ms } = result;
  const start = `<testcase classname="${escaped(family)}" name="${escaped(`${id}: ${title}`)}" time="${(ms / 1000).toFixed(3)}"`;
  const inside = insideOf(result, report);
  return inside === '' ? `${start}/>` : `${start}>${inside}</testcase>`;
}

function insideOf({ id, verdict, why }: Result, report: Report): string {
  const fix = report.attacks.get(id)?.fix ?? '';
  switch (verdict) {
    case 'refused':
      return '';
    case 'accepted':
      return `<failure message="${escaped(why)}">${escaped(fix)}</failure>`;
    case 'inconclusive':
      return `<error message="${escaped(why)}"/>`;
    case 'skipped':
      return `<skipped message="${escaped(why)}"/>`;
  }
}
