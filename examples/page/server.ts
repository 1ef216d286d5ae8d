/**
 * Serves a page that holds its own session, and the API that it calls, with the issuer that `npm start` runs:
 *
 *     npm run symbolon -- client add page --kind public --title 'Page example' --scope demo:read \
 *       --redirect-uri http://localhost:3002/back
 *     npm run example examples/page/server.ts
 *
 * Then open http://localhost:3002. Nothing is built: the browser gets the sources without their types. Where the issuer
 * has other ports, say SYMBOLON_ISSUER and SYMBOLON_AUDIENCE.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';

const {
  SYMBOLON_ISSUER: issuer = 'http://localhost:4080',
  SYMBOLON_AUDIENCE: audience = 'http://localhost:4081',
  PORT: port = '3002',
} = process.env;
const guard = createGuard({
  issuer,
  audience,
  publicUrl: `http://localhost:${port}`,
  staleFeed: 'refuse',
});
await guard.ready();

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const page: Handler = (_request, response) => {
  const html = readFileSync(new URL('index.html', import.meta.url), 'utf8');
  const settled = html
    .replace('data-issuer=""', `data-issuer="${issuer}"`)
    .replace('data-audience=""', `data-audience="${audience}"`);
  send(response, 'text/html', settled);
};

const routes: Readonly<Record<string, Handler>> = {
  'GET /': page,
  'GET /back': page,
  'GET /page.ts': (_request, response) => {
    sendSource(response, new URL('page.ts', import.meta.url));
  },
  'GET /api/me': protect(guard, (_request, response: ServerResponse, session) => {
    send(response, 'text/plain', `you are ${session.subject}`);
  }),
  // Money moves only for somebody who has just proved to be there: soon enough here to see it asked.
  'POST /api/pay': protect(
    guard,
    (_request, response: ServerResponse) => {
      send(response, 'text/plain', 'paid');
    },
    { presentWithin: '10s' },
  ),
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const handler = routes[`${request.method ?? ''} ${pathname}`];
  if (handler !== undefined) handler(request, response);
  else if (/^\/packages\/(token|holder)\/src\/[a-z0-9/-]+\.ts$/.test(pathname))
    sendSource(response, new URL(`../..${pathname}`, import.meta.url));
  else response.writeHead(404).end();
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://localhost:${port}`);
});

function sendSource(response: ServerResponse, file: URL): void {
  send(response, 'text/javascript', stripTypeScriptTypes(readFileSync(file, 'utf8')));
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
  response.end(body);
}
