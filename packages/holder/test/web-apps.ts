import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { serve } from '@hono/node-server';
import * as forExpress from '@symbolon/holder/web/express';
import * as forFastify from '@symbolon/holder/web/fastify';
import * as forHono from '@symbolon/holder/web/hono';
import type { WebSession, WebSessions } from '@symbolon/holder/web';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';

/** What an application for tests is made of. */
export interface AppParts {
  readonly web: WebSessions;
  /** What its slow page waits for before it answers. */
  readonly slow: () => Promise<void>;
}

/**
 * Starts an application that reads the session before each of its routes, also where nothing needs it: `/back`, `/out`, `/me`
 * and `/slow`. Gives its origin.
 */
export type StartApp = (parts: AppParts, t: TestContext) => Promise<string>;

const say = (session: WebSession | undefined): string => session?.sessionId ?? 'nobody';

/** One application for each way in which sessions are put before handlers. */
export const apps: Record<string, StartApp> = {
  Express: async ({ web, slow }, t) => {
    const app = express();
    app.use(forExpress.webSessions(web));
    app.get(
      '/back',
      forExpress.route(async (request) => (await web.finishSignIn(request)).response),
    );
    app.post(
      '/out',
      forExpress.route(async (request) => (await web.signOut(request)).response),
    );
    app.get('/me', (request, response) => void response.send(say(forExpress.webSessionOf(request))));
    app.get('/slow', async (request, response) => {
      await slow();
      response.send(say(forExpress.webSessionOf(request)));
    });
    const server = app.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return originOf(server.address());
  },
  Fastify: async ({ web, slow }, t) => {
    const app = fastify();
    app.addHook('onRequest', forFastify.webSessions(web));
    app.get(
      '/back',
      forFastify.route(async (request) => (await web.finishSignIn(request)).response),
    );
    app.post(
      '/out',
      forFastify.route(async (request) => (await web.signOut(request)).response),
    );
    app.get('/me', (request) => say(forFastify.webSessionOf(request)));
    app.get('/slow', async (request) => {
      await slow();
      return say(forFastify.webSessionOf(request));
    });
    t.after(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  Hono: async ({ web, slow }, t) => {
    const app = new Hono();
    app.use('*', forHono.webSessions(web));
    app.get('/back', async (c) => (await web.finishSignIn(c.req.raw)).response);
    app.post('/out', async (c) => (await web.signOut(c.req.raw)).response);
    app.get('/me', (c) => c.text(say(forHono.webSessionOf(c))));
    app.get('/slow', async (c) => {
      await slow();
      return c.text(say(forHono.webSessionOf(c)));
    });
    return serveFetch(app.fetch, t);
  },
  'web.handle': ({ web, slow }, t) => {
    const app = web.handle(async (request, session) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/back') return (await web.finishSignIn(request)).response;
      if (pathname === '/out') return (await web.signOut(request)).response;
      if (pathname === '/slow') await slow();
      return new Response(say(session));
    });
    return serveFetch(app, t);
  },
};

async function serveFetch(
  handler: (request: Request) => Response | Promise<Response>,
  t: TestContext,
): Promise<string> {
  const server = serve({ fetch: handler, port: 0, hostname: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  return originOf(server.address());
}

function originOf(address: AddressInfo | string | null): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}
