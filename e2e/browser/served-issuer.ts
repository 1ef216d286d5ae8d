import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createIssuer, createKeyring, openSqlite, type Issuer, type IssuerOptions } from '@symbolon/issuer';
import { createCertificate } from './certificate.ts';

/** An issuer that browsers reach over TLS, at a name of its own. */
export interface ServedIssuer {
  readonly issuer: Issuer;
  readonly url: string;
  /** For `launchChromium`. */
  readonly spki: string;
  /** The issuer's clock runs on as all do; it can be moved ahead, browsers' cannot. */
  readonly advance: (seconds: number) => void;
  /** Answers 503 at a path until it is told to stop, as an issuer does that cannot hear its store. */
  readonly breakDown: (path: string | undefined) => void;
  /** What was asked: method, path and status, in order; `skipped` where the browser says that it could not renew. */
  readonly asked: readonly string[];
  /** Also answers that set a cookie and may be kept by a cache. */
  readonly faults: readonly unknown[];
  readonly close: () => Promise<void>;
}

/** Serves an issuer with a store in memory under `https://id.test:<port>`, or a path there. */
export async function serveIssuerToBrowsers({
  path = '',
  ...options
}: Partial<IssuerOptions> & Pick<IssuerOptions, 'audiences'> & { path?: string }): Promise<ServedIssuer> {
  const { spki, key, cert } = createCertificate();
  const [asked, faults]: [string[], unknown[]] = [[], []];
  let broken: string | undefined;
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;
  let answer: (request: Request) => Promise<Response> = () =>
    Promise.resolve(new Response(null, { status: 503 }));
  const server = serve({
    ...{ createServer, serverOptions: { key, cert }, port: 0, hostname: '127.0.0.1' },
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const answered = pathname === broken ? new Response(null, { status: 503 }) : await answer(request);
      const skipped = request.headers.has('secure-session-skipped') ? ' skipped' : '';
      asked.push(`${request.method} ${pathname} ${answered.status}${skipped}`);
      answered.headers.set('date', new Date(clock()).toUTCString());
      if (mayBeKept(answered)) faults.push(new Error(`${request.url} sets a cookie and may be kept`));
      return answered;
    },
  });
  await once(server, 'listening');
  const url = `https://id.test:${(server.address() as AddressInfo).port}${path}`;
  const issuer = await createIssuer({
    ...{ issuer: url, clock, storage: openSqlite({ file: ':memory:', clock }) },
    keyring: createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(7) }]),
    people: { name: 'Symbolon in a test' },
    report: (fault) => faults.push(fault.error),
    ...options,
  });
  answer = issuer.fetch;
  return {
    ...{ issuer, url, spki, asked, faults },
    breakDown: (path) => (broken = path),
    advance: (seconds) => (ahead += seconds * 1000),
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await issuer.close();
    },
  };
}

/** Whether a cache could give the cookie in this answer to somebody else. */
function mayBeKept({ headers }: Response): boolean {
  const forOne = headers.get('cache-control')?.includes('private, no-store') === true;
  return headers.getSetCookie().length > 0 && !(forOne && headers.get('vary')?.includes('Cookie') === true);
}
