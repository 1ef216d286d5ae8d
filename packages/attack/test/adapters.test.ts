import { getRequestListener } from '@hono/node-server';
import { createGuard, sessionOf, type Guard } from '@symbolon/guard';
import { protect as protectExpress } from '@symbolon/guard/express';
import { protect as protectFastify } from '@symbolon/guard/fastify';
import { protect as protectHono } from '@symbolon/guard/hono';
import { protect as protectNode } from '@symbolon/guard/node';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { deepEqual, ok } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { attack } from '../src/attack.ts';
import { battery } from '../src/battery.ts';
import { forgeKeyFrom } from '../src/keys/forge-key.ts';
import { createOwnKeys } from '../src/keys/own-keys.ts';
import { findings } from '../src/report/report.ts';
import { startTestIssuer } from '../src/credentials/test-issuer.ts';

/** What answers `/me`, whatever the method, behind the guard, as an application writes it. */
type Mount = (guard: Guard, server: Server) => unknown;

const adapters: Readonly<Record<string, Mount>> = {
  Fetch: (guard, server) => {
    const answer = guard.protect((_request, session) => Response.json({ sub: session.subject }));
    listen(server, getRequestListener(answer));
  },
  'node:http': (guard, server) => {
    const answer = protectNode(guard, (_request, response: ServerResponse, session) => {
      response.end(session.subject);
    });
    listen(server, answer);
  },
  Express: (guard, server) => {
    const app = express();
    app.set('env', 'test'); // keeps Express from printing the error it answers
    app.all('/me', protectExpress(guard), (request, response) => {
      response.json({ sub: sessionOf(request).subject });
    });
    listen(server, app);
  },
  Fastify: async (guard, server) => {
    const app = fastify({
      serverFactory: (handler) => {
        server.on('request', handler);
        return server;
      },
    });
    app.all('/me', { onRequest: protectFastify(guard) }, (request) => ({ sub: sessionOf(request).subject }));
    await app.ready();
  },
  Hono: (guard, server) => {
    const app = new Hono();
    app.all('/me', protectHono(guard), (c) => c.json({ sub: sessionOf(c).subject }));
    listen(server, getRequestListener(app.fetch));
  },
};

/** `BATTERY=whole npm test -- attack/test/adapters` tries everything. */
const isWhole = process.env['BATTERY'] === 'whole';
/** What a frame between the wire and the guard could spoil, and of the rest every so manieth. */
const onTheWire = ['proof/', 'web/', 'audience/', 'resources/', 'encoding/'];
const sampleStep = 15;

const ownKeys = createOwnKeys('adapters');
const holder = forgeKeyFrom(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));

describe('the guard behind every frame', { concurrency: 2 }, () => {
  for (const [index, [name, mount]] of Object.entries(adapters).entries()) {
    for (const carrier of [{ kind: 'dpop', key: holder }, { kind: 'bearer' }] as const) {
      test(`ATTACK-2: ${name}, ${carrier.kind}: nothing is accepted, and nothing is in doubt`, async () => {
        await using stack = new AsyncDisposableStack();
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        stack.defer(() => {
          server.close();
          server.closeAllConnections();
        });
        const audience = `http://localhost:${(server.address() as AddressInfo).port}`;
        const issuer = await startTestIssuer({ audience, carrier });
        stack.defer(issuer.close);
        const guard = createGuard({
          issuer: issuer.issuer,
          audience,
          ...(carrier.kind === 'bearer' ? { bearer: 'accept' } : {}),
          staleFeed: 'accept', // this issuer has keys and no feed
        });
        stack.defer(() => {
          guard.close();
        });
        await guard.ready();
        await mount(guard, server);

        const report = await attack({
          ...issuer.options,
          request: { url: `${audience}/me`, method: 'GET', headers: [] },
          ownKeys,
          only: chosen(index),
        });
        const found = findings(report);
        deepEqual(linesOf(found), []);
        deepEqual(linesOf(report.results.filter(({ verdict }) => verdict === 'inconclusive')), []);
        ok(report.counts.refused > report.results.length / 2);
      });
    }
  }
});

function listen(
  server: Server,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): void {
  server.on('request', (request, response) => {
    void answer(request, response);
  });
}

function chosen(index: number): string[] {
  if (isWhole) return [];
  const ids = battery.map(({ id }) => id);
  const wire = ids.filter((id) => onTheWire.some((start) => id.startsWith(start)));
  const rest = ids.filter((id) => !wire.includes(id));
  const every = (list: readonly string[], step: number): string[] =>
    list.filter((_, at) => (at + index) % step === 0);
  return [...every(wire, 3), ...every(rest, sampleStep)];
}

function linesOf(results: readonly { readonly id: string; readonly why: string }[]): string[] {
  return results.map(({ id, why }) => `${id}: ${why}`);
}
