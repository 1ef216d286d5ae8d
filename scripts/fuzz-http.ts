/** Sends spoiled tokens over real HTTP to a guarded route, byte by byte, as no well-behaved client would. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';

export interface GuardedServer {
  /** The status of the answer to these header lines; 0 if the connection was closed without an answer. */
  readonly statusOf: (lines: readonly string[]) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Starts a route that takes bearer tokens, on a Unix socket: thousands of connections use up no ports. */
export async function startGuarded(options: {
  issuer: string;
  audience: string;
  jwks: unknown;
  now: number;
}): Promise<GuardedServer> {
  const { issuer, audience, jwks, now } = options;
  const guard = createGuard({
    issuer,
    audience,
    jwksUri: `${issuer}/jwks`,
    bearer: 'accept',
    staleFeed: 'accept',
    clock: () => now * 1000,
    fetch: () => Promise.resolve(Response.json(jwks)),
  });
  await guard.ready();
  const folder = await mkdtemp(join(tmpdir(), 'symbolon-fuzz-'));
  const path = join(folder, 'socket');
  const server = createServer(protect(guard, (_request, response) => response.end('ok')));
  server.listen(path);
  await once(server, 'listening');
  return {
    statusOf: (lines) =>
      exchange(path, ['GET / HTTP/1.1', 'Host: api.example', 'Connection: close', ...lines]),
    close: async () => {
      guard.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}

/** One request on one connection; a line break inside a line would be another request, so there is none. */
function exchange(path: string, lines: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.write(lines.map((line) => `${line.replace(/[\r\n]/g, '?')}\r\n`).join('') + '\r\n');
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    // A server that answers 431 stops reading: what is then reset closes too, with the answer or without one.
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0));
      });
  });
}
