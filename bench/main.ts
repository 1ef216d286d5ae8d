import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { feed } from './feed.ts';
import { guardsOnStream } from './guards-on-stream.ts';
import type { Bench, Findings, Settings } from './harness/bench.ts';
import { formatDelays, type Delays } from './harness/delays.ts';
import { describeMachine, readVersions } from './harness/machine.ts';
import { formatFindings } from './harness/table.ts';
import { issuance } from './issuance.ts';
import { proof } from './proof.ts';
import { refreshStore } from './refresh-store.ts';
import { refresh } from './refresh.ts';
import { revocations } from './revocations.ts';
import { routes } from './routes.ts';
import { verifyCached } from './verify-cached.ts';
import { verifyCold } from './verify-cold.ts';

const benches: readonly Bench[] = [
  verifyCold,
  verifyCached,
  proof,
  revocations,
  routes,
  issuance,
  refresh,
  refreshStore,
  feed,
  guardsOnStream,
];

const thorough: Settings = {
  calculation: { rounds: 31, turn: 30, warmUp: 400 },
  http: { rounds: 11, turn: 400, warmUp: 3000 },
  sessions: 1_000_000,
  ends: 200,
};
const quick: Settings = {
  calculation: { rounds: 9, turn: 15, warmUp: 150 },
  http: { rounds: 5, turn: 200, warmUp: 1500 },
  sessions: 100_000,
  ends: 20,
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});
const settings = values.quick === true ? quick : thorough;
const chosen = values.only === undefined ? benches : values.only.map(benchNamed);

const machine = describeMachine();
const versions = readVersions();
console.log(machine);
console.log(
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', '),
);
const results: Record<string, (Findings | Delays) & { measures: string }> = {};
for (const bench of chosen) {
  console.log(`\n${bench.name}: ${bench.title}\n  ${bench.measures}`);
  const findings = await bench.run(settings);
  results[bench.name] = { measures: bench.measures, ...findings };
  console.log(findings.kind === 'ratios' ? formatFindings(findings) : formatDelays(findings));
}
saveResults();

function benchNamed(name: string): Bench {
  const bench = benches.find((row) => row.name === name);
  if (bench !== undefined) return bench;
  throw new TypeError(
    `unexpected bench ${name}, expected one of ${benches.map((row) => row.name).join(', ')}`,
  );
}

function saveResults(): void {
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const report = { date: new Date().toISOString(), machine, versions, settings, results };
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(report, undefined, 2)}\n`);
}
