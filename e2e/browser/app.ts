import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Guard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';

/** A page application of somebody else, and its API behind a guard, on an origin of their own. */
export interface App {
  readonly origin: string;
  readonly audience: string;
  readonly redirectUri: string;
  /** Opens the API, once its guard is made for the audience above. */
  readonly guardWith: (guard: Guard) => void;
  /** Names the issuer to the page. */
  readonly linkTo: (settings: { issuer: string; clientId: string }) => void;
  readonly close: () => Promise<void>;
}

const root = new URL('../../', import.meta.url);
/** The packages as a browser finds them: their sources without types. */
const importMap = {
  imports: {
    '@symbolon/token': '/packages/token/src/index.ts',
    '#signatures': '/packages/token/src/signatures/web-crypto.ts',
    '@symbolon/holder/browser': '/packages/holder/src/browser.ts',
  },
};

/** How long ago the person may have proved presence where money moves. */
export const presentWithin = 5;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts the application; its API answers 503 until it has a guard. */
export async function startApp(clock: () => number = Date.now): Promise<App> {
  let api: Record<string, Handler> = {};
  let settings: Record<string, string> = {};
  const scripts = new Map<string, string>();
  const sendSource = (response: ServerResponse, file: URL): void => {
    const script = scripts.get(file.href) ?? stripTypeScriptTypes(readFileSync(file, 'utf8'));
    scripts.set(file.href, script);
    send(response, 'text/javascript', script);
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://app').pathname;
    response.setHeader('date', new Date(clock()).toUTCString());
    if (path.startsWith('/api/')) (api[path] ?? unavailable)(request, response);
    else if (path === '/' || path === '/back')
      send(response, 'text/html', pageOf(settings, clock() - Date.now()));
    else if (path === '/app-script.ts') sendSource(response, new URL('app-script.ts', import.meta.url));
    else if (/^\/packages\/(token|holder)\/src\/[a-z0-9/-]+\.ts$/.test(path))
      sendSource(response, new URL(path.slice(1), root));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const [audience, redirectUri] = [`${origin}/api`, `${origin}/back`];
  return {
    origin,
    audience,
    redirectUri,
    guardWith: (guard) => {
      const hello: Handler = protect(guard, (_request, response: ServerResponse, session) => {
        send(response, 'text/plain', session.subject);
      });
      const pay: Handler = protect(
        guard,
        (_request, response: ServerResponse) => {
          send(response, 'text/plain', 'paid');
        },
        { presentWithin: `${presentWithin}s` },
      );
      api = { '/api/me': hello, '/api/pay': pay };
    },
    linkTo: ({ issuer, clientId }) => {
      settings = { issuer, clientId, audience, redirectUri, scope: 'read' };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function unavailable(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503).end();
}

function pageOf(settings: Record<string, string>, ahead: number): string {
  return `<!doctype html><html lang="en"><head><title>Demo application</title>
    <script type="importmap">${JSON.stringify(importMap)}</script>
    <script>var settings = ${JSON.stringify(settings)}, ahead = ${ahead};</script>
    <script type="module" src="/app-script.ts"></script></head>
    <body><main><h1>Demo application</h1>
    ${['sign-in', 'sign-out', 'me', 'pay', 'work'].map((id) => `<button id="${id}">${id}</button>`).join('')}
    <p id="state"></p><p id="out" role="status"></p><p id="counts"></p></main></body></html>`;
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(body);
}
