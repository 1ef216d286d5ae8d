import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../json.ts';

/** One way in which the stage answers when it is asked for the key set. */
export interface KeySetAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * An issuer's public face that we serve ourselves, for a target that was configured with it: metadata and a key set
 * that attacks may change, with a counter of how often it was fetched.
 */
export interface KeySetStage {
  /** The issuer identifier under which it is served. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly fetches: () => number;
  /** Serves these keys from now on. */
  readonly publish: (keys: readonly JsonObject[]) => void;
  /** Serves any answer from now on. */
  readonly answer: (answer: KeySetAnswer) => void;
  /** Serves the honest key set again. */
  readonly restore: () => void;
  readonly close: () => void;
}

/** What the stage serves while no attack is at work: keys, or what the real issuer answers now. */
export interface KeySetStageOptions {
  readonly port?: number;
  readonly keys: readonly JsonObject[] | (() => Promise<KeySetAnswer>);
  /** Members of the metadata besides `issuer` and `jwks_uri`. */
  readonly metadata?: JsonObject;
}

const metadataPaths = new Set([
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
]);

/** Starts a stage on loopback. */
export async function startKeySetStage({
  port = 0,
  keys,
  metadata = {},
}: KeySetStageOptions): Promise<KeySetStage> {
  const honest = typeof keys === 'function' ? keys : () => Promise.resolve(keySetAnswer(keys));
  let current = honest;
  let fetches = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/[?#].*$/s, '');
    if (metadataPaths.has(path)) send(response, { body: JSON.stringify(document()) });
    else if (path === '/jwks') {
      fetches += 1;
      current().then(
        (answer) => {
          send(response, answer);
        },
        () => {
          send(response, { status: 502, body: '' });
        },
      );
    } else send(response, { status: 404, body: '' });
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const jwksUri = `${issuer}/jwks`;
  const document = (): JsonObject => ({ issuer, jwks_uri: jwksUri, ...metadata });
  return {
    issuer,
    jwksUri,
    fetches: () => fetches,
    publish: (published) => {
      current = () => Promise.resolve(keySetAnswer(published));
    },
    answer: (answer) => {
      current = () => Promise.resolve(answer);
    },
    restore: () => {
      current = honest;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function keySetAnswer(keys: readonly JsonObject[]): KeySetAnswer {
  return { body: JSON.stringify({ keys }) };
}

function send(response: ServerResponse, answer: KeySetAnswer): void {
  const { status = 200, contentType = 'application/json', headers = {}, body } = answer;
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'max-age=300', ...headers });
  response.end(body);
}
