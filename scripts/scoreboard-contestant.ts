import type { AddressInfo } from 'node:net';
import { createServer, type RequestListener } from 'node:http';
import type { AttackOptions } from '@symbolon/attack';

/** One row of the scoreboard: software, set up as its documentation first shows it. */
export interface Contestant {
  readonly name: string;
  /** The package whose version is shown. */
  readonly from: string;
  /** The set-up in a line, as it is shown. */
  readonly setUp: string;
  readonly open: () => Promise<Opened>;
}

/** A contestant that stands, and how to attack it. */
export interface Opened {
  readonly options: AttackOptions;
  readonly close: () => Promise<void> | void;
}

/** A server at its address. */
export interface Standing {
  readonly origin: string;
  readonly close: () => void;
}

/** Listens on a free port of loopback. */
export async function listen(handle: RequestListener): Promise<Standing> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://localhost:${port}`, close };
}

/**
 * Listens before the handler is there: what is made of its own address can only be made then.
 *
 * Until `handle` is set, every request is answered 503.
 */
export async function listenFirst(): Promise<Standing & { handle: RequestListener }> {
  const door = { handle: unready };
  const standing = await listen((request, response) => {
    door.handle(request, response);
  });
  return Object.assign(door, standing);
}

const unready: RequestListener = (_request, response) => {
  response.writeHead(503).end();
};
