import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { generatePrivateJwk, importSigningKey, type PrivateJwk } from '@symbolon/token';
import { makeFolder } from '../folder.ts';
import { startChild, type Child } from '../harness/child.ts';
import type { OfficeQuestion } from './office.ts';

/** An issuer in a process of its own, on SQLite, that guards follow. */
export interface FeedOffice {
  readonly office: Child;
  readonly issuer: string;
  /** The key of the client in whose name guards follow. */
  readonly key: PrivateJwk;
}

/** Opens the issuer of a bench about the feed; it goes with the stack. */
export async function openFeedOffice(stack: AsyncDisposableStack): Promise<FeedOffice> {
  const folder = stack.use(await makeFolder());
  const office = stack.use(startChild(new URL('./office.ts', import.meta.url)));
  const port = await freePort();
  const key = await generatePrivateJwk('EdDSA');
  const guardKey = (await importSigningKey(key)).jwk;
  await office.ask({ folder: folder.path, port, guardKey } satisfies OfficeQuestion);
  return { office, issuer: `http://127.0.0.1:${port}`, key };
}

/** The issuer must know its own URL before it listens. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
