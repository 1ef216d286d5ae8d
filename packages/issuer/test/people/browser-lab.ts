import { createGuard } from '@symbolon/guard';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { openBrowserSessions, type SignedIn } from '../../src/people/browser-sessions.ts';
import { createCookieMint } from '../../src/people/cookie-mint.ts';
import { openDeviceBindings } from '../../src/people/device-binding.ts';
import { createDeviceMarks } from '../../src/people/device-marks.ts';
import { createCookies } from '../../src/http/cookies.ts';
import { openLookupKey } from '../../src/keys/lookup-key.ts';
import { createRefreshTokens } from '../../src/sessions/refresh-tokens.ts';
import type { Engine } from '../../src/storage/engine.ts';
import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import { openSigningKeys } from '../../src/keys/signing-keys.ts';
import { createMint } from '../../src/sessions/tokens.ts';
import { createClock, issuerUrl, openLab, testKeyring, type Lab } from '../support.ts';
import { id } from '../storage/lab.ts';

const day = 24 * 3600e6;
const lifetimes = {
  personIdle: 7 * day,
  personAbsolute: 30 * day,
  machineIdle: day,
  machineAbsolute: day,
};

/** An issuer that people sign in at, and a second process on its store, in which a passkey was just proved. */
export interface BrowserLab extends Lab {
  readonly url: string;
  /** An account, by its subject. */
  readonly person: string;
  readonly browsers: ReturnType<typeof openBrowserSessions>;
  readonly run: (sql: string) => Promise<unknown>;
  /** Signs in with a new browser. */
  readonly visit: () => Promise<TestBrowser>;
  readonly close: () => Promise<void>;
}

export async function openBrowserLab(url = issuerUrl): Promise<BrowserLab> {
  const clock = createClock();
  const engine = openSqliteEngine({ file: ':memory:', clock: clock.now });
  const storage = createSqlStorage(engine);
  const lab = await openLab({ people: {}, issuer: url, storage, clock: clock.now });
  const { browsers, close } = await openSecondProcess({ ...lab, clock }, url);
  const person = await addPerson(engine);
  const visit = async (): Promise<TestBrowser> => {
    const browser = createTestBrowser(lab, url);
    browser.accept(await browsers.start({ subject: person, amr: ['hwk'], device: 'a test' }));
    return browser;
  };
  const run = (sql: string): Promise<unknown> => engine.batch([{ sql, values: [] }]);
  return {
    ...lab,
    ...{ clock, url, person, browsers, run, visit },
    close: async () => {
      close();
      await lab.issuer.close();
    },
  };
}

/** All real parts, over the same store and keyring. */
async function openSecondProcess(
  { storage, clock, issuer }: Lab,
  url: string,
): Promise<Pick<BrowserLab, 'browsers'> & { close: () => void }> {
  const times = { session: 3600e6, refresh: day, feed: day, identity: day };
  const keys = await openSigningKeys({
    ...{ issuer: url, storage, keyring: testKeyring, signers: {}, algorithms: ['EdDSA'], identity: false },
    ...{ times: { keySetMaxAge: 300e6, rotation: day, tokenLife: times } },
    ...{ clock: clock.now, report: () => undefined },
  });
  const refreshTokens = createRefreshTokens({ issuer: url, table: keys.refreshTable, clock: clock.now });
  const becomesLive = (): Promise<boolean> => Promise.resolve(true);
  const mint = createMint({ issuer: url, signer: keys.signer, refreshTokens, becomesLive });
  const cookies = createCookies(url);
  const lookup = await openLookupKey({ storage, keyring: testKeyring });
  const marks = createDeviceMarks(lookup);
  const cookieMint = createCookieMint({ mint, cookies, marks });
  const devices = openDeviceBindings({ storage, lookup, lifetimes, cookieMint });
  const guard = createGuard({
    ...{ issuer: url, audience: `${url}/account`, cookie: cookies.tokenName, staleFeed: 'accept' },
    ...{ publicUrl: new URL(url).origin, clock: clock.now },
    fetch: (input, init) => issuer.fetch(new Request(input, init)),
  });
  const browsers = openBrowserSessions({
    ...{ issuer: url, storage, refreshTokens, cookies, cookieMint, marks, devices, guard },
  });
  return {
    browsers,
    close: () => {
      guard.close();
    },
  };
}

async function addPerson(engine: Engine): Promise<string> {
  const subject = id();
  const statements = [
    `INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
      VALUES ('${subject}', '', '${subject}', '${id()}', 1, 0, 0)`,
    `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', 'Ada', 'ada', 'person', 0)`,
  ];
  await engine.batch(statements.map((sql) => ({ sql, values: [] })));
  return subject;
}

/** A browser's cookies, and the key of its device. */
export interface TestBrowser {
  /** By name, as the browser would send them now. */
  readonly cookies: Map<string, string>;
  /** What the last answer set, whole. */
  readonly set: string[];
  /** The offer to bind the session, as parameters. */
  readonly offer: Map<string, string>;
  readonly device: KeyObject;
  readonly accept: (said: Partial<SignedIn>) => void;
  /** A request of a page of the issuer, with the cookies, unless told otherwise. */
  readonly request: (
    path: string,
    init?: { method?: string; headers?: Readonly<Record<string, string>> },
  ) => Request;
  /** Sends it to the issuer and keeps what it sets. */
  readonly send: (
    path: string,
    init?: { method?: string; headers?: Readonly<Record<string, string>> },
  ) => Promise<Response>;
  /** What the device signs, in the form that Chromium uses. */
  readonly sign: (payload: Readonly<Record<string, unknown>>, how?: 'registration') => string;
  readonly register: (bend?: Readonly<Record<string, unknown>>) => Promise<Response>;
  /** Both legs of a renewal. */
  readonly renew: (sid: string) => Promise<Response>;
}

export function createTestBrowser(lab: Pick<Lab, 'issuer'>, url: string): TestBrowser {
  const { privateKey: device, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cookies = new Map<string, string>();
  const set: string[] = [];
  const offer = new Map<string, string>();
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const keep = (lines: readonly string[]): void => {
    set.splice(0, set.length, ...lines);
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
  };
  const browser: TestBrowser = {
    ...{ cookies, set, offer, device },
    accept: (said) => {
      keep(said.cookies ?? []);
      const header = said.headers?.['secure-session-registration'] ?? '';
      for (const [, name = '', value = ''] of header.matchAll(/;(\w+)="([^"]*)"/g)) offer.set(name, value);
    },
    request: (path, { method = 'GET', headers = {} } = {}) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const own = { 'sec-fetch-site': 'same-origin', ...(cookie === '' ? {} : { cookie }) };
      return new Request(url + path, { method, headers: { ...own, ...headers } });
    },
    send: async (path, init) => {
      const answer = await lab.issuer.fetch(browser.request(path, init));
      keep(answer.headers.getSetCookie());
      return answer;
    },
    sign: (payload, how) => {
      const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
      const jwk = how === 'registration' ? { jwk: { crv, kty, x, y } } : {};
      const signed = `${encode({ alg: 'ES256', ...jwk, typ: 'dbsc+jwt' })}.${encode(payload)}`;
      const key = { key: device, dsaEncoding: 'ieee-p1363' as const };
      return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    },
    register: (bend = {}) => {
      const said = { authorization: offer.get('authorization'), jti: offer.get('challenge'), ...bend };
      const headers = { 'secure-session-response': browser.sign(said, 'registration') };
      return browser.send('/dbsc/register', { method: 'POST', headers });
    },
    renew: async (sid) => {
      const headers = { 'sec-secure-session-id': sid };
      const asked = await browser.send('/dbsc/refresh', { method: 'POST', headers });
      const jti = challengeOf(asked);
      const answer = { ...headers, 'secure-session-response': browser.sign({ jti }) };
      return browser.send('/dbsc/refresh', { method: 'POST', headers: answer });
    },
  };
  return browser;
}

/** The challenge of an answer. */
export function challengeOf(answer: Response): string | undefined {
  return /^"([^"]+)";id="[^"]+"$/.exec(answer.headers.get('secure-session-challenge') ?? '')?.[1];
}
