import assert from 'node:assert/strict';
import { request as requestOf } from 'node:http';
import { test } from 'node:test';
import { serveIssuer } from '../src/index.ts';
import { openPageLab } from './people/page-lab.ts';
import { api, issuerUrl, openLab, type Lab } from './support.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
/** Paths as they are asked for, and what they take; those with OPTIONS are open to pages of any origin. */
const machines = {
  '/token': 'POST, OPTIONS',
  '/revoke': 'POST, OPTIONS',
  '/introspect': 'POST',
  '/jwks': 'GET, HEAD, OPTIONS',
  '/.well-known/oauth-authorization-server': 'GET, HEAD, OPTIONS',
  '/.well-known/openid-configuration': 'GET, HEAD, OPTIONS',
  '/sessions': 'POST, GET, HEAD',
  '/sessions/some-sid': 'DELETE',
  '/revocations': 'GET, HEAD',
  '/revocations/keys': 'GET, HEAD',
  '/revocations/pages/7': 'GET, HEAD',
  '/revocations/acknowledgements': 'POST',
  '/healthz': 'GET, HEAD',
  '/readyz': 'GET, HEAD',
};
const people = {
  '/sign-in': 'GET, HEAD',
  '/sign-in/verify': 'POST',
  '/sign-out': 'POST',
  '/enrol': 'GET, HEAD',
  '/presence/options': 'POST',
  '/dbsc/refresh': 'POST',
  '/authorize': 'GET, HEAD, POST',
  '/authorize/consent': 'POST',
  '/par': 'POST, OPTIONS',
  '/userinfo': 'GET, HEAD, POST, OPTIONS',
  '/logout': 'GET, HEAD, POST',
  '/logout/confirm': 'POST',
  '/assets/style.css': 'GET, HEAD',
  '/account': 'GET, HEAD',
  '/account/passkeys': 'POST',
  '/account/passkeys/some-id/remove': 'GET, HEAD, POST',
  '/console': 'GET, HEAD',
  '/console/clients': 'GET, HEAD, POST',
  '/console/keys/some-kid/revoke': 'GET, HEAD, POST',
};

const ask = (lab: Pick<Lab, 'issuer'>, path: string, init: RequestInit = {}): Promise<Response> =>
  lab.issuer.fetch(new Request(issuerUrl + path, init));

void test('ISSUER-38: a path that is asked by another method than it takes says which it takes', async () => {
  const lab = await openPageLab();
  for (const [path, allow] of Object.entries({ ...machines, ...people })) {
    const taken = allow.split(', ');
    for (const method of methods) {
      const answer = await ask(lab, path, { method });
      const what = `${method} ${path}`;
      assert.equal(answer.status === 405, !taken.includes(method), `${what} ${answer.status}`);
      if (answer.status !== 405) continue;
      assert.deepEqual(answer.headers.get('allow')?.split(', '), taken, what);
      assert.equal(
        answer.headers.get('access-control-allow-origin') === '*',
        taken.includes('OPTIONS'),
        what,
      );
      const body = await answer.text();
      assert.equal(body, method === 'HEAD' ? '' : '{"error":"method_not_allowed"}', what);
    }
  }
  for (const method of methods)
    assert.equal((await ask(lab, '/nothing-here', { method })).status, 404, method);
  const page = await ask(lab, '/sign-out', { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers.get('allow')], [405, 'POST']);
  assert.match(await page.text(), /There is nothing to open here/);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  await lab.issuer.close();
  assert.deepEqual(lab.faults, []);
});

void test('ISSUER-38: what an issuer does not serve is not there by any method', async () => {
  const lab = await openLab();
  for (const path of Object.keys(people))
    for (const method of methods.filter((each) => each !== 'OPTIONS'))
      assert.equal((await ask(lab, path, { method })).status, 404, `${method} ${path}`);
  await lab.issuer.close();
});

void test('ISSUER-38: HEAD says what GET would, without a body', async () => {
  const lab = await openPageLab();
  for (const path of [
    '/jwks',
    '/.well-known/openid-configuration',
    '/sign-in',
    '/assets/style.css',
    '/account',
  ]) {
    const [got, headed] = [await ask(lab, path), await ask(lab, path, { method: 'HEAD' })];
    assert.equal(headed.status, got.status, path);
    assert.equal(headed.headers.get('content-type'), got.headers.get('content-type'), path);
    assert.equal(await headed.text(), '', path);
  }
  await lab.issuer.close();
});

void test('ISSUER-38: over HTTP as well', async (t) => {
  const lab = await openLab({ issuer: 'http://localhost:1', audiences: [{ audience: api }] });
  const server = await serveIssuer(lab.issuer, { port: 0 });
  t.after(() => server.close());
  const answerTo = (
    method: string,
    path: string,
  ): Promise<[number | undefined, string | undefined, string]> =>
    new Promise((resolve, reject) => {
      const sent = requestOf({ port: server.port, method, path }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () => {
          resolve([answer.statusCode, answer.headers.allow, body]);
        });
      });
      sent.on('error', reject).end();
    });
  const wrong = '{"error":"method_not_allowed"}';
  assert.deepEqual(await answerTo('PUT', '/token'), [405, 'POST, OPTIONS', wrong]);
  assert.deepEqual(await answerTo('HEAD', '/token'), [405, 'POST, OPTIONS', '']);
  assert.deepEqual(await answerTo('DELETE', '/healthz'), [405, 'GET, HEAD', wrong]);
  assert.deepEqual(await answerTo('HEAD', '/healthz'), [200, undefined, '']);
  assert.equal((await answerTo('TRACE', '/token'))[0], 405);
});
