/** A process of its own that serves an issuer on a store in a file: for tests that kill it. */
import { createIssuer, createKeyring, openKeyFile, openSqlite, serveIssuer } from '../src/index.ts';

const [folder = '', port = '0'] = process.argv.slice(2);
const url = `http://localhost:${port}`;
const issuer = await createIssuer({
  issuer: url,
  audiences: [{ audience: 'https://api.example', scopes: ['read'] }],
  storage: openSqlite({ file: `${folder}/store.db` }),
  keyring: createKeyring(openKeyFile(`${folder}/keys.json`)),
});
const server = await serveIssuer(issuer, { port: Number(port), host: 'localhost' });
process.on('message', (message: { start?: string; stop?: true }) => {
  if (message.stop) void stop();
  else if (message.start !== undefined) void start(message.start);
});
process.send?.({ ready: true });

async function stop(): Promise<void> {
  await server.close();
  process.disconnect();
}

async function start(jkt: string): Promise<void> {
  const id = 'web';
  const known = (await issuer.clients.list()).some((client) => client.id === id);
  const audiences = [{ audience: 'https://api.example', scope: ['read'] }];
  if (!known) await issuer.clients.add({ id, kind: 'public', audiences });
  process.send?.({ tokens: await issuer.sessions.start({ clientId: id, subject: 'alice', jkt }) });
}
