import { serve } from '@hono/node-server';
import { createGuard, sessionOf, type Guard, type Session } from '@symbolon/guard';
import { protect as protectExpress } from '@symbolon/guard/express';
import { protect as protectFastify } from '@symbolon/guard/fastify';
import { protect as protectHono } from '@symbolon/guard/hono';
import { protect as protectNode } from '@symbolon/guard/node';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, mock, test } from 'node:test';
import { inspect } from 'node:util';
import { audience, createTestHolder, createTestIssuer, fakeClock } from './support.ts';

/** What every server below offers, behind the same guard. */
interface Routes {
  /** GET /orders, scope orders:read: the subject as text. */
  readonly orders: (session: Session) => string;
  /** GET /fault: guarded, throws. */
  readonly fault: () => never;
}

type Start = (guard: Guard, routes: Routes) => Promise<{ origin: string; close: () => Promise<unknown> }>;

const read = { scope: 'orders:read' };

const startNode: Start = (guard, routes) => {
  const orders = protectNode(
    guard,
    (_request, response, session) => {
      response.end(routes.orders(session));
    },
    read,
  );
  const fault = protectNode(guard, () => Promise.resolve().then(routes.fault));
  return listen(
    createServer((request, response) => {
      (request.url === '/fault' ? fault : orders)(request, response);
    }),
  );
};

const startExpress: Start = (guard, routes) => {
  const app = express();
  app.set('env', 'test'); // keeps Express from printing the error it answers
  app.get('/orders', protectExpress(guard, read), (request, response) => {
    response.send(routes.orders(sessionOf(request)));
  });
  const mounted = express.Router();
  mounted.get('/fault', protectExpress(guard), routes.fault);
  app.use('/', mounted);
  const shop = express.Router();
  shop.get('/orders', protectExpress(guard, read), (request, response) => {
    response.send(routes.orders(sessionOf(request)));
  });
  app.use('/shop', shop);
  app.get('/open', (request, response) => {
    response.send(sessionOf(request).subject);
  });
  return listen(createServer(app));
};

const startFastify: Start = async (guard, routes) => {
  const app = fastify();
  app.get('/orders', { onRequest: protectFastify(guard, read) }, (request) =>
    routes.orders(sessionOf(request)),
  );
  app.get('/fault', { preHandler: protectFastify(guard) }, () => routes.fault());
  app.get('/open', (request) => sessionOf(request).subject);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  return { origin, close: () => app.close() };
};

const startHono: Start = (guard, routes) => {
  const app = new Hono();
  app.onError((_error, c) => c.text('', 500));
  app.get('/orders', protectHono(guard, read), (c) => c.text(routes.orders(sessionOf(c))));
  app.get('/fault', protectHono(guard), () => routes.fault());
  app.get('/open', (c) => c.text(sessionOf(c).subject));
  return serveFetch(app.fetch);
};

const startFetch: Start = (guard, routes) => {
  const orders = guard.protect((_request, session) => new Response(routes.orders(session)), read);
  const fault = guard.protect(() => routes.fault());
  return serveFetch((request) => (new URL(request.url).pathname === '/fault' ? fault : orders)(request));
};

const starts: [string, Start][] = [
  ['Fetch', startFetch],
  ['node:http', startNode],
  ['Express', startExpress],
  ['Fastify', startFastify],
  ['Hono', startHono],
];

for (const [name, start] of starts) {
  describe(name, async () => {
    const clock = fakeClock();
    const issuer = await createTestIssuer({ clock });
    const holder = await createTestHolder(issuer);
    const guard = createGuard({
      issuer: issuer.url,
      audience,
      staleFeed: 'accept',
      clock,
      fetch: issuer.fetch,
    });
    await guard.ready();
    clock.advance(10_000);
    const token = await holder.token({ scope: 'orders:read' });
    const faulty = (): never => {
      throw new Error('the database is down');
    };

    const withServer = async (use: (origin: string) => Promise<void>): Promise<void> => {
      const { origin, close } = await start(guard, { orders: (session) => session.subject, fault: faulty });
      try {
        await use(origin);
      } finally {
        await close();
      }
    };

    test(`GUARD-38: ${name}: an honest request reaches the handler with its session, a replay does not`, () =>
      withServer(async (origin) => {
        const headers = await holder.headers({ token });
        const first = await send(`${origin}/orders?page=2`, headers);
        equal(first.status, 200, first.body);
        equal(first.body, 'machine-1');
        const again = await send(`${origin}/orders?page=2`, headers);
        equal(again.status, 401);
        match(again.headers['www-authenticate'] ?? '', /^DPoP error="invalid_dpop_proof"/);
        equal(again.headers['cache-control'], 'no-store');
        match(again.body, /seen before/);
      }));

    test(`GUARD-38: ${name}: who has no token or not the scope never reaches the handler`, () =>
      withServer(async (origin) => {
        const none = await send(`${origin}/orders`, {});
        equal(none.status, 401);
        match(none.headers['www-authenticate'] ?? '', /^DPoP algs="/);
        const small = await holder.token({ scope: 'orders' });
        const refused = await send(`${origin}/orders`, await holder.headers({ token: small }));
        equal(refused.status, 403);
        match(refused.headers['www-authenticate'] ?? '', /error="insufficient_scope".*scope="orders:read"/);
        equal((await send(`${origin}/orders`, await holder.headers({ token }))).status, 200);
      }));

    test(`GUARD-38: ${name}: a header that comes twice is seen twice`, () =>
      withServer(async (origin) => {
        const { authorization = '', dpop = '' } = await holder.headers({ token });
        const twice = await send(`${origin}/orders`, { authorization: [authorization, authorization], dpop });
        equal(twice.status, 400);
        match(twice.body, /two were found/);
        const other = await send(`${origin}/orders`, { authorization: [authorization, 'Basic YTpi'], dpop });
        equal(other.status, 400);
        const proofs = await send(`${origin}/orders`, {
          authorization,
          dpop: [dpop, await holder.proof({ token })],
        });
        equal(proofs.status, 401);
        match(proofs.body, /exactly one DPoP header/);
        equal((await send(`${origin}/orders`, { authorization, dpop })).status, 200);
      }));

    test(`GUARD-68: ${name}: a repeated bearer token is let in, refused and met by a fault as any other`, async () => {
      const printed = mock.method(console, 'error', () => undefined);
      let isBroken = false;
      const own = fakeClock(clock());
      const open = createGuard({
        issuer: issuer.url,
        audience,
        staleFeed: 'accept',
        bearer: 'accept',
        clock: () => {
          if (isBroken) throw new Error('the clock is broken');
          return own();
        },
        fetch: issuer.fetch,
      });
      await open.ready();
      const server = await start(open, { orders: (session) => session.subject, fault: faulty });
      const headers = { authorization: `Bearer ${await issuer.token({ scope: 'orders:read' })}` };
      try {
        for (const round of [1, 2, 3]) {
          const { status, body } = await send(`${server.origin}/orders`, headers);
          equal(status, 200, body);
          equal(body, 'machine-1');
          equal(open.stats().cacheHits, round - 1);
        }
        equal((await send(`${server.origin}/fault`, headers)).status, 500);
        isBroken = true;
        const broken = await send(`${server.origin}/orders`, headers);
        equal(broken.status, 500);
        equal(broken.headers['www-authenticate'], undefined);
        isBroken = false;
        own.advance(301_000);
        const refused = await send(`${server.origin}/orders`, headers);
        equal(refused.status, 401);
        match(refused.headers['www-authenticate'] ?? '', /error="invalid_token"/);
        deepEqual(open.stats().refusedByCode, { token_expired: 1 });
        equal(open.stats().faults, 1);
      } finally {
        await server.close();
        open.close();
        printed.mock.restore();
      }
    });

    test(`GUARD-39: ${name}: a handler that fails is a fault of the server, not a refusal`, async () => {
      const printed = mock.method(console, 'error', () => undefined);
      try {
        await withServer(async (origin) => {
          const headers = await holder.headers({ token, url: `${audience}/fault` });
          const { status, headers: answered, body } = await send(`${origin}/fault`, headers);
          equal(status, 500);
          equal(answered['www-authenticate'], undefined);
          equal(body.includes(token), false);
          equal((await send(`${origin}/fault`, headers)).status, 401);
        });
      } finally {
        printed.mock.restore();
      }
    });

    test(`GUARD-40: ${name}: a requirement that cannot be met stops the server before it listens`, () => {
      const anything = (): Response => new Response();
      const protects: Record<string, () => unknown> = {
        Fetch: () => guard.protect(anything, { once: true }),
        'node:http': () => protectNode(guard, anything, { once: true }),
        Express: () => protectExpress(guard, { once: true }),
        Fastify: () => protectFastify(guard, { once: true }),
        Hono: () => protectHono(guard, { once: true }),
      };
      throws(() => protects[name]?.(), { name: 'TypeError', message: /replayStore/ });
    });

    if (['Express', 'Fastify', 'Hono'].includes(name))
      test(`GUARD-40: ${name}: a handler without a guard before it gets no session, but an error`, () =>
        withServer(async (origin) => {
          const { status, body } = await send(`${origin}/open`, await holder.headers({ token }));
          equal(status, 500);
          equal(body.includes('machine-1'), false);
        }));

    if (name === 'Express')
      test('GUARD-38: Express: the path of a proof is the one that was sent, also below a mounted router', () =>
        withServer(async (origin) => {
          const headers = await holder.headers({ token, url: `${audience}/shop/orders` });
          equal((await send(`${origin}/shop/orders`, headers)).body, 'machine-1');
          equal((await send(`${origin}/shop/orders`, await holder.headers({ token }))).status, 401);
        }));
  });
}

test('GUARD-40: an object that no guard has seen has no session', () => {
  throws(() => sessionOf({}), { name: 'TypeError', message: /put protect\(guard\) before the handler/ });
});

test('GUARD-40: a copy of a request that was let in has no session, and one that is printed shows none', async () => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const guard = createGuard({
    issuer: issuer.url,
    audience,
    staleFeed: 'accept',
    bearer: 'accept',
    clock,
    fetch: issuer.fetch,
  });
  await guard.ready();
  const rawHeaders = ['Authorization', `Bearer ${await issuer.token({ sub: 'ada' })}`];
  const request = { method: 'GET', url: '/orders', rawHeaders };
  const next = mock.fn();
  const never = (): never => {
    throw new Error('nothing is answered here');
  };
  const response = {
    statusCode: 0,
    headersSent: false,
    setHeader: never,
    end: never,
    destroy: never,
  };
  await protectExpress(guard)(request, response, next);
  equal(next.mock.callCount(), 1);
  equal(sessionOf(request).subject, 'ada');
  throws(() => sessionOf({ ...request }), TypeError);
  throws(() => sessionOf(Object.create(request) as object), TypeError);
  equal(inspect(request, { depth: 9, showHidden: true }).includes('ada'), false);
  guard.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
}

/** Sends over real HTTP; a header with several values is sent as several lines. */
function send(url: string, headers: Record<string, string | string[]>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const lines = Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().flatMap((value) => [name, value]),
    );
    const sent = httpRequest(
      url,
      { headers: ['host', new URL(url).host, ...lines], agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answered = response.headers as Record<string, string | undefined>;
          resolve({
            status: response.statusCode ?? 0,
            headers: answered,
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

async function listen(server: Server): ReturnType<Start> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  };
}

function serveFetch(fetch: (request: Request) => Response | Promise<Response>): ReturnType<Start> {
  return new Promise((ready) => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      const close = (): Promise<unknown> => new Promise((closed) => server.close(closed));
      ready({ origin: `http://127.0.0.1:${port}`, close });
    });
  });
}
