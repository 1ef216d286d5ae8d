import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path answers. */
export interface Served {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
  readonly location?: string;
}

/** A server on loopback whose answers the test chooses. */
export interface Documents {
  readonly origin: string;
  readonly set: (path: string, answer: Served) => void;
  /** Serves the metadata of the client that is named by this path; answers its id. */
  readonly describe: (path: string, over?: Readonly<Record<string, unknown>>) => string;
  /** How often each path was asked for. */
  readonly reads: (path: string) => number;
  readonly close: () => void;
}

export async function openDocuments(): Promise<Documents> {
  const served = new Map<string, Served>();
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    const known = served.get(request.url ?? '') ?? { body: '', status: 404 };
    const { body, type = 'application/json', status = 200, location } = known;
    answer.writeHead(status, { 'content-type': type, ...(location && { location }) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${String(port)}`;
  return {
    origin,
    set: (path, answer) => void served.set(path, answer),
    describe: (path, over = {}) => {
      const said = {
        client_id: origin + path,
        client_name: 'A known agent',
        redirect_uris: [`${origin}/cb`],
      };
      served.set(path, { body: JSON.stringify({ ...said, ...over }) });
      return origin + path;
    },
    reads: (path) => asked.filter((one) => one === path).length,
    close: () => server.close(),
  };
}
