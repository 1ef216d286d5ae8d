import { createSqlStorage } from '../../src/storage/transactions/sql-storage.ts';
import { openSqliteEngine } from '../../src/storage/sqlite/engine.ts';
import type { Engine } from '../../src/storage/engine.ts';
import type { IssuerOptions, Storage } from '../../src/index.ts';
import { createAuthenticator, type Asked, type Authenticator, type Bend } from './authenticator.ts';
import { createClock, issuerUrl, openLab, type Lab } from '../support.ts';

/** An issuer that people sign in at. */
export interface PeopleLab extends Lab {
  readonly engine: Engine;
}

/** Opens it. `seen` is the store as the issuer has it, for a test that does something between two of its questions. */
export async function openPeopleLab(
  options: Partial<IssuerOptions> = {},
  seen: (storage: Storage) => Storage = (storage) => storage,
): Promise<PeopleLab> {
  const clock = createClock();
  const engine = openSqliteEngine({ file: ':memory:', clock: clock.now });
  const storage = seen(createSqlStorage(engine));
  const lab = await openLab({ people: { name: 'Example' }, ...options, storage, clock: clock.now });
  return { ...lab, clock, engine };
}

/** A browser with its cookies and a device that makes passkeys. */
export interface TestBrowser {
  readonly device: Authenticator;
  readonly cookies: Map<string, string>;
  readonly get: (path: string) => Promise<Response>;
  readonly post: (path: string, body: object, sent?: Sent) => Promise<Response>;
  readonly submit: (path: string, form: Readonly<Record<string, string>>, sent?: Sent) => Promise<Response>;
}

/** What a test may say besides. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
}

export function openBrowser(
  lab: Pick<Lab, 'issuer'>,
  options: { issuer?: string; device?: Authenticator } = {},
): TestBrowser {
  const issuer = options.issuer ?? issuerUrl;
  const { origin } = new URL(issuer);
  const cookies = new Map<string, string>();
  const send = async (path: string, init: RequestInit, sent: Sent = {}): Promise<Response> => {
    const request = new Request(issuer + path, init);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookie !== '') request.headers.set('cookie', cookie);
    for (const [name, value] of Object.entries(sent.headers ?? {})) request.headers.set(name, value);
    const answer = await lab.issuer.fetch(request, { address: sent.address });
    for (const set of answer.headers.getSetCookie()) keep(cookies, set);
    return answer;
  };
  const ours = { origin, 'sec-fetch-site': 'same-origin' };
  return {
    device: options.device ?? createAuthenticator({ origin }),
    cookies,
    get: (path) => send(path, {}),
    post: (path, body, sent) =>
      send(
        path,
        {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { ...ours, 'content-type': 'application/json' },
        },
        sent,
      ),
    submit: (path, form, sent) =>
      send(path, { method: 'POST', body: new URLSearchParams(form), headers: ours }, sent),
  };
}

function keep(cookies: Map<string, string>, set: string): void {
  const [pair = '', ...attributes] = set.split('; ');
  const [name = '', value = ''] = pair.split('=');
  if (attributes.includes('Max-Age=0')) cookies.delete(name);
  else cookies.set(name, value);
}

/** What the issuer asks, of an answer to `…/options`. */
export async function askedOf(answer: Response): Promise<Asked> {
  const body = (await answer.json()) as { options?: Asked };
  if (body.options === undefined) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return body.options;
}

export const codeOf = (link: string): string => new URL(link).hash.slice(1);

/** Opens a link and makes a passkey. */
export async function enrol(browser: TestBrowser, link: string, bend: Bend = {}): Promise<Response> {
  const code = codeOf(link);
  const asked = await askedOf(await browser.post('/enrol/options', { code }));
  const response = browser.device.make(asked, bend);
  return browser.post('/enrol/verify', { code, name: 'My phone', response });
}

/** Proves the newest passkey of the browser's device. */
export async function signIn(
  browser: TestBrowser,
  bend: Bend & { return_to?: string } = {},
): Promise<Response> {
  const { return_to: returnTo, ...bent } = bend;
  const asked = await askedOf(await browser.post('/sign-in/options', {}));
  return browser.post('/sign-in/verify', {
    response: browser.device.prove(asked, bent),
    ...(returnTo === undefined ? {} : { return_to: returnTo }),
  });
}

export async function provePresence(browser: TestBrowser, bend: Bend = {}): Promise<Response> {
  const asked = await askedOf(await browser.post('/presence/options', {}));
  return browser.post('/presence/verify', {
    response: browser.device.prove(asked, bend),
    return_to: '/account',
  });
}

/** The issuer's first account, an operator, signed in. */
export async function openFirst(lab: PeopleLab): Promise<TestBrowser> {
  const browser = openBrowser(lab);
  const first = await lab.issuer.accounts?.inviteFirst();
  if (first === undefined) throw new Error('unexpected account, expected none');
  await demandOk(await enrol(browser, first.link));
  await demandOk(await signIn(browser));
  return browser;
}

export async function demandOk(answer: Response): Promise<void> {
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
}
