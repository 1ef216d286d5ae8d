import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { htmlReport, jsonReport, junitReport, sarifReport, type Report } from '@symbolon/attack';

/** Files into which a report goes, besides the terminal. */
export interface ReportFiles {
  readonly html?: string;
  readonly jsonFile?: string;
  readonly sarif?: string;
  readonly junit?: string;
}

/**
 * Sees that the reports can be written: an attack may take minutes, and what it found would be lost.
 *
 * @throws TypeError that names the option.
 */
export function checkReportFiles({ html, jsonFile, sarif, junit }: ReportFiles): void {
  const named = { html, 'json-file': jsonFile, sarif, junit };
  for (const [option, path] of Object.entries(named)) {
    if (path === undefined) continue;
    const folder = dirname(resolve(path));
    if (!existsSync(folder))
      throw new TypeError(
        `cannot write --${option} ${path}: the folder ${folder} does not exist, make it first`,
      );
    if (existsSync(path) && statSync(path).isDirectory())
      throw new TypeError(`cannot write --${option} ${path}: it is a folder, name a file in it`);
  }
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
