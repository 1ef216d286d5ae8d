import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createIssuer, createKeyring, openSqlite, type Issuer, type Storage } from '@symbolon/issuer';
import { generatePrivateJwk, importSigningKey, signProof } from '@symbolon/token';
import type { Browser } from 'playwright-core';
import { createCertificate } from './certificate.ts';
import { launchChromium, newVisitor, type Visitor } from './chromium.ts';
import { provePasskey } from './people.ts';

/** An issuer with people, applications, machines and guards, and a history of some weeks, at a name that looks like one. */
export interface Demo {
  readonly issuer: Issuer;
  readonly storage: Storage;
  readonly url: string;
  /** An operator, signed in, in a browser that has bound its session to the device. */
  readonly ada: Visitor;
  readonly browser: Browser;
  /** Where an application asks for more than it has. */
  readonly consent: string;
  /** Lets time pass for the issuer, in seconds. */
  readonly pass: (seconds: number) => void;
  readonly faults: readonly unknown[];
  readonly close: () => Promise<void>;
}

const url = 'https://id.example.com';
const notes = 'https://notes.example.com';
const calendar = 'https://calendar.example.com';
const billing = 'https://billing.example.com';
const day = 24 * 3600;

const audiences = [
  {
    audience: notes,
    scopes: ['notes:read', 'notes:write'],
    words: { 'notes:read': 'Read your notes', 'notes:write': 'Write, change and delete notes' },
  },
  {
    audience: calendar,
    scopes: ['events:read', 'events:write'],
    words: { 'events:read': 'See when you are busy', 'events:write': 'Make appointments for you' },
  },
  {
    audience: billing,
    scopes: ['invoices:read'],
    words: { 'invoices:read': 'Download your invoices' },
  },
];

const names: Readonly<Record<string, string>> = {
  fieldnotes: 'Fieldnotes',
  tidal: 'Tidal Calendar',
  ledgerline: 'Ledgerline',
};

const id = (): string => randomBytes(16).toString('base64url');
const keyOf = (): string => randomBytes(32).toString('base64url');

/** Opens it: the history is written first, on a clock that then catches up with everybody's. */
export async function openDemo(): Promise<Demo> {
  let behind = 40 * day;
  const clock = (): number => Date.now() - behind * 1000;
  const { spki, key, cert } = createCertificate();
  let answer: (request: Request) => Promise<Response> = () =>
    Promise.resolve(new Response(null, { status: 503 }));
  const server = serve({
    ...{ createServer, serverOptions: { key, cert }, port: 0, hostname: '127.0.0.1' },
    fetch: (request) => answer(request),
  });
  await once(server, 'listening');
  const faults: unknown[] = [];
  const storage = openSqlite({ file: ':memory:', clock });
  const issuer = await createIssuer({
    ...{ issuer: url, clock, storage, audiences },
    keyring: createKeyring([{ id: 'demo', secret: new Uint8Array(randomBytes(32)) }]),
    people: {
      name: 'Example',
      registration: { dynamic: { audiences: [{ audience: notes, scope: ['notes:read'] }] } },
    },
    report: (fault) => faults.push(fault.error),
  });
  answer = (request) => issuer.fetch(request);
  const port = (server.address() as AddressInfo).port;
  const browser = await launchChromium({ spki, hosts: `MAP id.example.com 127.0.0.1:${port}` });
  const ada = await newVisitor(browser);

  const userAgent =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36';
  await ada.cdp.send('Network.setUserAgentOverride', { userAgent });
  const first = await issuer.accounts?.invite({ name: 'ada@example.com', role: 'operator', life: 3600 });
  if (first?.kind !== 'invited') throw new Error('unexpected account, expected none');
  await ada.page.goto(first.link);
  await ada.page.fill('#name', 'MacBook at home');
  await ada.page.click('#make-passkey:not([disabled])');
  await ada.page.waitForURL('**/sign-in?**');
  const account = await storage.findAccount({ name: 'ada@example.com' });
  if (account === null) throw new Error('unexpected missing account');
  const history = openHistory({
    clock,
    issuer,
    storage,
    subject: account.subject,
    catchUp: (to) => (behind = to),
  });
  await history.write();
  const guards = followFeed(storage);

  await ada.page.goto(`${url}/sign-in?return_to=/account`);
  await provePasskey(ada);
  // Chromium binds the session after the answer, in its own time.
  await ada.page.waitForTimeout(1500);
  return {
    ...{ issuer, storage, url, ada, browser, faults },
    consent: `${url}/authorize?${new URLSearchParams({
      ...{
        client_id: 'fieldnotes',
        response_type: 'code',
        redirect_uri: 'https://fieldnotes.example/return',
      },
      ...{ scope: 'notes:read notes:write', resource: notes, state: 'demo', code_challenge_method: 'S256' },
      code_challenge: keyOf(),
    }).toString()}`,
    pass: (seconds) => {
      behind -= seconds;
    },
    close: async () => {
      clearInterval(guards);
      await browser.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await issuer.close();
    },
  };
}

interface HistoryOptions {
  readonly issuer: Issuer;
  readonly storage: Storage;
  readonly subject: string;
  readonly clock: () => number;
  /** Sets how far the clock is behind everybody's, in seconds. */
  readonly catchUp: (behind: number) => void;
}

/** What has happened here before, written through the store as every day writes it. */
function openHistory({ issuer, storage, subject, clock, catchUp }: HistoryOptions): {
  write: () => Promise<void>;
} {
  const session = { [notes]: 'EdDSA', [calendar]: 'EdDSA', [billing]: 'EdDSA' };
  const lives = { idleLife: 30 * day * 1e6, absoluteLife: 90 * day * 1e6 };

  const link = async (to: {
    client: string;
    redirectUri: string;
    audience: string;
    scopes: string[];
    /** In which browser; it stays signed in for three days. */
    device?: string;
  }): Promise<void> => {
    const from = to.device === undefined ? null : await signIn(to.device);
    const [requestName, codeName, codeChallenge] = [id(), id(), keyOf()];
    const request = { name: requestName, clientId: to.client, parameters: '{}', life: 60e6 };
    const { client: clientId, redirectUri, audience, scopes } = to;
    await storage.keepRequest(request);
    await storage.allow({
      ...{ requestName, clientId, codeName, subject, consent: 'granted', newGrant: id(), audience, scopes },
      ...{ newEvent: id(), clientName: names[to.client] ?? to.client, consentLife: 30 * day * 1e6 },
      ...{ redirectUri, codeChallenge, jkt: null, nonce: null, amr: ['hwk', 'user'], signIn: from },
      authenticatedAt: await storage.now(),
    });
    const redeemed = await storage.redeemCode({
      ...{ codeName, clientId, redirectUri, codeChallenge, jkt: keyOf(), audience, sid: id(), ...lives },
      signWith: { session, refresh: 'EdDSA' },
    });
    if (redeemed.kind !== 'redeemed') throw new Error(`unexpected ${redeemed.kind}, expected a session`);
  };
  const signIn = async (device: string): Promise<string> => {
    const started = await storage.startBrowserSession({
      ...{ sid: id(), clientId: 'symbolon', audience: `${url}/account`, subject, amr: ['hwk'], device },
      ...{ idleLife: 3 * day * 1e6, absoluteLife: 8 * day * 1e6 },
      signWith: { session: 'EdDSA', refresh: 'EdDSA' },
    });
    if (started.kind === 'refused') throw new Error('unexpected refusal');
    return started.session.sid;
  };
  const acknowledge = (name: string, audience: string, behind = 0): Promise<void> =>
    storage.now().then((now) =>
      storage.acknowledge({
        ...{ instance: id(), clientId: `guard-${name}`, name, audience },
        ...{ to: now - behind, keys: [] },
      }),
    );
  const machine = (name: string, device: string): Promise<unknown> =>
    issuer.sessions.start({ clientId: 'fieldnotes', subject: name, audience: notes, jkt: keyOf(), device });

  return {
    write: async () => {
      await issuer.clients.add({
        ...{
          id: 'fieldnotes',
          name: 'Fieldnotes',
          kind: 'public',
          redirectUris: ['https://fieldnotes.example/return'],
        },
        audiences: [{ audience: notes, scope: ['notes:read', 'notes:write'] }],
      });
      await issuer.clients.add({
        ...{
          id: 'tidal',
          name: 'Tidal Calendar',
          kind: 'public',
          redirectUris: ['https://tidal.example/cb'],
        },
        audiences: [{ audience: calendar, scope: ['events:read', 'events:write'] }],
      });
      await issuer.clients.add({
        ...{ id: 'ledgerline', name: 'Ledgerline', kind: 'public', consent: 'given' },
        redirectUris: ['https://ledgerline.example/return'],
        audiences: [{ audience: billing, scope: ['invoices:read'] }],
      });
      catchUp(31 * day);
      await link({
        client: 'ledgerline',
        redirectUri: 'https://ledgerline.example/return',
        audience: billing,
        scopes: ['invoices:read'],
      });
      catchUp(12 * day);
      await link({
        client: 'fieldnotes',
        redirectUri: 'https://fieldnotes.example/return',
        audience: notes,
        scopes: ['notes:read'],
        device: 'Safari on iPhone',
      });
      catchUp(11 * day);
      await link({
        client: 'fieldnotes',
        redirectUri: 'https://fieldnotes.example/return',
        audience: notes,
        scopes: ['notes:read'],
        device: 'Firefox on Linux',
      });
      for (const name of ['bea@example.com', 'chidi@example.com', 'dana@example.com', 'emre@example.com'])
        await enrolSomebody(storage, name);
      await openMachine({ issuer, storage, id: 'nightly-backup', name: 'Nightly backup' });
      catchUp(3 * day);
      await link({
        client: 'tidal',
        redirectUri: 'https://tidal.example/cb',
        audience: calendar,
        scopes: ['events:read', 'events:write'],
      });
      catchUp(2 * day);
      await signIn('Safari on iPhone');
      await openMachine({ issuer, storage, id: 'search-index', name: 'Search index' });
      await acknowledge('notes-us-2', notes, 2e6);
      catchUp(15 * 3600);
      await signIn('Firefox on Linux');
      await acknowledge('notes-us-1', notes, 4e6);
      const refresh = await openRefreshes({ issuer, clock });
      // The last half hour, minute by minute.
      for (let minute = 29; minute >= 0; minute--) {
        catchUp(minute * 60 + 20);
        const busy = 2 + Math.round(3 + 3 * Math.sin(minute / 4));
        for (let n = 0; n < busy; n++)
          await machine(`reader-${minute}-${n}`, n % 2 === 0 ? 'Android phone' : 'Web');
        for (let n = 0; n < busy * 2 + (minute % 4); n++) await refresh();
        const old = await issuer.sessions.list({ clientId: 'fieldnotes', only: 'alive', limit: 40 });
        for (const { sid, grantId } of old.slice(20, 20 + (minute % 5 === 0 ? 3 : minute % 3)))
          if (grantId === null) await issuer.sessions.end({ sid });
      }
      catchUp(0);
    },
  };
}

/** Three guards that say four times a second how far they are, a little behind. */
function followFeed(storage: Storage): ReturnType<typeof setInterval> {
  const guards = [
    ['notes-eu-1', notes, 100],
    ['notes-eu-2', notes, 160],
    ['calendar-eu-1', calendar, 240],
  ] as const;
  const instances = guards.map(id);
  const say = async (): Promise<void> => {
    const { head } = await storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
    for (const [index, [name, audience, behind]] of guards.entries()) {
      await new Promise((resolve) => setTimeout(resolve, behind / 3));
      const instance = instances[index] ?? name;
      await storage.acknowledge({ instance, clientId: `guard-${name}`, name, audience, to: head, keys: [] });
    }
  };
  return setInterval(() => void say().catch(() => undefined), 250);
}

/** One application's session, refreshed over and over, as its holder does it. */
async function openRefreshes({
  issuer,
  clock,
}: Pick<HistoryOptions, 'issuer' | 'clock'>): Promise<() => Promise<void>> {
  const key = await importSigningKey(await generatePrivateJwk('EdDSA'));
  const started = await issuer.sessions.start({
    clientId: 'fieldnotes',
    subject: 'reader',
    audience: notes,
    jkt: key.kid,
  });
  let token = started.refresh_token ?? '';
  return async () => {
    const answer = await issuer.fetch(
      new Request(`${url}/token`, {
        method: 'POST',
        headers: { dpop: await signProof({ method: 'POST', url: `${url}/token`, now: clock() / 1000 }, key) },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: 'fieldnotes',
          refresh_token: token,
        }),
      }),
    );
    if (!answer.ok) throw new Error(await answer.text());
    const { refresh_token: next } = (await answer.json()) as { refresh_token?: string };
    token = next ?? token;
  };
}

/** An account with a passkey that nobody has. */
async function enrolSomebody(storage: Storage, name: string): Promise<void> {
  const [codeName, account] = [id(), { subject: id(), handle: id(), name, role: 'person' as const }];
  await storage.invite({ name: codeName, account, life: 60e6, by: 'operator', inviter: null });
  const passkey = { id: id(), publicKey: id(), counter: 0, transports: [], backedUp: true, name: 'Phone' };
  const enrolled = await storage.enrol({
    ...{ codeName, code: { kind: 'invitation', account }, passkey },
    challenge: { name: id(), madeAt: await storage.now() },
    events: { account: id(), passkey: id() },
  });
  if (enrolled.kind !== 'enrolled') throw new Error(`unexpected ${enrolled.kind}, expected an account`);
}

/** A machine with a key and a session. */
async function openMachine(of: {
  issuer: Issuer;
  storage: Storage;
  id: string;
  name: string;
}): Promise<void> {
  const key = await importSigningKey(await generatePrivateJwk('EdDSA'));
  const audiences = [{ audience: notes, scope: ['notes:read'] }];
  await of.issuer.clients.add({
    id: of.id,
    name: of.name,
    kind: 'machine',
    audiences,
    keys: [{ ...key.jwk }],
  });
  const opened = await of.storage.openMachineSession({
    ...{ sid: id(), clientId: of.id, audience: notes, scope: 'notes:read', jkt: keyOf() },
    ...{ idleLife: 14 * day * 1e6, absoluteLife: 30 * day * 1e6 },
    signWith: { session: 'EdDSA', refresh: 'EdDSA' },
    assertion: { clientId: of.id, kid: key.kid, jtiHash: id(), expiresAt: Number.MAX_SAFE_INTEGER },
  });
  if (opened.kind !== 'opened') throw new Error(`unexpected ${opened.kind}, expected a session`);
}
