import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of ours that notes who comes. If a URL inside a token leads here, and somebody comes, it was fetched. */
export interface Listener {
  /** Where it can be reached from the target, without a slash at the end. */
  readonly url: string;
  /** Serves a text at a path, as JSON unless said otherwise, and gives its whole URL. */
  readonly serve: (path: string, body: string, contentType?: string) => string;
  /** How often anything below a path was asked for. */
  readonly hits: (path: string) => number;
  readonly close: () => void;
}

/** Where a listener listens, and under which URL the target sees it. */
export interface ListenerOptions {
  readonly host?: string;
  readonly port?: number;
  /** The URL from the target's point of view; without it, `http://127.0.0.1:<port>`. */
  readonly publicUrl?: string | undefined;
}

const mostPaths = 2000;

/** Starts a listener on a free port of loopback. */
export async function startListener({
  host = '127.0.0.1',
  port = 0,
  publicUrl,
}: ListenerOptions = {}): Promise<Listener> {
  const bodies = new Map<string, { body: string; contentType: string }>();
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = pathOf(request);
    if (seen.has(path) || seen.size < mostPaths) seen.set(path, (seen.get(path) ?? 0) + 1);
    answer(response, bodies.get(path));
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const url = publicUrl ?? `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    serve: (path, body, contentType = 'application/json') => {
      bodies.set(path, { body, contentType });
      return `${url}${path}`;
    },
    hits: (path) => [...seen].reduce((sum, [each, count]) => (each.startsWith(path) ? sum + count : sum), 0),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/[?#].*$/s, '');
}

function answer(response: ServerResponse, found: { body: string; contentType: string } | undefined): void {
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': found.contentType }).end(found.body);
}
