import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Issuer } from './issuer.ts';
import { senderAddress, type Arrival } from './senders/sender-address.ts';

/** A listening issuer. */
export interface IssuerServer {
  readonly host: string;
  readonly port: number;
  /** Stops listening, answers what is in flight, then closes the issuer and its store. */
  readonly close: () => Promise<void>;
}

/** How long a connection may take to send its headers and its request, in ms: a slow sender holds nothing up. */
const headersTimeout = 10_000;
const requestTimeout = 30_000;
/** How long a closing server waits for requests in flight, in ms. */
const graceful = 10_000;

/**
 * Serves an issuer by node:http, on loopback unless told otherwise.
 *
 * TLS is the matter of the proxy in front; the issuer's URL says what the public sees. `behindProxy`: nobody but a proxy
 * reaches the port, and what it adds to `X-Forwarded-For` is where a request came from. Without it an https issuer counts
 * nobody by address.
 */
export async function serveIssuer(
  issuer: Issuer,
  options: { port: number; host?: string; behindProxy?: boolean },
): Promise<IssuerServer> {
  const host = options.host ?? '127.0.0.1';
  const addressOf = senderAddress({ ...issuer, behindProxy: options.behindProxy === true });
  const server = createAdaptorServer({
    fetch: (request: Request, { incoming }: { incoming: Arrival }) =>
      issuer.fetch(request, { address: addressOf(incoming) }),
  }) as Server;
  server.headersTimeout = headersTimeout;
  server.requestTimeout = requestTimeout;
  await listen(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    issuer.drain();
    await stop(server);
    await issuer.close();
  };
  return { host, port, close: () => (closed ??= close()) };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections();
    }, graceful);
    // A connection that was busy when the server closed is idle once it has its answer, and would be kept alive.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
    }, 20);
    server.close(() => {
      clearTimeout(deadline);
      clearInterval(sweep);
      resolve();
    });
  });
}
