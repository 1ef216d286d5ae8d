import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AttackOptions } from '../../src/options.ts';
import type { House } from './house.ts';
import { openStrong } from './strong.ts';
import type { Opened, Target } from './target.ts';

const hold = 1000;
const runs = ['resources/slow-'];
const patient = { headersTimeout: 0, requestTimeout: 0, connectionsCheckingInterval: 100 };
const strict = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };

/** Servers that requests without an end hold. */
export const unfinishedTargets: readonly Target[] = [
  {
    name: 'few-places',
    flaw: 'there is a place for each of eight connections, and nobody has to leave it',
    finds: ['resources/slow-headers-many', 'resources/slow-body-many'],
    runs,
    carrier: 'bearer',
    start: (house) => open(house, { settings: patient, places: 8, options: { destructive: true } }),
  },
  {
    name: 'waits-for-ever',
    flaw: 'the limits of time were switched off for slow phones',
    finds: ['resources/slow-headers-held', 'resources/slow-body-held'],
    runs,
    carrier: 'bearer',
    start: (house) => open(house, { settings: patient, options: { hold, destructive: true } }),
  },
];

/** A strong server that waits for nobody long. */
export const strongUnfinished: Target = {
  name: 'strong-against-slowness',
  finds: [],
  runs,
  carrier: 'bearer',
  start: (house) => open(house, { settings: strict, options: { hold, destructive: true } }),
};

interface Manner {
  readonly settings: typeof strict;
  readonly places?: number;
  readonly options: Partial<AttackOptions>;
}

/** The strong server behind a listener of its own. */
async function open(house: House, { settings, places, options }: Manner): Promise<Opened> {
  const { handle, close } = await openStrong(house);
  const server: Server = createServer(settings, (request, response) => {
    const { method = '', url = '', headers, rawHeaders } = request;
    request.resume();
    request.on('end', () => {
      void Promise.resolve(handle({ method, url, headers, rawHeaders, body: '' })).then((answer) => {
        for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
        response.writeHead(answer.status).end(answer.body);
      });
    });
  });
  if (places !== undefined) server.maxConnections = places;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    handle,
    options: { request: { url: `http://localhost:${port}/me`, method: 'GET', headers: [] }, ...options },
    close: () => {
      close?.();
      server.close();
      server.closeAllConnections();
    },
  };
}
