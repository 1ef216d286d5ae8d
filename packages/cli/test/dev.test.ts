import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  firstLine,
  start,
  startDev,
  stop,
  symbolon,
  symbolonJson,
  temporaryFolder,
  type Ready,
} from './command-line.ts';

test('dev --json says in its first line all that a script needs', async () => {
  const data = join(temporaryFolder(), 'new');
  const { child, ready, line } = await startDev(['--port', '0', '--data', data]);
  const { issuer, audience } = ready;
  assert.match(issuer, /^http:\/\/localhost:\d+$/);
  assert.match(audience, /^http:\/\/localhost:\d+$/);
  const expected: Ready = {
    event: 'ready',
    issuer,
    jwks_uri: `${issuer}/jwks`,
    audience,
    demo_api: audience,
    client_id: 'demo',
    client_key_file: join(data, 'demo-client.jwk.json'),
    data_dir: data,
  };
  assert.equal(readFileSync(join(data, '.gitignore'), 'utf8'), '*\n');
  assert.equal(line, JSON.stringify(expected));

  const metadata = (await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()) as object;
  assert.equal('jwks_uri' in metadata && metadata.jwks_uri, ready.jwks_uri);
  const key = JSON.parse(readFileSync(ready.client_key_file, 'utf8')) as object;
  assert.ok('d' in key, 'the private JWK');

  assert.equal(statSync(data).mode & 0o777, 0o700);
  for (const file of readdirSync(data)) assert.equal(statSync(join(data, file)).mode & 0o777, 0o600, file);
  assert.equal(await stop(child), 0);
});

test('a restart after kill -9 finds its ports, its sessions and its keys again', async () => {
  const data = temporaryFolder();
  const first = await startDev(['--port', '0', '--data', data]);
  const url = `${first.ready.demo_api}/me`;
  const before = JSON.parse((await symbolon(`call ${url}`, { data })).stdout) as { sid: string };
  await stop(first.child, 'SIGKILL');

  const second = await startDev(['--port', '0', '--data', data]);
  assert.deepEqual(second.ready, first.ready);
  const after = JSON.parse((await symbolon(`call ${url}`, { data })).stdout) as { sid: string };
  assert.equal(after.sid, before.sid);

  const twice = await symbolon('dev --json', { data });
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /port \d+ is busy.*is it running already/);
  assert.equal(await stop(second.child), 0);

  const moved = await symbolon('dev --port 1', { data });
  assert.equal(moved.code, 2);
  assert.match(moved.stderr, /belongs to the issuer http:\/\/localhost:\d+: start without --port/);
});

test('a port that is taken is said to be', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { code, stderr } = await symbolon(
    `dev --port ${address.port} --data ${join(temporaryFolder(), 'new')}`,
  );
  assert.equal(code, 2);
  assert.match(stderr, /is busy: choose another one, or --port 0/);
  taken.close();
});

test('the demo API answers what the guard has counted, and in JSON what it has not', async () => {
  const data = temporaryFolder();
  const child = start(['dev', '--json', '--port', '0'], { data });
  const ready = JSON.parse(await firstLine(child)) as Ready;
  assert.equal(ready.data_dir, data, 'SYMBOLON_DATA names the folder');
  const url = ready.demo_api;
  const me = await symbolonJson<{ status: number; body: Record<string, unknown> }>(`call ${url}/me?x=1`, {
    data,
  });
  assert.equal(me.status, 200);
  assert.deepEqual(Object.keys(me.body), ['sub', 'client_id', 'sid', 'scope', 'verified']);
  assert.deepEqual(
    [me.body['client_id'], me.body['scope'], me.body['verified']],
    ['demo', 'demo:read', 'offline'],
  );

  const refused = await fetch(`${url}/me`);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate') ?? '', /^DPoP /);
  const io: unknown = await (await fetch(`${url}/io`)).json();
  assert.deepEqual(io, { decisions: 2, network_calls: 0 });

  const missing = await fetch(`${url}/nothing`);
  assert.equal(missing.status, 404);
  assert.deepEqual(await missing.json(), { error: 'not_found', try: ['GET /me', 'GET /io'] });
  assert.equal(await stop(child, 'SIGINT'), 0);
});
