import { writeFileSync } from 'node:fs';
import { htmlReport, jsonReport, junitReport, sarifReport, type Report } from '@symbolon/attack';

/** Files into which a report goes, besides the terminal. */
export interface ReportFiles {
  readonly html?: string;
  readonly jsonFile?: string;
  readonly sarif?: string;
  readonly junit?: string;
}

/** Writes the reports that were asked for; answers the names of the files. */
export function writeReports(
  report: Report,
  { html, jsonFile, sarif, junit }: ReportFiles,
): readonly string[] {
  const wanted = [
    [html, htmlReport],
    [jsonFile, jsonReport],
    [sarif, sarifReport],
    [junit, junitReport],
  ] as const;
  return wanted.flatMap(([path, make]) => {
    if (path === undefined) return [];
    writeFileSync(path, make(report));
    return [path];
  });
}
