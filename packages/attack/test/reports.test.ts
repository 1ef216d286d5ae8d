import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { battery } from '../src/battery.ts';
import { segment, signingInput } from '../src/forge.ts';
import { curlOf } from '../src/report/curl.ts';
import { htmlReport } from '../src/report/html.ts';
import { jsonReport } from '../src/report/json.ts';
import { junitReport } from '../src/report/junit.ts';
import { count, type Report, type Result } from '../src/report/report.ts';
import { sarifReport } from '../src/report/sarif.ts';
import { terminalReport } from '../src/report/terminal.ts';

const signature = segment(Buffer.alloc(64, 7));
const token = `${signingInput({ alg: 'none', typ: 'at+jwt' }, { sub: 'alice' })}.${signature}`;
const measured = 'the first refusal came after 7 ms';
const hostile = `<script>alert(1)</script>\u001b[2J"]]>&'`;

const found: Result = {
  id: 'token/alg-none',
  family: 'token',
  title: 'no signature, alg "none"',
  verdict: 'accepted',
  why: 'answered 200, like the honest request',
  ms: 3,
  exchanges: [
    {
      request: {
        url: 'http://localhost:3000/me?access_token=' + token,
        method: 'POST',
        headers: [
          ['Authorization', `Bearer ${token}`],
          ['DPoP', token],
          ['Cookie', `session=${token}; key=opaque-secret-of-somebody`],
          ['X-Api-Key', 'another-opaque-secret'],
        ],
        body: `token=${token}`,
      },
      reply: { kind: 'answer', status: 200, headers: [['Location', hostile]], body: hostile, ms: 2 },
    },
  ],
};
const others: readonly Result[] = [
  { ...found, id: 'token/alg-null', verdict: 'inconclusive', why: hostile },
  { ...found, id: 'token/alg-zero', verdict: 'refused', exchanges: [], measured },
  { ...found, id: 'token/alg-false', verdict: 'skipped', why: 'needs a token', exchanges: [] },
];
const results = [found, ...others];
const report: Report = {
  target: 'http://localhost:3000/me',
  seed: 'symbolon',
  startedAt: '2026-11-23T12:00:00.000Z',
  ms: 1234,
  memory: 98_700_000,
  trouble: undefined,
  results,
  counts: count(results),
  attacks: new Map(battery.map((each) => [each.id, each])),
};

const reports: Readonly<Record<string, string>> = {
  terminal: terminalReport(report, { color: false }),
  html: htmlReport(report),
  json: jsonReport(report),
  sarif: sarifReport(report),
  junit: junitReport(report),
};
const attackText = battery.find(({ id }) => id === found.id);

describe('reports', () => {
  for (const name of ['terminal', 'html', 'json', 'sarif'] as const) {
    test(`ATTACK-15: ${name} says of a finding what, why, how to fix it, and where it stands in the standards`, () => {
      const text = (reports[name] ?? '').replaceAll('&quot;', '"');
      const wanted = [
        found.id,
        'answered',
        'curl',
        attackText?.why,
        attackText?.fix,
        '3.5.3',
        '9.1.2',
        'CWE-347',
      ];
      for (const part of wanted) ok(text.includes(part ?? '?'), `${name} lacks ${part ?? ''}`);
    });
  }

  for (const name of ['terminal', 'html', 'json'] as const) {
    test(`ATTACK-18: ${name} says what the run cost and what was measured`, () => {
      const text = reports[name] ?? '';
      for (const part of [
        measured,
        ...(name === 'json' ? ['98700000', '1234'] : ['1.2 s and at most 99 MB']),
      ])
        ok(text.includes(part), `${name} lacks ${part}`);
    });
  }

  test('ATTACK-15: JUnit counts and names', () => {
    match(reports['junit'] ?? '', /<testsuites tests="4" failures="1" errors="1" skipped="1"/);
    match(
      reports['junit'] ?? '',
      /<testcase classname="token" name="token\/alg-none: .*"[^>]*><failure message="answered 200/,
    );
  });

  test('ATTACK-15: SARIF has the form of version 2.1.0, one rule a finding', () => {
    const log = JSON.parse(reports['sarif'] ?? '') as SarifLog;
    equal(log.version, '2.1.0');
    const [run] = log.runs;
    deepEqual(
      run?.tool.driver.rules.map(({ id }) => id),
      [found.id],
    );
    equal(run.results[0]?.ruleId, found.id);
    ok(run.results[0].message.text.length > 0);
    equal(run.results[0].locations[0]?.physicalLocation.artifactLocation.uri, report.target);
  });

  test('ATTACK-16: no report holds a token, a proof or a secret', () => {
    for (const [name, text] of Object.entries(reports)) {
      ok(!text.includes(signature), `${name} holds a signature`);
      doesNotMatch(text, /opaque-secret/, name);
    }
  });

  test('ATTACK-16: a replay prints the request as it was sent', () => {
    const [exchange] = found.exchanges;
    const curl = exchange === undefined ? '' : curlOf(exchange.request);
    ok(curl.includes(`'Authorization: Bearer ${token}'`));
    ok(curl.includes(`--data-raw token=${token}`));
    equal(
      curlOf({ url: 'http://a/', method: 'GET', headers: [['A', "it's\u0001"]] }),
      `curl -i --path-as-is -X GET -H $'A: it\\x27s\\x01' http://a/`,
    );
  });

  test('ATTACK-17: what a target answers cannot become markup or control a terminal', () => {
    doesNotMatch(reports['html'] ?? '', /<script/);
    doesNotMatch(reports['junit'] ?? '', /<script/);
    for (const name of ['junit', 'html', 'terminal']) ok(!reports[name]?.includes('\u001b'), name);
  });
});

interface SarifLog {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
      }[];
    }[];
  }[];
}
