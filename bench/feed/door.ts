import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';
import { createMachine, keyFromJwk } from '@symbolon/holder';
import type { PrivateJwk } from '@symbolon/token';
import { answerParent } from '../harness/child.ts';
import { audience } from '../tokens.ts';

/** What a guard process is started with. */
export interface DoorQuestion {
  readonly issuer: string;
  readonly key: PrivateJwk;
}

answerParent(async ({ issuer, key }: DoorQuestion) => {
  const machine = createMachine({
    issuer,
    clientId: 'guards',
    key: await keyFromJwk(key),
    audience: `${issuer}/revocations`,
  });
  const guard = createGuard({
    issuer,
    audience,
    bearer: 'accept',
    staleFeed: 'refuse',
    identity: machine.fetch,
  });
  await guard.ready();
  const server = createServer(protect(guard, (_request, response) => response.end('open')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const until = performance.now() + 20_000;
  while (!guard.stats().feed.isStreaming && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port: (server.address() as AddressInfo).port, isStreaming: guard.stats().feed.isStreaming };
});
