import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decodeProtectedHeader, decodeJwt } from 'jose';
import { startPostgres, type PostgresForTests } from '../../issuer/test/storage/postgres-for-tests.ts';
import { firstLine, start, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

async function openServer(): Promise<PostgresForTests | string> {
  try {
    return await startPostgres();
  } catch (error) {
    const reason = `PostgreSQL did not start, so NOTHING here was tested on it: ${String(error)}`;
    console.error(reason);
    return reason;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  return address.port;
}

const server = await openServer();
if (typeof server === 'string') test('symbolon migrate', { skip: server });
else {
  after(() => server.stop());

  test('MIGRATE-6: an issuer is moved to PostgreSQL by one command and goes on there', async () => {
    const folder = temporaryFolder();
    const [data, key] = [join(folder, 'data'), join(folder, 'client.jwk.json')];
    const url = server.url('postgres').replace('symbolon@', 'symbolon:s3cret@');
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    const said: string[] = [];
    const serve = async (...words: readonly string[]) => {
      const child = start(['serve', '--data', data, ...words]);
      child.stderr.on('data', (chunk) => said.push(String(chunk)));
      said.push(await firstLine(child));
      return child;
    };
    const audience = 'https://api.example';
    const first = await serve(
      ...['--issuer', issuer, '--port', String(port), '--audience', audience],
      ...['--key-file', join(folder, 'keys.json')],
    );
    await symbolonJson(`client add worker --generate ${key} --data ${data}`);
    const clients = () => symbolonJson<{ clients: { id: string }[] }>(`client list --data ${data}`);
    const clientId = (await clients()).clients[0]?.id ?? '';
    const token = async () => {
      const words = `token --data ${data} --client ${clientId} --key ${key}`;
      return (await symbolonJson<{ access_token: string }>(words)).access_token;
    };
    const before = await token();
    assert.equal(await stop(first), 0);

    const behind = await symbolon(['serve', '--data', data, '--store', url]);
    assert.equal(behind.code, 2);
    assert.match(behind.stderr, /would be left behind: move it with "symbolon migrate --to"/);
    const moved = await symbolon(['migrate', '--data', data, '--to', url]);
    assert.equal(moved.code, 0, moved.stderr);
    assert.match(moved.stdout, /^moved 1 sessions and 1 clients to postgres:\/\/localhost\/postgres\n/);
    assert.match(moved.stdout, /the audit log arrived intact, \d+ lines\n/);
    assert.match(moved.stdout, /next: .*symbolon serve --data /);
    const again = await symbolonJson<{ moved: unknown }>(`migrate --data ${data}`);
    assert.equal(again.moved, null);
    const seenBy = await symbolon(['doctor', '--json', '--data', data]);
    const { findings } = JSON.parse(seenBy.stdout) as { findings: { code: string }[] };
    const ofServer = findings.filter(({ code }) => /^store_|standby/.test(code)).map(({ code }) => code);
    // The tests' server is started with fsync off, and alone.
    assert.deepEqual(ofServer, ['store_fsync_off', 'store_without_standby']);

    const second = await serve();
    const now = await token();
    assert.equal(decodeJwt(now)['sid'], decodeJwt(before)['sid'], 'the session goes on');
    assert.equal(decodeProtectedHeader(now).kid, decodeProtectedHeader(before).kid, 'by the same key');
    assert.equal((await clients()).clients[0]?.id, clientId, 'other commands find the store');
    const seen = await symbolon(['inspect', '--data', data], { stdin: now });
    assert.deepEqual([seen.code, seen.stdout.includes('the session stands')], [0, true], seen.stdout);
    assert.equal(await stop(second), 0);

    renameSync(join(folder, 'keys.json'), join(folder, 'elsewhere.json'));
    const lost = await symbolon(['serve', '--data', data]);
    assert.deepEqual([lost.code, existsSync(join(folder, 'keys.json'))], [2, false]);
    assert.match(lost.stderr, /key file .* is missing/);
    const told = [...said, behind, moved, again, seenBy, lost].map((each) => JSON.stringify(each)).join();
    assert.ok(!told.includes('s3cret'), 'the password is never printed');
    assert.match(readFileSync(join(data, 'symbolon.json'), 'utf8'), /"store": "postgres:/);
  });

  test('MIGRATE-6: a database is made ready where there is no store', async () => {
    const data = join(temporaryFolder(), 'data');
    const wrong = await symbolon(['migrate', '--data', data, '--to', 'mysql://u:s3cret@h/d']);
    assert.deepEqual([wrong.code, wrong.stderr.includes('s3cret')], [2, false]);
    assert.equal((await symbolon(['migrate', '--data', data])).code, 2);
    const away = await symbolon(['migrate', '--data', data, '--to', 'postgres://u:s3cret@127.0.0.1:1/d']);
    assert.deepEqual([away.code, away.stderr.includes('s3cret')], [3, false]);
    const { code, stdout } = await symbolon(['migrate', '--data', data, '--to', server.url('template1')]);
    assert.equal(code, 0);
    assert.match(stdout, /has the schema of this version\n {2}next: .*serve --store/);
    assert.equal(existsSync(data), false, 'no folder is made');
  });
}
