import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstLine, start, stop, symbolon, symbolonJson, temporaryFolder } from './command-line.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  return address.port;
}

test('AUTHORIZE-52: serve takes a sign-in of one’s own and words for scopes from its file, and a machine completes', async () => {
  const folder = temporaryFolder();
  const [data, key, file] = ['data', 'login.jwk.json', 'serve.json'].map((name) => join(folder, name));
  assert.ok(data !== undefined && key !== undefined && file !== undefined);
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const audience = { audience: 'https://a.example', scopes: ['read'], words: { read: 'Read your notes' } };
  const config = { issuer, port, data: 'data', keyFile: 'keys.json', audiences: [audience] };
  const people = { signIn: { url: 'https://app.example/link' } };
  writeFileSync(file, JSON.stringify({ ...config, people: { signIn: { url: 'http://app.example/link' } } }));
  const open = await symbolon(['serve', '--config', file]);
  assert.equal(open.code, 2);
  assert.match(open.stderr, /people\.signIn\.url http:\/\/app\.example\/link, expected the https URL/);

  writeFileSync(file, JSON.stringify({ ...config, people }));
  const server = start(['serve', '--config', file]);
  await firstLine(server);
  const back = 'https://photos.example/back';
  await symbolonJson(`client add photos --kind public --scope read --redirect-uri ${back}`, { data });
  const rights = `--right authorizations --audience ${issuer}/authorizations`;
  await symbolonJson(`client add login --generate ${key} ${rights}`, { data });

  const begin = async (): Promise<string> => {
    const asked = new URLSearchParams({
      ...{ response_type: 'code', client_id: 'photos', redirect_uri: back, scope: 'read' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    });
    const kept = await fetch(`${issuer}/authorize?${asked.toString()}`, { redirect: 'manual' });
    const sent = await fetch(kept.headers.get('location') ?? '', { redirect: 'manual' });
    const to = new URL(sent.headers.get('location') ?? '');
    assert.equal(to.origin + to.pathname, 'https://app.example/link');
    return to.searchParams.get('request') ?? '';
  };
  const call = async (
    name: string,
    body: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const client = ['--issuer', issuer, '--client', 'login', '--key', key];
    const of = ['--audience', `${issuer}/authorizations`, '--json'];
    const url = `${issuer}/authorizations/${name}`;
    const { code, stdout, stderr } = await symbolon([
      'call',
      url,
      '-d',
      JSON.stringify(body),
      ...client,
      ...of,
    ]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { status: number; body: Record<string, unknown> };
  };
  const request = await begin();
  const told = await call('describe', { request });
  assert.deepEqual(told.body['words'], [{ scope: 'read', words: 'Read your notes' }]);
  const done = await call('complete', { request, subject: 'ada', auth_time: 0 });
  assert.equal(done.status, 200);
  const location = new URL(String(done.body['location']));
  assert.equal(location.origin + location.pathname, back);
  assert.match(location.searchParams.get('code') ?? '', /^[\w-]{43}$/);
  assert.equal(await stop(server), 0);
});
