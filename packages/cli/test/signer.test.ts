import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstLine, start, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

/** A real token of PKCS#11: SoftHSM. Where it or pkcs11js is missing, nothing here can be shown, and it says so. */
const libraries = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];
const library = libraries.find((path) => existsSync(path)) ?? '';
const skip = whySkip();
if (skip !== false) console.error(`\n!!! --signer IS NOT TESTED: ${skip}\n`);

function whySkip(): string | false {
  if (library === '') return 'SoftHSM is missing (apt-get install softhsm2)';
  const { status } = spawnSync(process.execPath, ['-e', `require('pkcs11js')`], { cwd: import.meta.dirname });
  return status === 0 ? false : 'pkcs11js is not installed';
}

const pin = '739158';
const folder = temporaryFolder();
const data = join(folder, 'data');
const pinFile = join(folder, 'pin');
const uri = `pkcs11:token=cli?module-path=${library}&pin-source=file:${pinFile}`;
const made = ['--data', data, '--port', '0', '--key-file', join(folder, 'keys.json')];
const named = [...made, '--issuer', 'https://issuer.example.com', '--audience', 'https://api.example.com'];

function initialise(): void {
  mkdirSync(join(folder, 'tokens'));
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf');
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${folder}/tokens\nlog.level = ERROR\n`,
  );
  const token = ['--init-token', '--free', '--label', 'cli', '--so-pin', '0000', '--pin', pin];
  execFileSync('softhsm2-util', token);
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
}

interface Key {
  readonly kid: string;
  readonly purpose: string;
  readonly state: string;
  readonly held_by: string | null;
}

const keys = async (): Promise<readonly Key[]> =>
  (await symbolonJson<{ keys: readonly Key[] }>('key list', { data })).keys;

test(
  'CLI-4: keys are made in the token that serve names, and rotated and revoked there later',
  { skip },
  async () => {
    initialise();
    const server = start(['serve', ...named, '--signer', uri, '--signer-for', 'session,feed']);
    await firstLine(server);
    assert.equal(await stop(server), 0);
    const before = await keys();
    for (const { purpose, held_by: holder } of before)
      assert.equal(holder, purpose === 'refresh' ? null : 'pkcs11', purpose);

    const rotated = await symbolonJson<{ current: string; next: string }>('key rotate --purpose feed', {
      data,
    });
    const feed = (state: string, all: readonly Key[]) =>
      all.find((key) => key.purpose === 'feed' && key.state === state);
    assert.equal(rotated.current, feed('next', before)?.kid);
    const revoked = await symbolonJson<{ current: string }>(`key revoke ${rotated.current}`, { data });
    assert.equal(revoked.current, rotated.next);
    const after = await keys();
    assert.ok(!after.some(({ kid }) => kid === rotated.current));
    assert.equal(feed('next', after)?.held_by, 'pkcs11');

    const again = start(['serve', '--data', data]);
    await firstLine(again);
    assert.equal(await stop(again), 0);
    assert.ok(!readFileSync(join(data, 'symbolon.json'), 'utf8').includes(pin));
  },
);

test(
  'CLI-5: a PIN in a URI, an open or missing PIN file, and a wrong PIN stop the start',
  { skip },
  async () => {
    const withPin = await symbolon(['serve', ...named, '--signer', `${uri}&pin-value=8642`]);
    assert.equal(withPin.code, 2);
    assert.match(withPin.stderr, /give pin-source=FILE/);
    assert.ok(!withPin.stderr.includes('8642'));

    chmodSync(pinFile, 0o640);
    const open = await symbolon(['serve', '--json', '--data', data]);
    assert.deepEqual([open.code, open.stderr.includes('pin_file_open')], [2, true], open.stderr);
    const listed = await symbolon(['key', 'list', '--data', data]);
    assert.deepEqual([listed.code, listed.stderr.includes('run chmod 600')], [2, true], listed.stderr);
    chmodSync(pinFile, 0o600);

    writeFileSync(pinFile, '000111');
    const wrong = await symbolon(['key', 'list', '--data', data]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /see that its PIN is right.*CKR_PIN_INCORRECT/);
    assert.ok(!wrong.stderr.includes('000111'));
    writeFileSync(pinFile, pin);
    assert.notEqual((await keys()).length, 0);

    const elsewhere = await symbolon(['serve', '--json', '--data', data, '--signer', `${uri}x`]);
    assert.deepEqual([elsewhere.code, elsewhere.stderr.includes('pin_file_missing')], [2, true]);
    for (const bad of [
      'softhsm:token=cli',
      'pkcs11:token=cli',
      `pkcs11:slot-id=1;token=cli?module-path=${library}`,
    ])
      assert.match(
        (await symbolon(['serve', ...named, '--signer', bad])).stderr,
        /expected 'pkcs11:token=LABEL/,
      );
    const purpose = await symbolon(['serve', ...named, '--signer', uri, '--signer-for', 'session,identity']);
    assert.match(purpose.stderr, /unexpected purposes session, identity/);
  },
);

const script = spawnSync('script', ['--version']).status === 0;

test(
  'CLI-5: without a PIN file whoever sits at the terminal is asked, and the PIN is not shown',
  { skip },
  async () => {
    const asking = uri.replace(/&pin-source.*$/, '');
    const nobody = await symbolon(['serve', '--data', data, '--signer', asking]);
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /nobody is here to be asked: give pin-source=FILE/);

    if (!script) {
      console.error('\n!!! The prompt for a PIN is not tested: there is no script(1)\n');
      return;
    }
    const settings = join(data, 'symbolon.json');
    const kept = readFileSync(settings, 'utf8');
    const { signer, ...rest } = JSON.parse(kept) as { signer: { pinFile?: string } };
    const { pinFile: _, ...asked } = signer;
    writeFileSync(settings, JSON.stringify({ ...rest, signer: asked }), { mode: 0o600 });
    const main = join(import.meta.dirname, '../src/main.ts');
    const line = `'${process.execPath}' --conditions=symbolon:source '${main}' key list --data '${data}'`;
    const child = start(['-qec', line, '/dev/null'], { program: 'script' });
    let shown = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const before = shown;
      shown += String(chunk);
      if (!before.includes('PIN of the token') && shown.includes('PIN of the token'))
        child.stdin.write(`${pin}\r`);
    }
    writeFileSync(settings, kept);
    assert.match(shown, /KEY +PURPOSE/);
    assert.ok(!shown.includes(pin));
  },
);
