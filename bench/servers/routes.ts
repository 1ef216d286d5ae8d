import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Guard } from '@symbolon/guard';
import { thumbprintOf } from '@symbolon/token';
import { guardFor } from '../guards.ts';
import { serveBench } from '../harness/serve-bench.ts';
import type { Framework, RoutesServer } from '../routes.ts';
import { audience, issuer } from '../tokens.ts';

type Build = (options: { guard: Guard; jwk: RoutesServer['jwk'] }) => Promise<Server>;

const loopback = '127.0.0.1';
const answer = { orders: 3, by: 'anyone who may read the orders of a shop' };

const builds: Readonly<Record<Framework, Build>> = {
  Fastify: buildFastify,
  Hono: buildHono,
  Express: buildExpress,
};

serveBench(async ({ framework, jwk }: RoutesServer) => {
  const guard = await guardFor(jwk, { bearer: 'accept' });
  const server = await builds[framework]({ guard, jwk });
  const { port } = server.address() as AddressInfo;
  return { port };
});

async function buildFastify({ guard }: { guard: Guard }): Promise<Server> {
  const { default: fastify } = await import('fastify');
  const { protect } = await import('@symbolon/guard/fastify');
  const app = fastify();
  app.get('/open', () => answer);
  app.get(
    '/idle',
    {
      onRequest: (_request, _reply, done) => {
        done();
      },
    },
    () => answer,
  );
  app.get('/guarded', { onRequest: protect(guard) }, () => answer);
  await app.listen({ port: 0, host: loopback });
  return app.server;
}

async function buildHono({ guard }: { guard: Guard }): Promise<Server> {
  const { Hono } = await import('hono');
  const { createAdaptorServer } = await import('@hono/node-server');
  const { protect } = await import('@symbolon/guard/hono');
  const app = new Hono();
  app.get('/open', (c) => c.json(answer));
  app.get(
    '/idle',
    (_context, next) => next(),
    (c) => c.json(answer),
  );
  app.get('/guarded', protect(guard), (c) => c.json(answer));
  return listening(createAdaptorServer({ fetch: app.fetch }) as Server);
}

async function buildExpress({ guard, jwk }: { guard: Guard; jwk: RoutesServer['jwk'] }): Promise<Server> {
  const { default: express } = await import('express');
  const { createServer } = await import('node:http');
  const { protect } = await import('@symbolon/guard/express');
  const { auth } = await import('express-oauth2-jwt-bearer');
  const kid = await thumbprintOf(jwk);
  const app = express();
  app.get('/open', (_request, response) => void response.json(answer));
  app.get(
    '/idle',
    (_request, _response, next) => {
      next();
    },
    (_request, response) => void response.json(answer),
  );
  app.get('/guarded', protect(guard), (_request, response) => void response.json(answer));
  const peer = auth({ issuer, audience, publicKey: { keys: [{ ...jwk, kid }] } });
  app.get('/peer', peer, (_request, response) => void response.json(answer));
  return listening(createServer(app));
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, loopback);
  await once(server, 'listening');
  return server;
}
