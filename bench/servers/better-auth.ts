import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import { serveBench } from '../harness/serve-bench.ts';
import type { OfficeIntroduction, OfficeMaterial } from '../offices.ts';

const secret = randomBytes(32).toString('hex');

serveBench(async (material: OfficeMaterial): Promise<OfficeIntroduction> => {
  const auth = makeAuth(openDatabase(material.folder));
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  const context = await auth.$context;
  const { name } = context.authCookies.sessionToken;
  const cookies: string[] = [];
  for (const { id } of material.holders) {
    const user = await context.internalAdapter.createUser(
      { email: `${id}@example.com`, name: id },
      { method: 'email-password' },
    );
    const session = await context.internalAdapter.createSession(user.id);
    cookies.push(`${name}=${signedValue(session.token)}`);
  }
  const handle = toNodeHandler(auth);
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  return { port, issuer, tokenUrl: '', path: '/api/auth', refreshTokens: [], cookies };
});

/** As its documentation shows it, with two things changed so that what is compared is done at every request. */
function makeAuth(database: DatabaseSync) {
  return betterAuth({
    database,
    secret,
    baseURL: 'http://127.0.0.1',
    plugins: [jwt()],
    // Every request refreshes the session, as every refresh of ours does; by default once a day.
    session: { updateAge: 0 },
    // All requests come from one address here.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  });
}

function openDatabase(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, 'better-auth.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
}

function signedValue(token: string): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  return encodeURIComponent(`${token}.${signature}`);
}
