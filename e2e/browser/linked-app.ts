import { createGuard } from '@symbolon/guard';
import { createMachine, memoryKey } from '@symbolon/holder';
import type { Browser, Page } from 'playwright-core';
import { startApp, type App } from './app.ts';
import { launchChromium, newVisitor, type Visitor } from './chromium.ts';
import type { StoppedPage } from './stopped-page.ts';
import { enrolFirst, provePasskey } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

/** An application with its API, an issuer that knows it, and somebody who has a passkey there. */
export interface LinkedApp {
  readonly app: App;
  readonly served: ServedIssuer;
  readonly browser: Browser;
  readonly ada: Visitor;
  /** Moves the clocks of issuer, API and of these pages of the application. */
  readonly advance: (
    seconds: number,
    pages: readonly Pick<Page | StoppedPage, 'evaluate'>[],
  ) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The life of a session token here, in seconds: two tabs must refresh it many times within a minute. */
export const tokenLife = 10;

/** Starts everything; the guard of the API follows the feed under an identity. */
export async function startLinkedApp(
  how: { keepsPages?: true; staleFeed?: 'accept' } = {},
): Promise<LinkedApp> {
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;
  const app = await startApp(clock);
  const served = await serveIssuerToBrowsers({
    audiences: [{ audience: app.audience, scopes: ['read'], tokenLife }],
  });
  const { issuer, url } = served;
  const key = await memoryKey();
  const revocations = `${url}/revocations`;
  await issuer.clients.add({ id: 'api', keys: [{ ...key.jwk }], audiences: [{ audience: revocations }] });
  await issuer.clients.add({
    ...{ id: 'spa', name: 'Demo application', kind: 'public', redirectUris: [app.redirectUri] },
    audiences: [{ audience: app.audience, scope: ['read'] }],
  });
  const inProcess: typeof fetch = (input, init) => issuer.fetch(new Request(input, init));
  const machine = createMachine({
    issuer: url,
    clientId: 'api',
    audience: revocations,
    key,
    fetch: inProcess,
  });
  const guard = createGuard({
    ...{ issuer: url, audience: app.audience, publicUrl: app.origin, staleFeed: how.staleFeed ?? 'refuse' },
    ...{ name: 'demo-api', fetch: inProcess, identity: machine.fetch, clock },
  });
  await guard.ready();
  app.guardWith(guard);
  app.linkTo({ issuer: url, clientId: 'spa' });
  const browser = await launchChromium({ spki: served.spki, devices: 'none', ...how });
  const ada = await newVisitor(browser);
  await enrolFirst(ada, served);
  const close = async (): Promise<void> => {
    await browser.close();
    guard.close();
    await app.close();
    await served.close();
  };
  const advance = async (
    seconds: number,
    pages: readonly Pick<Page | StoppedPage, 'evaluate'>[],
  ): Promise<void> => {
    served.advance(seconds);
    ahead += seconds * 1000;
    await Promise.all(pages.map((page) => page.evaluate(`ahead = ${ahead}`)));
  };
  return { app, served, browser, ada, advance, close };
}

/** Signs in at the application's page and allows it; ends there, signed in. */
export async function linkApp({ app, ada }: LinkedApp): Promise<void> {
  const { page } = ada;
  await page.goto(app.origin);
  await page.locator('#state', { hasText: 'signed out' }).waitFor();
  await page.click('#sign-in');
  await page.waitForURL('**/sign-in?**');
  await provePasskey(ada);
  await page.locator('h1', { hasText: 'Demo application' }).waitFor();
  await page.click('button[value="allow"]');
  await page.waitForURL(`${app.origin}/`);
  await page.locator('#state', { hasText: 'signed in' }).waitFor();
}

/** Presses a button of the application's page and reads what came of it. */
export async function press(page: Page, id: string): Promise<string> {
  await page.click(`#${id}`);
  await page.locator('#out', { hasNotText: /^(waiting)?$/ }).waitFor();
  return (await page.textContent('#out')) ?? '';
}
