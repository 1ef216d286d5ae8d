import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forgeKeyFrom, type Credential } from '@symbolon/attack';
import { createGuard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';
import { createIssuer, createKeyring, openSqlite, serveIssuer, type Issuer } from '@symbolon/issuer';
import { generatePrivateJwk, hashText, importSigningKey, signProof } from '@symbolon/token';
import {
  enrol,
  openBrowser,
  signIn,
  type TestBrowser,
} from '../../packages/issuer/test/people/people-lab.ts';

/** An issuer with people, an API behind its guard, and an application that a person has linked: all over HTTP. */
export interface PeopleHouse {
  readonly issuer: Issuer;
  readonly url: string;
  readonly api: string;
  readonly app: LinkedApp;
  readonly otherApp: LinkedApp;
  /** Two people with an account each, signed in. */
  readonly ada: TestBrowser;
  readonly bob: TestBrowser;
  /** A new sign-in of Ada's, in a browser of its own. */
  readonly signInAgain: () => Promise<TestBrowser>;
  /** A new session of the application, on a key of its own, by the code flow. */
  readonly link: (person: TestBrowser, audience?: string) => Promise<Credential>;
  readonly faults: readonly unknown[];
  readonly close: () => Promise<void>;
}

export interface LinkedApp {
  readonly clientId: string;
  readonly redirectUri: string;
}

/** The cookie in which a session token comes at an issuer on loopback. */
export const cookieName = 'symbolon';

/** Another audience of the same issuer. */
export const elsewhere = 'https://elsewhere.example';

/** Opens the house. */
export async function openPeopleHouse(): Promise<PeopleHouse> {
  const url = `http://localhost:${await freePort()}`;
  const apiServer = createServer();
  const api = `http://localhost:${await listen(apiServer)}`;
  const faults: unknown[] = [];
  const issuer = await createIssuer({
    ...{ issuer: url, storage: openSqlite({ file: ':memory:' }) },
    people: {
      name: 'A house',
      registration: { dynamic: { audiences: [{ audience: api, scope: ['read'] }] } },
    },
    audiences: [api, elsewhere].map((audience) => ({ audience, scopes: ['read'] })),
    keyring: createKeyring([{ id: 'test', secret: randomBytes(32) }]),
    report: (fault) => faults.push(fault.error),
  });
  // Without the sender's address, by which requests are counted: a battery sends more of them than anybody.
  const uncounted = { ...issuer, fetch: (request: Request) => issuer.fetch(request) };
  const served = await serveIssuer(uncounted, { port: Number(new URL(url).port) });
  const guard = createGuard({ issuer: url, audience: api, staleFeed: 'refuse' });
  await guard.ready();
  const answer = protect(guard, (_request, response, session) => {
    response.end(session.subject);
  });
  apiServer.on('request', answer);

  const ada = await newPerson({ issuer }, { url, name: 'Ada' });
  const bob = await newPerson({ issuer }, { url, name: 'Bob' });
  const app = await addApp(issuer, { name: 'photos', api });
  const otherApp = await addApp(issuer, { name: 'notes', api });
  return {
    ...{ issuer, url, api, app, otherApp, ada, bob, faults },
    signInAgain: async () => {
      const browser = openBrowser({ issuer }, { issuer: url, device: ada.device });
      await demand(signIn(browser), 200);
      return browser;
    },
    link: (person, audience = api) => link(person, { url, app, audience }),
    close: async () => {
      guard.close();
      apiServer.close();
      apiServer.closeAllConnections();
      await served.close();
    },
  };
}

async function newPerson(
  lab: { issuer: Issuer },
  { url, name }: { url: string; name: string },
): Promise<TestBrowser> {
  const browser = openBrowser(lab, { issuer: url });
  const invited = await lab.issuer.accounts?.invite({ name });
  assert.ok(invited?.kind === 'invited');
  await demand(enrol(browser, invited.link), 200);
  await demand(signIn(browser), 200);
  return browser;
}

async function addApp(issuer: Issuer, { name, api }: { name: string; api: string }): Promise<LinkedApp> {
  const redirectUri = `https://${name}.example/callback`;
  const audiences = [api, elsewhere].map((audience) => ({ audience, scope: ['read'] }));
  const added = await issuer.clients.add({ kind: 'public', name, redirectUris: [redirectUri], audiences });
  return { clientId: added.id, redirectUri };
}

/** Goes to the authorization endpoint, says yes where it asks, and tells where the browser is sent then. */
export async function allow(person: TestBrowser, { url, to }: { url: string; to: string }): Promise<string> {
  const kept = await demand(person.get(to.slice(url.length)), 303);
  const shown = await person.get((kept.headers.get('location') ?? '').slice(url.length));
  if (shown.status === 303) return shown.headers.get('location') ?? '';
  const hidden = (await shown.text()).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const fields = Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value]));
  const said = await demand(person.submit('/authorize/consent', { ...fields, decision: 'allow' }), 303);
  return said.headers.get('location') ?? '';
}

/** The code flow, as an application runs it. */
async function link(
  person: TestBrowser,
  { url, app, audience }: { url: string; app: LinkedApp; audience: string },
): Promise<Credential> {
  const jwk = await generatePrivateJwk('ES256');
  const holder = await importSigningKey(jwk);
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    ...{ response_type: 'code', client_id: app.clientId, redirect_uri: app.redirectUri, scope: 'read' },
    ...{ code_challenge: await hashText(verifier), code_challenge_method: 'S256', resource: audience },
  });
  const back = await allow(person, { url, to: `${url}/authorize?${asked.toString()}` });
  const proof = await signProof({ method: 'POST', url: `${url}/token`, now: Date.now() / 1000 }, holder);
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { dpop: proof },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', client_id: app.clientId, redirect_uri: app.redirectUri },
      ...{ code: new URL(back).searchParams.get('code') ?? '', code_verifier: verifier },
    }),
  });
  const { access_token: token = '', refresh_token: refreshToken = '' } = (await answer.json()) as Partial<
    Record<string, string>
  >;
  assert.notEqual(token, '');
  return { token, refreshToken, carrier: { kind: 'dpop', key: forgeKeyFrom({ ...jwk }) } };
}

async function demand(asked: Promise<Response>, status: number): Promise<Response> {
  const answer = await asked;
  assert.equal(answer.status, status, await answer.clone().text());
  return answer;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port that was free a moment ago: the issuer's name holds it, so it is needed before the issuer is. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}
