import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { answerParent } from '../harness/child.ts';
import { shortAudience as audience } from './short-audience.ts';

/** What the process of the other checkers is asked: to open, each at the path of its name. */
export interface PeersQuestion {
  readonly issuer: string;
}

answerParent(async ({ issuer }: PeersQuestion) => {
  const app = express();
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  app.get('/jose', (request, response) => {
    const [, token = ''] = request.get('authorization')?.split(' ') ?? [];
    jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' }).then(
      () => response.send('open'),
      () => response.sendStatus(401),
    );
  });
  const check = auth({ issuer, audience, jwksUri: `${issuer}/jwks` });
  app.get('/express-oauth2-jwt-bearer', check, (_request, response) => response.send('open'));
  app.use(((_error, _request, response, _next) =>
    response.sendStatus(401)) satisfies express.ErrorRequestHandler);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
});
