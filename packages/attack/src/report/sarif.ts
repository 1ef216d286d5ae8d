import { describeReply } from '../run/calibration.ts';
import { maskedCurlOf } from './curl.ts';
import { findings, type AttackText, type Report, type Result } from './report.ts';

/** The findings as SARIF 2.1.0, for code scanning; one rule an attack, the target as the place. */
export function sarifReport(report: Report): string {
  const found = findings(report);
  const rules = found.flatMap(({ id }) => ruleOf(report.attacks.get(id)));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'symbolon attack', informationUri: 'https://github.com/symbolon/symbolon', rules },
        },
        invocations: [{ executionSuccessful: report.trouble === undefined, startTimeUtc: report.startedAt }],
        results: found.map((result) => resultOf(result, report)),
      },
    ],
  };
  return JSON.stringify(log, undefined, 2);
}

function ruleOf(attack: AttackText | undefined): object[] {
  if (attack === undefined) return [];
  const { id, title, why, fix, maps } = attack;
  const tags = ['security', ...maps.cwe.map((cwe) => `external/cwe/${cwe.toLowerCase()}`)];
  return [
    {
      id,
      name: id,
      shortDescription: { text: title },
      fullDescription: { text: why },
      help: { text: fix },
      defaultConfiguration: { level: 'error' },
      properties: { tags, 'security-severity': '9.0', ...maps },
    },
  ];
}

function resultOf({ id, title, why, exchanges }: Result, { target }: Report): object {
  const sent = exchanges.map(({ request, reply }) => `${maskedCurlOf(request)}\n→ ${describeReply(reply)}`);
  return {
    ruleId: id,
    level: 'error',
    message: { text: [`${title}: ${why}.`, ...sent].join('\n') },
    locations: [{ physicalLocation: { artifactLocation: { uri: target } } }],
    partialFingerprints: { attackAndTarget: `${id} ${target}` },
  };
}
