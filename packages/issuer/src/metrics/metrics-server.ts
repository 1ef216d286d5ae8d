import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsType } from '@symbolon/guard';
import type { Issuer } from '../issuer.ts';

/** A listener of its own for the figures. */
export interface MetricsServer {
  readonly host: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/**
 * Serves `GET /metrics` of an issuer on a port of its own, on loopback unless told otherwise: figures are for those who
 * run the issuer, and nothing here asks who reads them.
 */
export async function serveMetrics(
  issuer: Pick<Issuer, 'metrics'>,
  options: { port: number; host?: string },
): Promise<MetricsServer> {
  const { port, host = '127.0.0.1' } = options;
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics is all there is\n');
      return;
    }
    issuer.metrics().then(
      (text) =>
        response.writeHead(200, { 'content-type': metricsType, 'cache-control': 'no-store' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
