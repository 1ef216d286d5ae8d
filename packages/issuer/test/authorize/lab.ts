import { createHash, randomBytes } from 'node:crypto';
import { importSigningKey, signProof, signSessionToken, type SigningKey } from '@symbolon/token';
import type { IssuerOptions } from '../../src/index.ts';
import type { Engine } from '../../src/storage/engine.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { api, createClock, issuerUrl, newKey, openLab, testKeyring, type Lab } from '../support.ts';

/** An issuer that people sign in at, and a way past its store. */
export interface LinkLab extends Lab {
  readonly engine: Engine;
}

export const redirectUri = 'https://app.example/callback';

export async function openLinkLab(options: Partial<IssuerOptions> = {}): Promise<LinkLab> {
  const clock = createClock();
  const engine = openSqliteEngine({ file: ':memory:', clock: clock.now });
  const storage = createSqlStorage(engine);
  const lab = await openLab({ people: {}, ...options, storage, clock: clock.now });
  return { ...lab, clock, engine };
}

/** Somebody with an account. */
export async function addPerson(
  { engine }: Pick<LinkLab, 'engine'>,
  name = `Ada ${newText(4)}`,
): Promise<string> {
  const [subject, handle] = [newText(16), newText(16)];
  await engine.batch([
    {
      sql: `INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at) VALUES ($1, '', $1, $2, 1, 0, now_us())`,
      values: [subject, handle],
    },
    {
      sql: `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ($1, $2, $2, 'person', now_us())`,
      values: [subject, name],
    },
  ]);
  return subject;
}

/** A browser in which somebody has just proved a passkey: its cookie and its session. */
export interface Browser {
  readonly subject: string;
  readonly sid: string;
  readonly cookie: string;
}

export async function signIn(
  lab: LinkLab,
  options: { subject?: string; url?: string; keyring?: typeof testKeyring } = {},
): Promise<Browser> {
  const subject = options.subject ?? (await addPerson(lab));
  const issuer = options.url ?? issuerUrl;
  const sid = newText(16);
  const started = await lab.storage.startBrowserSession({
    ...{
      sid,
      clientId: 'symbolon',
      audience: `${issuer}/account`,
      subject,
      amr: ['hwk', 'user'],
      device: null,
    },
    ...{ idleLife: 3600e6, absoluteLife: 8 * 3600e6, signWith: { session: 'EdDSA', refresh: 'EdDSA' } },
  });
  if (started.kind !== 'started') throw new Error(`unexpected ${started.kind}`);
  const { session, now } = started;
  const iat = Math.floor(now / 1e6);
  const token = await signSessionToken(
    {
      ...{ iss: issuer, sub: subject, aud: session.audience, client_id: 'symbolon', iat, exp: iat + 300 },
      ...{ jti: newText(16), sid, sst: session.startedAt, sh: session.handle, crr: 'cookie' },
      ...{ auth_time: iat, amr: ['hwk', 'user'] },
    },
    await ownKey(lab.storage, started.sessionKid),
  );
  return { subject, sid, cookie: `${issuer.startsWith('https') ? '__Host-' : ''}symbolon=${token}` };
}

/** The issuer's own signing key, opened as the issuer opens it. */
async function ownKey(storage: Storage, kid: string): Promise<SigningKey> {
  const row = (await storage.listKeys()).find((key) => key.kid === kid);
  if (row?.wrappedKey == null) throw new Error('unexpected missing key');
  return importSigningKey(JSON.parse(testKeyring.unwrap(row.wrappedKey, row)));
}

function newText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

/** A linked application: public, with one redirect URI. */
export async function addApplication(
  lab: Lab,
  options: Partial<Parameters<Lab['issuer']['clients']['add']>[0]> = {},
): Promise<string> {
  const added = await lab.issuer.clients.add({
    kind: 'public',
    name: 'Photo book',
    redirectUris: [redirectUri],
    audiences: [{ audience: api, scope: ['read', 'write'] }],
    ...options,
  });
  return added.id;
}

/** What an application remembers of a request that it sent a person with. */
export interface Asked {
  readonly clientId: string;
  readonly verifier: string;
  readonly holder: SigningKey;
  readonly parameters: Readonly<Record<string, string>>;
}

export async function ask(clientId: string, over: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const verifier = newText(32);
  return {
    clientId,
    verifier,
    holder: await newKey('ES256'),
    parameters: {
      ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state: 'the state' },
      ...{ scope: 'read', code_challenge: challengeOf(verifier), code_challenge_method: 'S256', ...over },
    },
  };
}

/** A browser's GET; `path` begins with a slash, or is a whole URL. */
export function get(lab: Lab, path: string, browser?: Pick<Browser, 'cookie'>): Promise<Response> {
  const headers = browser === undefined ? {} : { cookie: browser.cookie };
  return lab.issuer.fetch(new Request(new URL(path, issuerUrl), { headers }));
}

/** A browser's form, sent by a page of the issuer unless told otherwise. */
export function submit(
  lab: Lab,
  path: string,
  sent: { form: Readonly<Record<string, string>>; browser?: Pick<Browser, 'cookie'>; site?: string },
): Promise<Response> {
  const headers = {
    'sec-fetch-site': sent.site ?? 'same-origin',
    ...(sent.browser === undefined ? {} : { cookie: sent.browser.cookie }),
  };
  return lab.issuer.fetch(
    new Request(issuerUrl + path, { method: 'POST', headers, body: new URLSearchParams(sent.form) }),
  );
}

export function authorizePath(parameters: Readonly<Record<string, string>>): string {
  return `/authorize?${new URLSearchParams(parameters).toString()}`;
}

export function locationOf(answer: Response): URL {
  const to = answer.headers.get('location');
  if (answer.status !== 303 || to === null)
    throw new Error(`unexpected ${String(answer.status)}, expected a redirect`);
  return new URL(to, issuerUrl);
}

/** Goes to the authorization endpoint and on to where it first asks or answers. */
export async function arrive(
  lab: Lab,
  parameters: Readonly<Record<string, string>>,
  browser?: Browser,
): Promise<Response> {
  const kept = locationOf(await get(lab, authorizePath(parameters), browser));
  return kept.pathname === '/authorize' ? get(lab, kept.href, browser) : Response.redirect(kept, 303);
}

/** The handle on a consent page. */
export async function handleOn(answer: Response): Promise<string> {
  const found = /name="request" value="([A-Za-z0-9_-]{43})"/.exec(await answer.text());
  if (answer.status !== 200 || found?.[1] === undefined)
    throw new Error('unexpected page, expected the consent page');
  return found[1];
}

/** A person says yes to what is asked, unless he was not asked: where his browser is sent. */
export async function consent(lab: Lab, asked: Asked, browser: Browser, decision = 'allow'): Promise<URL> {
  const shown = await arrive(lab, asked.parameters, browser);
  if (shown.status === 303) return locationOf(shown);
  const request = await handleOn(shown);
  return locationOf(
    await submit(lab, '/authorize/consent', { form: { request, session: browser.sid, decision }, browser }),
  );
}

/** Brings a code to the token endpoint. */
export async function redeem(
  lab: Lab,
  asked: Asked,
  sent: { code: string; form?: Readonly<Record<string, string>>; holder?: SigningKey; proof?: null },
): Promise<Response> {
  const proof = await signProof(
    { method: 'POST', url: `${issuerUrl}/token`, now: lab.clock.now() / 1000 },
    sent.holder ?? asked.holder,
  );
  const form = {
    ...{ grant_type: 'authorization_code', client_id: asked.clientId, code: sent.code },
    ...{ code_verifier: asked.verifier, redirect_uri: asked.parameters['redirect_uri'] ?? '', ...sent.form },
  };
  return lab.issuer.fetch(
    new Request(`${issuerUrl}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: sent.proof === null ? {} : { dpop: proof },
    }),
  );
}

/** From the request to the code. */
export async function codeFor(lab: Lab, asked: Asked, browser: Browser): Promise<string> {
  const code = (await consent(lab, asked, browser)).searchParams.get('code');
  if (code === null) throw new Error('unexpected answer, expected a code');
  return code;
}
