import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { serve } from '@hono/node-server';
import * as forExpress from '@symbolon/holder/web/express';
import * as forFastify from '@symbolon/holder/web/fastify';
import * as forHono from '@symbolon/holder/web/hono';
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
