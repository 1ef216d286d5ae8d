import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { serve } from '@hono/node-server';
import * as forExpress from '@symbolon/holder/web/express';
import * as forFastify from '@symbolon/holder/web/fastify';
import * as forHono from '@symbolon/holder/web/hono';
import * as forNext from '@symbolon/holder/web/next';
import { HolderError } from '@symbolon/holder';
import type { WebSession } from '@symbolon/holder/web';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { openBrowser, signIn, webScene, type WebScene } from './web-scene.ts';

const say = (session: WebSession | undefined): string => session?.sessionId ?? 'nobody';
type Start = (scene: WebScene, t: TestContext) => Promise<string>;

const adapters: Record<string, Start> = {
  Express: async ({ web }, t) => {
    const app = express();
    app.use('/app', forExpress.webSessions(web));
    app.all('/app/me', (request, response) => {
      response.set('Cache-Control', 'public, max-age=60').send(say(forExpress.webSessionOf(request)));
    });
    app.post(
      '/out',
      forExpress.route(async (request) => (await web.signOut(request)).response),
    );
    app.get('/bare', (request, response) => void response.send(say(forExpress.webSessionOf(request))));
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).send('fault');
    });
    const server = app.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  Fastify: async ({ web }, t) => {
    const app = fastify();
    app.all('/app/me', { onRequest: forFastify.webSessions(web) }, (request, reply) => {
      reply.header('Cache-Control', 'public, max-age=60');
      return say(forFastify.webSessionOf(request));
    });
    app.post(
      '/out',
      forFastify.route(async (request) => (await web.signOut(request)).response),
    );
    app.get('/bare', (request) => say(forFastify.webSessionOf(request)));
    t.after(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  Hono: async ({ web }, t) => {
    const app = new Hono();
    app.use('/app/*', forHono.webSessions(web));
    app.all('/app/me', (c) => {
      c.header('Cache-Control', 'public, max-age=60');
      return c.text(say(forHono.webSessionOf(c)));
    });
    app.post('/out', async (c) => (await web.signOut(c.req.raw)).response);
    app.get('/bare', (c) => c.text(say(forHono.webSessionOf(c))));
    app.onError((_error, c) => c.text('fault', 500));
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    t.after(() => server.close());
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

for (const [name, start] of Object.entries(adapters)) {
  test(`WEB-12: ${name} gives the handler the session, fresh, and sets its cookie`, async (t) => {
    const scene = await webScene(t);
    const base = await start(scene, t);
    const { browser, clock } = scene;
    await signIn(scene);
    const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
      const { headers } = browser.request('/', init);
      return browser.take(await fetch(base + path, { ...init, headers: [...headers], redirect: 'manual' }));
    };
    assert.equal(await (await fetch(`${base}/app/me`)).text(), 'nobody');
    assert.equal(await (await call('/app/me')).text(), 'SSSSSSSSSSSSSSSSSSSSSA');
    const before = browser.cookies.get('__Host-session');
    clock.forward(300_000);
    const answer = await call('/app/me');
    assert.deepEqual(
      [await answer.text(), answer.headers.get('cache-control'), answer.headers.get('vary')],
      ['SSSSSSSSSSSSSSSSSSSSSA', 'private, no-store', 'Cookie'],
    );
    assert.notEqual(browser.cookies.get('__Host-session'), before);
    assert.equal((await call('/app/me', { method: 'POST' })).status, 403);
    const origin = 'https://app.example';
    assert.equal((await call('/app/me', { method: 'POST', headers: { origin } })).status, 200);
    assert.equal((await call('/bare')).status, 500);
    const out = await call('/out', { method: 'POST', headers: { origin } });
    assert.deepEqual([out.status, out.headers.get('location'), browser.cookies.size], [303, '/', 0]);
    assert.equal(openBrowser().cookies.size, 0);
  });
}

test('WEB-13: what Next.js renders is handed the cookie that the browser is given', async (t) => {
  const scene = await webScene(t);
  const { web, browser, clock, peer } = scene;
  await signIn(scene);
  browser.cookies.set('theme', 'dark');
  const handed: Headers[] = [];
  const NextResponse = {
    next: ({ request }: { request: { headers: Headers } }) => {
      handed.push(request.headers);
      return new Response();
    },
  };
  const proxy = forNext.webSessions(web, { NextResponse });
  clock.forward(300_000);
  browser.take(await proxy(browser.request('/me')));
  const sent = browser.request('/').headers.get('cookie')?.split('; ').sort();
  assert.deepEqual(handed[0]?.get('cookie')?.split('; ').sort(), sent);
  const asked = peer.tokenRequests.length;
  const session = await forNext.webSessionOf(web, handed[0] ?? new Headers());
  assert.equal(say(session), 'SSSSSSSSSSSSSSSSSSSSSA');
  assert.equal(peer.tokenRequests.length, asked);
  peer.script.push({ status: 400, headers: { 'content-type': 'application/json' }, body: ended });
  clock.forward(300_000);
  browser.take(await proxy(browser.request('/me')));
  assert.equal(handed[1]?.get('cookie'), 'theme=dark');
});

const ended = JSON.stringify({ error: 'invalid_grant', code: 'refresh_refused' });

test('WEB-15: a server action from elsewhere gets no session, whether or not a proxy saw it', async (t) => {
  const scene = await webScene(t);
  const { web, browser } = scene;
  await signIn(scene);
  const actingFrom = (headers: Record<string, string>): Promise<WebSession | undefined> =>
    forNext.webSessionOfAction(web, browser.request('/', { headers }).headers);
  assert.equal(say(await actingFrom({ origin: 'https://app.example' })), 'SSSSSSSSSSSSSSSSSSSSSA');
  const from: Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of from)
    await assert.rejects(
      actingFrom(headers),
      (error) => error instanceof HolderError && error.code === 'cross_site_request',
    );
  assert.equal(say(await forNext.webSessionOfAction(web, new Headers())), 'nobody');
});
