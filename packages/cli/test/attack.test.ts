import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const main = new URL('../src/main.ts', import.meta.url).pathname;
const program = ['--conditions=symbolon:source', main];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface JsonReport {
  readonly memory: number;
  readonly counts: Readonly<Record<'accepted' | 'refused' | 'inconclusive' | 'skipped', number>>;
  readonly results: readonly { readonly id: string; readonly verdict: string; readonly why: string }[];
}

describe('symbolon attack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-attack-'));
  const data = join(folder, 'data');
  const dev = { url: '', stop: () => undefined as unknown };

  before(async () => {
    const child = spawn(process.execPath, [...program, 'dev', '--port', '0', '--data', data, '--json']);
    dev.stop = () => child.kill();
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text: Buffer) => {
        resolve(text.toString());
      }),
    );
    // The next line is the link to the first account.
    const [ready = ''] = line.split('\n');
    dev.url = `${(JSON.parse(ready) as { demo_api: string }).demo_api}/me`;
  });

  after(() => {
    dev.stop();
    rmSync(folder, { recursive: true });
  });

  test('ATTACK-2: against "symbolon dev" nothing is accepted and nothing is in doubt, in less than 90 s', async () => {
    const started = performance.now();
    const files = [
      '--html',
      join(folder, 'r.html'),
      '--sarif',
      join(folder, 'r.sarif'),
      '--junit',
      join(folder, 'r.xml'),
    ];
    const { code, stdout, stderr } = await run('attack', dev.url, '--data', data, '--json', ...files);
    equal(stderr, '');
    const report = JSON.parse(stdout) as JsonReport;
    const doubtful = report.results.filter(
      ({ verdict }) => verdict === 'accepted' || verdict === 'inconclusive',
    );
    deepEqual(
      doubtful.map(({ id, why }) => `${id}: ${why}`),
      [],
    );
    equal(code, 0);
    ok(report.counts.refused > 800);
    for (const id of ['replay/token-after-end', 'signature/padding-after-end', 'issuer/assertion-twice'])
      equal(report.results.find((each) => each.id === id)?.verdict, 'refused', id);
    ok(report.memory < 500_000_000);
    ok(performance.now() - started < 90_000);
    match(readFileSync(join(folder, 'r.html'), 'utf8'), /^<!doctype html>/);
    equal(
      (JSON.parse(readFileSync(join(folder, 'r.sarif'), 'utf8')) as { version: string }).version,
      '2.1.0',
    );
    match(readFileSync(join(folder, 'r.xml'), 'utf8'), /<testsuites /);
  });

  test('ATTACK-16: a replay prints the exact request as curl', async () => {
    const { code, stdout } = await run(
      'attack',
      dev.url,
      '--data',
      data,
      '--replay',
      'keys/hs256-with-spki-pem',
    );
    equal(code, 0);
    match(
      stdout,
      /^keys\/hs256-with-spki-pem: refused, answered 401\ncurl -i --path-as-is -X GET -H 'Authorization: DPoP ey/,
    );
  });

  test('ATTACK-10: a host that is not this machine is not attacked', async () => {
    const { code, stderr } = await run('attack', 'https://api.example.com/', '--token', 'abc');
    equal(code, 2);
    match(stderr, /--i-am-authorised api\.example\.com/);
  });

  test('ATTACK-22: a target that cannot be judged is a fault, not a pass', async () => {
    const { code, stdout } = await run(
      'attack',
      'http://localhost:1/',
      '--token',
      'a.b.c',
      '--only',
      'token/alg-none',
    );
    equal(code, 3);
    match(stdout, /Hardly anything could be tried: the honest request is not accepted \(unreachable/);
  });

  test('ATTACK-4: the list says what each attack needs', async () => {
    const { stdout } = await run('attack', '--list');
    match(stdout, /^token\/alg-none +no signature, alg "none" +jws$/m);
    match(stdout, /^signer: the issuer's signing key/m);
  });
});

function run(...words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...program, ...words], { maxBuffer: 64_000_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
