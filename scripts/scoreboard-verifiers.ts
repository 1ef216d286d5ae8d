/** Real verifiers, set up as their documentation's first example of an asymmetric key shows, with issuer and audience. */
import fastifyJwt from '@fastify/jwt';
import { serve } from '@hono/node-server';
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
import type { RequestListener } from 'node:http';
import { checkedBy } from './scoreboard-bearer.ts';
import { listen, type Contestant } from './scoreboard-contestant.ts';
import { trusting, type Trust, type Verifying } from './scoreboard-trust.ts';

type Verifier = Omit<Contestant, 'open'> & { readonly start: (trust: Trust) => Promise<Verifying> };

const rows: readonly Verifier[] = [
  {
    ...foreign('jose'),
    setUp: 'jwtVerify(token, createRemoteJWKSet(url), { issuer, audience })',
    start: ({ jwksUri, issuer, audience }) => {
      const keys = createRemoteJWKSet(new URL(jwksUri));
      return at(checkedBy((token) => jwtVerify(token, keys, { issuer, audience })));
    },
  },
  {
    ...foreign('jsonwebtoken'),
    setUp: 'jwt.verify(token, publicKey, { issuer, audience })',
    start: ({ pem, issuer, audience }) =>
      at(checkedBy((token) => jsonwebtoken.verify(token, pem, { issuer, audience }))),
  },
  {
    ...foreign('fast-jwt'),
    setUp: 'createVerifier({ key: publicKey, allowedIss, allowedAud })',
    start: ({ pem, issuer, audience }) => {
      const verify = createVerifier({ key: pem, allowedIss: issuer, allowedAud: audience });
      return at(checkedBy((token) => verify(token) as object));
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
      return at(checkedBy((token) => verifier.verify(token)));
    },
  },
];

/** The verifiers of the scoreboard. */
export const verifiers: readonly Contestant[] = rows.map(({ start, ...row }) => ({
  ...row,
  open: () => trusting(start),
}));

function foreign(from: string): Pick<Verifier, 'name' | 'from'> {
  return { name: from, from };
}

async function at(handle: RequestListener): Promise<Verifying> {
  const { origin, close } = await listen(handle);
  return { url: `${origin}/me`, close };
}

function onExpress(middleware: RequestHandler): Promise<Verifying> {
  const app = express();
  // Express prints the stack of every refusal outside of tests.
  app.set('env', 'test');
  app.get('/me', middleware, (_request, response) => {
    response.json({ ok: true });
  });
  return at(app);
}
