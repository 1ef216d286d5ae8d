/** Our issuer with its store, and our guard that follows its feed: the whole of it, by real HTTP. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  forgeKeyFrom,
  startKeySetStage,
  type Credential,
  type CredentialSource,
  type ForgeKey,
  type KeySetStage,
  type RequestParts,
} from '@symbolon/attack';
import { createGuard, type Guard } from '@symbolon/guard';
import { protect } from '@symbolon/guard/node';
import { createMachine, memoryKey } from '@symbolon/holder';
import { createIssuer, createKeyring, openSqlite, type Issuer, type Signer } from '@symbolon/issuer';
import { generatePrivateJwk, importSigningKey, thumbprintOf, type PrivateJwk } from '@symbolon/token';
import { getRequestListener } from '@hono/node-server';
import { listenFirst, type Contestant, type Opened, type Standing } from './scoreboard-contestant.ts';
import { proofFor } from './scoreboard-proof.ts';

const app = 'app';
const feedClient = 'api';

/** Our row for tokens that are bound to their holder's key, and the one for bearer tokens. */
export const ours: readonly Contestant[] = [
  {
    name: 'symbolon, DPoP',
    from: '@symbolon/guard',
    setUp:
      "createIssuer(…); protect(createGuard({ issuer, audience, staleFeed: 'refuse', identity }), handler)",
    open: () => open('dpop'),
  },
  {
    name: 'symbolon, bearer',
    from: '@symbolon/guard',
    setUp: "the same with bearer: 'accept', and a client registered so",
    open: () => open('bearer'),
  },
];

type CarrierKind = 'dpop' | 'bearer';

interface House {
  readonly kind: CarrierKind;
  readonly issuer: Issuer;
  readonly office: Standing;
  readonly audience: string;
}

async function open(kind: CarrierKind): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'symbolon-scoreboard-'));
  const [office, api] = [await listenFirst(), await listenFirst()];
  const elsewhere = `${api.origin}/elsewhere`;
  const vault = openVault();
  const issuer = await createIssuer({
    issuer: office.origin,
    audiences: [api.origin, elsewhere].map((audience) => ({ audience, scopes: ['read'] })),
    storage: openSqlite({ file: join(folder, 'symbolon.db') }),
    keyring: createKeyring([{ id: 'scoreboard', secret: randomBytes(32) }]),
    signers: { session: vault.signer },
  });
  const handle = getRequestListener((request) => issuer.fetch(request));
  office.handle = (request, response) => void handle(request, response);
  const stage = await stageOf(office.origin);
  const house = { kind, issuer, office, audience: api.origin };
  const guard = await openGuard(house, { stage, audiences: [api.origin, elsewhere] });
  api.handle = protect(guard, (_request, response) => response.end('{"ok":true}'));
  const honest = sessionsOf(house, { subject: 'alice' });
  return {
    options: {
      request: { url: `${api.origin}/me`, method: 'GET', headers: [] },
      honest,
      second: sessionsOf(house, { subject: 'bob' }),
      elsewhere: sessionsOf({ ...house, audience: elsewhere }, { subject: 'alice' }),
      issuer: office.origin,
      signer: { key: await vault.keyOf((await honest.get()).token) },
      keySet: { stage, canChange: true },
      ...(kind === 'dpop'
        ? { refreshRequest: (credential, token) => refreshRequest(house, credential, token) }
        : {}),
      endRequest: (credential) => endRequest(house, credential),
    },
    close: async () => {
      guard.close();
      await issuer.close();
      for (const standing of [office, api, stage]) standing.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The key set goes through a stage, so that attacks may change it; all else the guard asks the issuer itself. */
function stageOf(issuer: string): Promise<KeySetStage> {
  const keys = async (): Promise<{ body: string }> => {
    const answer = await fetch(`${issuer}/jwks`);
    return { body: await answer.text() };
  };
  return startKeySetStage({ keys });
}

async function openGuard(
  { kind, issuer, office, audience }: House,
  { stage, audiences }: { stage: KeySetStage; audiences: readonly string[] },
): Promise<Guard> {
  const key = await memoryKey();
  const feed = `${office.origin}/revocations`;
  await issuer.clients.add({ id: feedClient, keys: [{ ...key.jwk }], audiences: [{ audience: feed }] });
  await issuer.clients.add({
    id: app,
    kind: 'public',
    bearer: kind === 'bearer',
    audiences: audiences.map((each) => ({ audience: each, scope: ['read'] })),
  });
  const identity = createMachine({ issuer: office.origin, clientId: feedClient, audience: feed, key });
  const guard = createGuard({
    issuer: office.origin,
    audience,
    jwksUri: stage.jwksUri,
    staleFeed: 'refuse',
    identity: identity.fetch,
    ...(kind === 'bearer' ? { bearer: 'accept' } : {}),
  });
  await guard.ready();
  return guard;
}

/** Each `get` signs a person in anew, with a new key. */
function sessionsOf({ kind, issuer, audience }: House, { subject }: { subject: string }): CredentialSource {
  const get = async (): Promise<Credential> => {
    const asked = { clientId: app, subject, audience, scope: 'read' };
    if (kind === 'bearer') {
      const { access_token: token } = await issuer.sessions.start(asked);
      return { token, carrier: { kind } };
    }
    const jwk = await generatePrivateJwk('EdDSA');
    const holder = await importSigningKey(jwk);
    const issued = await issuer.sessions.start({ ...asked, jkt: await thumbprintOf(holder.jwk) });
    const { access_token: token, refresh_token: refreshToken } = issued;
    const carrier = { kind, key: forgeKeyFrom({ ...jwk }) };
    return { token, carrier, ...(refreshToken === undefined ? {} : { refreshToken }) };
  };
  return { isFresh: true, get };
}

async function refreshRequest(
  { office }: House,
  credential: Credential,
  refreshToken: string,
): Promise<RequestParts> {
  const form = { grant_type: 'refresh_token', client_id: app, refresh_token: refreshToken };
  return post(`${office.origin}/token`, { form, credential });
}

function endRequest({ office }: House, credential: Credential): Promise<RequestParts> {
  return post(`${office.origin}/revoke`, { form: { client_id: app, token: credential.token }, credential });
}

async function post(
  url: string,
  { form, credential }: { form: Readonly<Record<string, string>>; credential: Credential },
): Promise<RequestParts> {
  const proof = await proofFor(credential, { method: 'POST', url });
  return {
    url,
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...proof],
    body: new URLSearchParams(form).toString(),
  };
}

/** Keys that are made and held outside the issuer, where the battery finds the one that signs. */
function openVault(): { signer: Signer; keyOf: (token: string) => Promise<ForgeKey> } {
  const held = new Map<string, PrivateJwk>();
  const signer: Signer = {
    name: 'vault',
    create: async ({ alg }) => {
      const jwk = await generatePrivateJwk(alg);
      const { jwk: publicJwk } = await importSigningKey(jwk);
      const id = await thumbprintOf(publicJwk);
      held.set(id, jwk);
      return { id, jwk: publicJwk };
    },
    open: async ({ id }) => (await importSigningKey(held.get(id))).sign,
  };
  const keyOf = (token: string): Promise<ForgeKey> => {
    const [head = ''] = token.split('.');
    const { kid = '' } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid?: string };
    const jwk = held.get(kid);
    return jwk === undefined
      ? Promise.reject(new Error(`no key is called ${kid}`))
      : Promise.resolve(forgeKeyFrom({ ...jwk }));
  };
  return { signer, keyOf };
}
