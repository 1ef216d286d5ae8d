import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path answers. */
export interface Served {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
  readonly location?: string;
  /** It is not answered before. */
  readonly after?: Promise<unknown>;
}

/** A server on loopback whose answers the test chooses. */
export interface Documents {
  readonly origin: string;
  readonly set: (path: string, answer: Served) => void;
  readonly served: (path: string) => Served;
  /** Serves the metadata of the client that is named by this path; answers its id. */
  readonly describe: (path: string, over?: Readonly<Record<string, unknown>>) => string;
  /** How often each path was asked for. */
  readonly reads: (path: string) => number;
  readonly close: () => void;
}

const absent: Served = { body: '', status: 404 };

export async function openDocuments(): Promise<Documents> {
  const served = new Map<string, Served>();
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    const known = served.get(request.url ?? '') ?? absent;
    const { body, type = 'application/json', status = 200, location, after } = known;
    void Promise.resolve(after).then(() => {
      answer.writeHead(status, { 'content-type': type, ...(location && { location }) }).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${String(port)}`;
  return {
    origin,
    set: (path, answer) => void served.set(path, answer),
    served: (path) => served.get(path) ?? absent,
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
