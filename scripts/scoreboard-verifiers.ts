/** Real verifiers, set up as their documentation's first example of an asymmetric key shows, with issuer and audience. */
import fastifyJwt from '@fastify/jwt';
import { serve } from '@hono/node-server';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';
import { JwtVerifier } from 'aws-jwt-verify';
import express, { type RequestHandler } from 'express';
import { expressjwt } from 'express-jwt';
import { auth } from 'express-oauth2-jwt-bearer';
import { createVerifier } from 'fast-jwt';
import fastify from 'fastify';
import { Hono } from 'hono';
import { jwt as honoJwt } from 'hono/jwt';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a verifier is told: whom it trusts, and who it is. */
export interface Trust {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly pem: string;
  /** The public key with `kid`, `alg` and `use`. */
  readonly jwk: object;
}

/** A verifier at its address. */
export interface Standing {
  readonly url: string;
  readonly close: () => void;
}

/** One row of the scoreboard. */
export interface Verifier {
  readonly name: string;
  /** The package whose version is shown. */
  readonly from: string;
  readonly alg: 'RS256' | 'EdDSA';
  readonly carrier: 'bearer' | 'dpop';
  /** The set-up in a line, as it is shown. */
  readonly setUp: string;
  readonly start: (trust: Trust) => Promise<Standing>;
}

/** The verifiers of the scoreboard. */
export const verifiers: readonly Verifier[] = [
  ours('@symbolon/guard, DPoP', 'dpop'),
  ours('@symbolon/guard, bearer', 'bearer'),
  {
    ...foreign('jose'),
    setUp: 'jwtVerify(token, createRemoteJWKSet(url), { issuer, audience })',
    start: ({ jwksUri, issuer, audience }) => {
      const keys = createRemoteJWKSet(new URL(jwksUri));
      return listen(checked((token) => jwtVerify(token, keys, { issuer, audience })));
    },
  },
  {
    ...foreign('jsonwebtoken'),
    setUp: 'jwt.verify(token, publicKey, { issuer, audience })',
    start: ({ pem, issuer, audience }) =>
      listen(checked((token) => jsonwebtoken.verify(token, pem, { issuer, audience }))),
  },
  {
    ...foreign('fast-jwt'),
    setUp: 'createVerifier({ key: publicKey, allowedIss, allowedAud })',
    start: ({ pem, issuer, audience }) => {
      const verify = createVerifier({ key: pem, allowedIss: issuer, allowedAud: audience });
      return listen(checked((token) => verify(token) as object));
    },
  },
  {
    ...foreign('hono'),
    name: 'hono/jwt',
    setUp: "jwt({ secret: publicKey, alg: 'RS256', verification: { iss, aud } })",
    start: ({ pem, issuer, audience }) => {
      const app = new Hono();
      app.use(honoJwt({ secret: pem, alg: 'RS256', verification: { iss: issuer, aud: audience } }));
      app.get('/me', (context) => context.json({ ok: true }));
      return new Promise((resolve) => {
        const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
          resolve({ url: `http://localhost:${port}/me`, close: () => server.close() });
        });
      });
    },
  },
  {
    ...foreign('@fastify/jwt'),
    setUp: 'register(jwt, { secret: { public }, verify: { allowedIss, allowedAud } }); request.jwtVerify()',
    start: async ({ pem, issuer, audience }) => {
      const app = fastify();
      const verify = { allowedIss: issuer, allowedAud: audience };
      await app.register(fastifyJwt, { secret: { public: pem }, verify });
      app.addHook('onRequest', (request) => request.jwtVerify());
      app.get('/me', () => ({ ok: true }));
      const address = await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: `${address}/me`, close: () => void app.close() };
    },
  },
  {
    ...foreign('express-jwt'),
    setUp: "expressjwt({ secret: publicKey, algorithms: ['RS256'], issuer, audience })",
    start: ({ pem, issuer, audience }) =>
      onExpress(expressjwt({ secret: pem, algorithms: ['RS256'], issuer, audience })),
  },
  {
    ...foreign('express-oauth2-jwt-bearer'),
    setUp: "auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256' })",
    start: ({ issuer, jwksUri, audience }) =>
      onExpress(auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256' })),
  },
  {
    ...foreign('aws-jwt-verify'),
    setUp: 'JwtVerifier.create({ issuer, audience, jwksUri }).verify(token)',
    start: ({ issuer, audience, jwk }) => {
      // It fetches over https alone, so the key set is handed over as its documentation shows for tests.
      const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://issuer.invalid/jwks' });
      verifier.cacheJwks({ keys: [jwk] } as Parameters<typeof verifier.cacheJwks>[0]);
      return listen(checked((token) => verifier.verify(token)));
    },
  },
];

function foreign(from: string): Pick<Verifier, 'name' | 'from' | 'alg' | 'carrier'> {
  return { name: from, from, alg: 'RS256', carrier: 'bearer' };
}

function ours(name: string, carrier: 'bearer' | 'dpop'): Verifier {
  return {
    name,
    from: '@symbolon/guard',
    alg: 'EdDSA',
    carrier,
    setUp: `protect(createGuard({ issuer, audience, staleFeed: 'accept'${carrier === 'bearer' ? ", bearer: 'accept'" : ''} }), handler)`,
    start: async ({ issuer, audience }) => {
      const door: { handle: RequestListener } = { handle: () => undefined };
      const standing = await listen((request, response) => {
        door.handle(request, response);
      });
      const publicUrl = new URL(standing.url).origin;
      const guard = createGuard({
        issuer,
        audience,
        publicUrl,
        staleFeed: 'accept',
        ...(carrier === 'bearer' ? { bearer: 'accept' } : {}),
      });
      await guard.ready();
      door.handle = protect(guard, (_request, response) => response.end('{"ok":true}'));
      return {
        url: standing.url,
        close: () => {
          guard.close();
          standing.close();
        },
      };
    },
  };
}

/** The handler that every tutorial writes around a function that verifies. */
function checked(verify: (token: string) => unknown): RequestListener {
  return (request, response) => {
    Promise.resolve(tokenOf(request))
      .then(verify)
      .then(
        () => response.end('{"ok":true}'),
        () => response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(),
      );
  };
}

function tokenOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split(' ')[1] ?? '';
}

function onExpress(middleware: RequestHandler): Promise<Standing> {
  const app = express();
  // Express prints the stack of every refusal outside of tests.
  app.set('env', 'test');
  app.get('/me', middleware, (_request, response) => {
    response.json({ ok: true });
  });
  return listen(app);
}

async function listen(handle: RequestListener): Promise<Standing> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/me`, close };
}
