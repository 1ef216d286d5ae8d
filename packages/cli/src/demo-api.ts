import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Guard, Session } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves the API that `dev` shows a guard with, on loopback. */
export async function serveDemoApi(guard: Guard, port: number): Promise<{ close: () => Promise<void> }> {
  const server = createServer(route(guard));
  await listen(server, port);
  return {
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => {
        resolve(undefined);
      });
      server.closeIdleConnections();
      await promise;
      guard.close();
    },
  };
}

function route(guard: Guard): Handler {
  const routes: ReadonlyMap<string, Handler> = new Map([
    ['GET /me', protect(guard, answerMe)],
    [
      'GET /io',
      (_request, response) => {
        answerIo(guard, response);
      },
    ],
  ]);
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const handler = routes.get(`${request.method ?? ''} ${path}`);
    if (handler === undefined) answer(response, 404, { error: 'not_found', try: [...routes.keys()] });
    else handler(request, response);
  };
}

/** Needs any valid token for this audience. */
function answerMe(_request: IncomingMessage, response: ServerResponse, session: Session): void {
  answer(response, 200, {
    sub: session.subject,
    client_id: session.clientId,
    sid: session.sessionId,
    scope: session.scope.join(' '),
    verified: 'offline',
  });
}

/** What the guard itself has counted: requests decided, and those for which it went to the network. */
function answerIo(guard: Guard, response: ServerResponse): void {
  const { decisions, networkCalls } = guard.stats();
  answer(response, 200, { decisions, network_calls: networkCalls });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
