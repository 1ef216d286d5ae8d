import { requirementOf } from '../run/summary.ts';
import { describeReply } from '../run/calibration.ts';
import { maskedCurlOf } from './curl.ts';
import type { Report } from './report.ts';

/** The report as JSON; credentials in requests are cut. */
export function jsonReport(report: Report): string {
  const { target, seed, startedAt, ms, memory, trouble, counts } = report;
  const results = report.results.map(({ exchanges, ...result }) => ({
    ...result,
    ...textOf(report, result.id),
    exchanges: exchanges.map(({ request, reply }) => ({
      sent: maskedCurlOf(request),
      answered: describeReply(reply),
    })),
  }));
  const requirement = requirementOf(report);
  const head = { target, seed, startedAt, ms, memory, trouble, counts };
  return JSON.stringify({ ...head, requirement, results }, undefined, 2);
}

function textOf({ attacks }: Report, id: string): object {
  const found = attacks.get(id);
  return found === undefined ? {} : { why_it_matters: found.why, how_to_fix: found.fix, maps: found.maps };
}
