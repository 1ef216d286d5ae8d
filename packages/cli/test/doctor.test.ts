import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { firstLine, start, startDev, stop, symbolon, temporaryFolder } from './command-line.ts';

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { level: string; code: string; what: string; why: string; fix: string }[];
}

const data = temporaryFolder();
let dev: Awaited<ReturnType<typeof startDev>>;

before(async () => {
  dev = await startDev(['--port', '0', '--data', data]);
});

after(async () => {
  await stop(dev.child);
});

async function doctor(words = '', folder = data): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await symbolon(`doctor --json ${words}`.trim(), { data: folder });
  assert.notEqual(stdout, '', stderr);
  return { ...(JSON.parse(stdout) as Report), code };
}

const codesOf = ({ findings }: Report) => findings.map(({ level, code }) => `${level} ${code}`);
/** Of an issuer that was stopped: that it does not run is noticed after five seconds, before or after a test asks. */
const codesOfStopped = (report: Report) => codesOf(report).filter((code) => code !== 'note not_running');

test('doctor finds nothing wrong with an issuer that runs, asked online too', async () => {
  // A guard that has just started tells which keys it holds with its next report, seconds later.
  for (let count = 0; count < 20 && !(await doctor()).ok; count++);
  const report = await doctor('--online');
  assert.deepEqual([report.code, report.ok, codesOf(report)], [0, true, []]);
  const text = await symbolon('doctor', { data });
  assert.deepEqual([text.code, text.stdout], [0, `nothing is wrong with ${data}\n`]);
});

test('doctor says why a folder of dev is none for production', async () => {
  const report = await doctor('--production');
  assert.equal(report.code, 1);
  assert.ok(codesOf(report).includes('error key_file_in_data'));
  assert.ok(report.findings.every(({ what, why, fix }) => what !== '' && why !== '' && fix !== ''));
  const text = await symbolon('doctor --production', { data });
  assert.equal(text.code, 1);
  assert.match(text.stdout, /^ERROR .*\n {2}why: .*\n {2}fix: .*$/m);
});

test('doctor needs a folder in which an issuer was started', async () => {
  const { code, stderr } = await symbolon('doctor', { data: temporaryFolder() });
  assert.equal(code, 2);
  assert.match(stderr, /no issuer in/);
});

/** A folder whose issuer was stopped, for a test to spoil. */
async function spoiled(): Promise<{ folder: string; keyFile: string; store: string }> {
  const folder = temporaryFolder();
  const { child } = await startDev(['--port', '0', '--data', folder]);
  await stop(child);
  const settings = JSON.parse(readFileSync(join(folder, 'symbolon.json'), 'utf8')) as { keyFile: string };
  return { folder, keyFile: join(folder, settings.keyFile), store: join(folder, 'symbolon.db') };
}

test('doctor finds what is wrong with the key file, and makes none', async () => {
  const { folder, keyFile } = await spoiled();
  chmodSync(keyFile, 0o644);
  assert.deepEqual(codesOfStopped(await doctor('', folder)), ['error key_file_open']);
  chmodSync(keyFile, 0o600);
  const text = readFileSync(keyFile, 'utf8');
  writeFileSync(keyFile, '{"keys":[]}');
  assert.deepEqual(codesOfStopped(await doctor('', folder)), ['error key_file_damaged']);
  rmSync(keyFile);
  assert.deepEqual(codesOfStopped(await doctor('', folder)), ['error key_file_missing']);
  assert.throws(() => statSync(keyFile));
  const id = /"id": "([^"]+)"/.exec(text)?.[1] ?? '';
  writeFileSync(keyFile, text.replace(id, 'another-entry'), { mode: 0o600 });
  const report = await doctor('', folder);
  assert.equal(report.code, 1);
  assert.ok(codesOfStopped(report).every((code) => /^error (lookup_)?key_does_not_open$/.test(code)));
  assert.ok(report.findings.some(({ what }) => what.includes(`no entry ${id}`)));
});

test('doctor finds what is wrong with the store, and changes nothing', async () => {
  const { folder, store } = await spoiled();
  const away = join(folder, 'away.db');
  const db = new DatabaseSync(store);
  db.exec(`UPDATE meta SET value = '99' WHERE key = 'schema'`);
  db.close();
  assert.deepEqual(codesOfStopped(await doctor('', folder)), ['error schema_newer']);
  renameSync(store, away);
  assert.deepEqual(codesOfStopped(await doctor('', folder)), ['error store_missing']);
  assert.throws(() => statSync(store));
  copyFileSync(away, store);
  const bytes = readFileSync(store);
  writeFileSync(store, bytes.fill(7, 4096 * 2, 4096 * 6));
  const report = await doctor('', folder);
  assert.deepEqual(codesOfStopped(report), ['error store_damaged']);
  assert.equal(report.code, 1);
});

test('doctor says that an issuer cannot be reached, and that its metadata name another', async () => {
  const { folder } = await spoiled();
  const report = await doctor('--online', folder);
  assert.deepEqual([report.code, codesOfStopped(report).includes('error issuer_unreachable')], [1, true]);
  const file = join(folder, 'symbolon.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as { issuer: string };
  const stranger = new URL(dev.ready.issuer);
  writeFileSync(
    file,
    JSON.stringify({ ...settings, issuer: stranger.origin.replace('127.0.0.1', 'localhost') }),
  );
  const other = codesOfStopped(await doctor('--online', folder));
  assert.ok(other.includes('error store_of_other_issuer'));
});

test('doctor finds nothing wrong with an issuer served as it should be', async () => {
  const [folder, keys] = [temporaryFolder(), join(temporaryFolder(), 'keys.json')];
  const words = `serve --issuer https://issuer.example.com --audience https://api.example.com --port 0 --data ${folder} --key-file ${keys}`;
  const child = start(words.split(' '));
  await firstLine(child);
  const report = await doctor('--production', folder);
  assert.deepEqual([report.code, codesOfStopped(report)], [0, []]);
  await stop(child);
});

test('ACCOUNT-36: doctor says that people behind a proxy that nobody told of have one address', async () => {
  const [folder, keys] = [temporaryFolder(), join(temporaryFolder(), 'keys.json')];
  const words = `serve --issuer https://issuer.example.com --audience https://api.example.com --people --port 0 --data ${folder} --key-file ${keys}`;
  for (const [more, found] of [
    [[], ['warning senders_unknown']],
    [['--behind-proxy'], []],
  ] as const) {
    const child = start([...words.split(' '), ...more]);
    await firstLine(child);
    const report = await doctor('', folder);
    assert.deepEqual([report.code, codesOfStopped(report)], [0, found]);
    await stop(child);
  }
});
