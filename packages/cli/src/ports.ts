import { createServer, type AddressInfo } from 'node:net';

const favourite = 4080;
const highest = 65_535;

/**
 * Chooses the ports of a new `dev` folder: the one asked for, 4080 or a free one, and the next or a free one.
 *
 * They are free at this moment; whoever listens finds out whether they still are.
 *
 * @throws TypeError if the port asked for is busy.
 */
export async function choosePorts(wanted: number | undefined): Promise<{ issuer: number; demo: number }> {
  const issuer = await chooseFirst(wanted);
  const next = issuer + 1;
  const demo = next <= highest && (await isFree(next)) ? next : await freePort();
  return { issuer, demo };
}

/** Whether nobody listens on a port of this machine, by either of the addresses that `localhost` may mean. */
export async function isFree(port: number): Promise<boolean> {
  return (await probe(port, '127.0.0.1')) !== 'busy' && (await probe(port, '::1')) !== 'busy';
}

async function chooseFirst(wanted: number | undefined): Promise<number> {
  if (wanted === 0) return freePort();
  const port = wanted ?? favourite;
  if (await isFree(port)) return port;
  if (wanted === undefined) return freePort();
  throw new TypeError(`port ${port} is busy: choose another one, or --port 0 for any that is free`);
}

async function freePort(): Promise<number> {
  const port = await probe(0, '127.0.0.1');
  if (port === 'busy' || port === 'no such address') throw new Error('no port of this machine is free');
  return port;
}

function probe(port: number, host: string): Promise<number | 'busy' | 'no such address'> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? 'busy' : 'no such address');
    });
    server.listen({ port, host, exclusive: true }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => {
        resolve(bound);
      });
    });
  });
}
