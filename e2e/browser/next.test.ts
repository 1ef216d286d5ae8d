import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createGuard, type Guard } from '@symbolon/guard';
import { fileKey } from '@symbolon/holder/node';
import {
  createIssuer,
  createKeyring,
  openSqlite,
  serveIssuer,
  type Issuer,
  type IssuerServer,
} from '@symbolon/issuer';
import type { Browser } from 'playwright-core';
import { startApp, type App } from './app.ts';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { buildNextApp, noNext, startNextApp, type NextApp } from './next-app.ts';
import { enrolFirst, provePasskey } from './people.ts';

/** In seconds; the shortest that an issuer gives: a token is due from three quarters of it on. */
const tokenLife = 10;

// Next.js builds for as long as everything else takes together, on a busy machine for minutes.
const options = { skip: noChromium || noNext, timeout: 480_000 };

describe('a Next.js application with sessions, in Chromium', options, () => {
  const keys = mkdtempSync(join(tmpdir(), 'symbolon-next-'));
  let issuer: Issuer;
  let served: IssuerServer;
  let api: App;
  let guard: Guard;
  let next: NextApp;
  let browser: Browser;
  let ada: Visitor;
  let startedAt = 0;
  let tokenRequests = 0;
  /** How a token is given; at once, unless a test has something else happen meanwhile. */
  let slowly = (give: () => Promise<Response>): Promise<Response> => give();

  before(async () => {
    buildNextApp();
    api = await startApp();
    const [issuerPort, port] = [await freePort(), await freePort()];
    const url = `http://localhost:${issuerPort}`;
    issuer = await createIssuer({
      issuer: url,
      audiences: [{ audience: api.audience, scopes: ['read'], tokenLife }],
      storage: openSqlite({ file: ':memory:' }),
      keyring: createKeyring([{ id: 'test', secret: new Uint8Array(32).fill(7) }]),
      people: { name: 'Symbolon in a test' },
    });
    const counted = async (...given: Parameters<Issuer['fetch']>): Promise<Response> => {
      if (new URL(given[0].url).pathname !== '/token') return issuer.fetch(...given);
      tokenRequests++;
      return slowly(() => issuer.fetch(...given));
    };
    served = await serveIssuer({ ...issuer, fetch: counted }, { port: issuerPort, host: 'localhost' });
    const { jwk } = await fileKey(join(keys, 'next-app.jwk.json'));
    await issuer.clients.add({
      ...{ id: 'next-app', name: 'Next example', kind: 'web', keys: [{ ...jwk }] },
      redirectUris: [`http://localhost:${port}/back`],
      audiences: [{ audience: api.audience, scope: ['read'] }],
    });
    guard = createGuard({
      ...{ issuer: url, audience: api.audience, publicUrl: api.origin, staleFeed: 'accept' },
    });
    await guard.ready();
    api.guardWith(guard);
    next = await startNextApp({ port, issuer: url, api: api.audience, keys });
    browser = await launchChromium({ spki: '', devices: 'none' });
    ada = await newVisitor(browser);
    await enrolFirst(ada, { issuer });
  });
  after(async () => {
    await browser.close();
    await next.close();
    guard.close();
    await api.close();
    await served.close();
    rmSync(keys, { recursive: true });
    // What Next.js prints of faults; and nothing that carries a token stands in it.
    deepEqual(next.printed().match(/error|eyJ[\w.-]*/gi), null, next.printed());
  });

  const cookie = async (wanted = 'session'): Promise<string | undefined> =>
    (await ada.context.cookies(next.origin)).find(({ name }) => name === wanted)?.value;
  const generation = async (): Promise<number | undefined> =>
    (await issuer.sessions.list({ clientId: 'next-app' }))[0]?.generation;
  /** Waits until the token is due; nothing refreshes it meanwhile, for nobody asks. */
  const untilDue = async (): Promise<void> => {
    const age = performance.now() - startedAt;
    await ada.page.waitForTimeout(Math.max(0, tokenLife * 800 - age));
    startedAt = performance.now();
  };

  test('WEB-13: a person signs in, and a page is rendered as that person', async () => {
    const { page } = ada;
    await page.goto(`${next.origin}/me`);
    match(page.url(), /\/sign-in\?/);
    await page.goto(next.origin);
    await page.click('text=Sign in');
    await page.waitForURL('**/sign-in?**');
    await provePasskey(ada);
    await page.click('button[value="allow"]');
    await page.waitForURL(`${next.origin}/`);
    startedAt = performance.now();
    const answer = await page.goto(`${next.origin}/me`);
    const headers = await answer?.allHeaders();
    equal(headers?.['cache-control'], 'private, no-store');
    const [account] = (await issuer.accounts?.list()) ?? [];
    equal(await page.textContent('#me'), account?.subject);
    equal(await page.evaluate('document.cookie'), '');
    ok(!(await page.content()).includes('eyJ'), 'a token is in the page');
    const handled = await page.request.get(`${next.origin}/orders`);
    deepEqual(
      [await handled.text(), handled.headers()['cache-control']],
      [account?.subject, 'private, no-store'],
    );
  });

  test('WEB-13: a token that is due is refreshed once before a page is rendered, by whatever way it is asked for', async () => {
    const { page } = ada;
    await page.goto(next.origin);
    equal(await generation(), 0);
    const before = await cookie();
    await untilDue();
    tokenRequests = 0;
    // No page is loaded: the script of Next.js fetches what is to be rendered.
    await page.click('text=What the API says of you');
    await page.waitForURL('**/me');
    match((await page.textContent('#me')) ?? '', /./);
    const after = await cookie();
    notEqual(after, before);
    equal(await generation(), 1);
    equal(tokenRequests, 1, 'the page was rendered with another cookie than the browser got');
    await untilDue();
    const pages = await Promise.all([1, 2, 3].map(() => ada.context.newPage()));
    const answers = await Promise.all(pages.map((other) => other.goto(`${next.origin}/me`)));
    deepEqual(
      answers.map((answer) => new URL(answer?.url() ?? '').pathname),
      ['/me', '/me', '/me'],
    );
    notEqual(await cookie(), after);
    equal(await generation(), 2);
    await Promise.all(pages.map((other) => other.close()));
  });

  test('WEB-14: whoever gets past the proxy gets no further, and nobody is signed out where it did not run', async () => {
    const value = (await cookie()) ?? '';
    // How the middleware of Next.js was passed by in 2025 (CVE-2025-29927), by each of its names.
    const past = ['middleware', 'proxy', 'src/middleware', 'src/proxy'].map((name) =>
      Array(5).fill(name).join(':'),
    );
    const changed = `${value.slice(0, -4)}AAAA`;
    const mark = `session-mark=${await cookie('session-mark')}`;
    for (const subrequest of past) {
      const ask = (sent: string): Promise<Response> =>
        fetch(`${next.origin}/me`, {
          headers: { 'x-middleware-subrequest': subrequest, cookie: sent },
          redirect: 'manual',
        });
      equal((await ask('')).headers.get('location'), '/sign-in');
      equal((await ask(`session=${changed}; ${mark}`)).headers.get('location'), '/sign-in');
      equal((await ask(`session=${value}`)).headers.get('location'), '/sign-in');
      equal((await ask(`session=${value}; ${mark}`)).status, 200);
    }
  });

  test('WEB-15: a server action acts for a page of this origin, and for no other', async () => {
    const { page } = ada;
    await page.goto(`${next.origin}/me`);
    const sent = page.waitForRequest((request) => request.method() === 'POST');
    await page.click('text=Tell the API something');
    await page.locator('#said', { hasText: 'The API was told.' }).waitFor();
    const { 'next-action': action = '' } = await (await sent).allHeaders();
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${next.origin}/me`, { method: 'POST', headers, body: '[]', redirect: 'manual' });
    const held = `session=${await cookie()}; session-mark=${await cookie('session-mark')}`;
    const asked = { 'next-action': action, 'content-type': 'text/plain', cookie: held };
    const done = await send({ ...asked, origin: next.origin });
    deepEqual([done.status, done.headers.get('x-action-redirect')], [200, '/me?said=yes;push']);
    equal((await send({ ...asked, origin: 'https://evil.example' })).status, 403);
    equal((await send(asked)).status, 403);
  });

  test('WEB-13: two sign-ins are never the same answer, and signing out ends the session', async () => {
    const begin = async (): Promise<string | null> =>
      (await fetch(`${next.origin}/sign-in`, { redirect: 'manual' })).headers.get('location');
    notEqual(await begin(), await begin());
    const { page } = ada;
    await page.goto(next.origin);
    await page.click('text=Sign out');
    await page.locator('text=Sign in').waitFor();
    equal(await cookie(), undefined);
    deepEqual(await issuer.sessions.list({ clientId: 'next-app', only: 'alive' }), []);
  });

  test('WEB-17: an answer whose refresh ends after the person has signed out signs nobody in', async () => {
    const { page } = ada;
    await page.click('text=Sign in');
    await page.click('button[value="allow"]');
    await page.waitForURL(`${next.origin}/`);
    startedAt = performance.now();
    await untilDue();
    let [reach, open] = [(): void => undefined, (): void => undefined];
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const opened = new Promise<void>((resolve) => (open = resolve));
    slowly = async (give) => {
      const answer = await give();
      reach();
      await opened;
      return answer;
    };
    const late = page.request.get(`${next.origin}/orders`);
    await reached;
    await page.click('text=Sign out');
    await page.locator('text=Sign in').waitFor();
    open();
    match((await late).headers()['set-cookie'] ?? '', /^session=/);
    notEqual(await cookie(), undefined);
    const me = await page.request.get(`${next.origin}/me`, { maxRedirects: 0 });
    equal(me.headers()['location'], '/sign-in');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
