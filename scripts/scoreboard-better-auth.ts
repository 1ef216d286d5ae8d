/** better-auth: its session endpoint by cookie and by bearer plugin, and a service that verifies its JWTs. */
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import {
  forgeKeyFrom,
  type Carrier,
  type Credential,
  type CredentialSource,
  type HeaderList,
} from '@symbolon/attack';
import { betterAuth, type BetterAuthOptions } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { bearer, jwt } from 'better-auth/plugins';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { checkedBy } from './scoreboard-bearer.ts';
import { listen, listenFirst, type Contestant, type Opened, type Standing } from './scoreboard-contestant.ts';

type Plugins = NonNullable<BetterAuthOptions['plugins']>;

const from = 'better-auth';
const cookieName = 'better-auth.session_token';

/** The rows of better-auth. */
export const betterAuthRows: readonly Contestant[] = [
  {
    name: 'better-auth, session cookie',
    from,
    setUp: 'betterAuth({ database, emailAndPassword: { enabled: true } }), GET /api/auth/get-session',
    open: () => openSession([], (token) => ({ token, carrier: { kind: 'cookie', name: cookieName } })),
  },
  {
    name: 'better-auth, bearer plugin',
    from,
    setUp: 'the same with plugins: [bearer()], and the token of set-auth-token',
    open: () => openSession([bearer()], (token) => ({ token, carrier: { kind: 'bearer' } })),
  },
  {
    name: 'better-auth, jwt plugin',
    from,
    setUp:
      "plugins: [jwt()]; jose's jwtVerify(token, createRemoteJWKSet('/api/auth/jwks'), { issuer, audience })",
    open: openJwt,
  },
];

/** Each of its own: a sign-in costs a password hash, so people are signed up once and sign in for every session. */
async function openAuth(plugins: Plugins): Promise<Standing & { database: DatabaseSync }> {
  const door = await listenFirst();
  const database = new DatabaseSync(':memory:');
  const auth = betterAuth({
    database,
    secret: randomBytes(32).toString('hex'),
    baseURL: door.origin,
    emailAndPassword: { enabled: true },
    plugins,
    // All requests come from one address here.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  const app = express();
  // Express prints the stack of every fault outside of tests.
  app.set('env', 'test');
  app.all('/api/auth/*splat', toNodeHandler(auth));
  door.handle = app;
  for (const name of ['alice', 'bob'])
    await ask(door.origin, { path: 'sign-up/email', body: { ...personOf(name), name } });
  return Object.assign(door, { database });
}

function personOf(name: string): { email: string; password: string } {
  return { email: `${name}@example.com`, password: `the password of ${name}` };
}

async function ask(origin: string, { path, body }: { path: string; body: object }): Promise<Response> {
  const answer = await fetch(`${origin}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${from} answered ${answer.status} to ${path}`);
  return answer;
}

/** The signed session token as it stands in the cookie; the bearer plugin hands out the same. */
async function signIn(origin: string, name: string): Promise<string> {
  const answer = await ask(origin, { path: 'sign-in/email', body: personOf(name) });
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${cookieName}=`));
  const [pair = ''] = (cookie ?? '').split(';');
  return pair.slice(cookieName.length + 1);
}

async function openSession(plugins: Plugins, credentialOf: (token: string) => Credential): Promise<Opened> {
  const auth = await openAuth(plugins);
  const { origin } = auth;
  const people = (name: string): CredentialSource => ({
    isFresh: true,
    get: async () => credentialOf(await signIn(origin, name)),
  });
  return {
    options: {
      request: { url: `${origin}/api/auth/get-session`, method: 'GET', headers: [] },
      // Strangers are answered 200 as well, with null.
      marker: '"session":',
      honest: people('alice'),
      second: people('bob'),
      account: `${origin}/api/auth/list-sessions`,
      endRequest: ({ token, carrier }) =>
        Promise.resolve({
          url: `${origin}/api/auth/sign-out`,
          method: 'POST',
          headers: [['Origin', origin], ['Content-Type', 'application/json'], ...headersOf(token, carrier)],
          body: '{}',
        }),
    },
    close: () => {
      auth.close();
      auth.database.close();
    },
  };
}

function headersOf(token: string, carrier: Carrier): HeaderList {
  return carrier.kind === 'cookie'
    ? [['Cookie', `${carrier.name}=${token}`]]
    : [['Authorization', `Bearer ${token}`]];
}

async function openJwt(): Promise<Opened> {
  // The battery has the key of the JWTs, as it has for the other verifiers: it reads it in the store.
  const auth = await openAuth([jwt({ jwks: { disablePrivateKeyEncryption: true } })]);
  const { origin } = auth;
  const keys = createRemoteJWKSet(new URL(`${origin}/api/auth/jwks`));
  const api = await listen(
    checkedBy((token) => jwtVerify(token, keys, { issuer: origin, audience: origin })),
  );
  const people = (name: string): CredentialSource => ({
    isFresh: true,
    get: async () => {
      const cookie = `${cookieName}=${await signIn(origin, name)}`;
      const answer = await fetch(`${origin}/api/auth/token`, { headers: { cookie } });
      const { token } = (await answer.json()) as { token: string };
      return { token, carrier: { kind: 'bearer' } };
    },
  });
  const honest = people('alice');
  // The first token makes the key.
  await honest.get();
  const row = auth.database.prepare('SELECT "privateKey" FROM "jwks"').get();
  const key = forgeKeyFrom(JSON.parse(String(row?.['privateKey'])) as Parameters<typeof forgeKeyFrom>[0]);
  return {
    options: {
      request: { url: `${api.origin}/me`, method: 'GET', headers: [] },
      honest,
      second: people('bob'),
      jwksUri: `${origin}/api/auth/jwks`,
      signer: { key },
    },
    close: () => {
      for (const each of [api, auth]) each.close();
      auth.database.close();
    },
  };
}
