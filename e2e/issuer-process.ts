/** A process of its own that serves an issuer: for tests that kill it, stop it, or take away what it stands on. */
import {
  createIssuer,
  createKeyring,
  openKeyFile,
  openPostgres,
  openSqlite,
  serveIssuer,
} from '@symbolon/issuer';
import { limitPages } from './full-disk.ts';
import { api, issuerUrl, people, things, type Order, type ReplicaSettings } from './replica-orders.ts';

// Both ends are ours and of one version.
const settings = JSON.parse(process.argv[2] ?? '') as ReplicaSettings;
const { store, keyFile, clockOffset = 0, limitsPages = false } = settings;
const disk = limitsPages ? limitPages() : undefined;
const issuer = await createIssuer({
  issuer: issuerUrl,
  audiences: [{ audience: api, scopes: ['read'], tokenLife: 300 }],
  storage: store.startsWith('postgres://') ? await openPostgres({ url: store }) : openSqlite({ file: store }),
  keyring: createKeyring(openKeyFile(keyFile)),
  clock: () => Date.now() + clockOffset,
});
const server = await serveIssuer(issuer, { port: 0 });

process.on('message', (message: { id: number; order: Order }) => {
  obey(message.order).then(
    (answer) => process.send?.({ id: message.id, answer }),
    (error: unknown) => process.send?.({ id: message.id, failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ port: server.port });

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'register': {
      const audiences = [{ audience: api, scope: ['read'] }];
      await issuer.clients.add({ id: people, kind: 'public', audiences });
      await issuer.clients.add({ id: things, kind: 'public', bearer: true, audiences });
      return;
    }
    case 'start':
      return Promise.all(
        order.sessions.map(({ subject, jkt }) =>
          issuer.sessions.start(
            jkt === undefined ? { clientId: things, subject } : { clientId: people, subject, jkt },
          ),
        ),
      );
    case 'end':
      return issuer.sessions.end({ sid: order.sid });
    case 'fillDisk':
      disk?.fill();
      return;
    case 'freeDisk':
      disk?.free();
      return;
    case 'stop':
      await server.close();
      return;
  }
}
