import { equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createGuard, type Guard } from '@symbolon/guard';
import { createMachine, memoryKey, type Machine } from '@symbolon/holder';
import type { Browser, Page } from 'playwright-core';
import { presentWithin, startApp, type App } from './app.ts';
import { authenticator, launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, provePasskey } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

/** The life of a session token here, in seconds: two tabs must refresh it many times within a minute. */
const tokenLife = 10;

/** Gives another window of the browser what its first one can sign with. */
async function lendPasskey({ cdp, authenticatorId, context }: Visitor, to: Page): Promise<void> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  const other = await context.newCDPSession(to);
  await other.send('WebAuthn.enable');
  const lent = await other.send('WebAuthn.addVirtualAuthenticator', { options: authenticator });
  for (const credential of credentials)
    await other.send('WebAuthn.addCredential', { authenticatorId: lent.authenticatorId, credential });
}

describe('a linked application, in Chromium', { skip: noChromium }, () => {
  let served: ServedIssuer;
  let app: App;
  let guard: Guard;
  let machine: Machine;
  let browser: Browser;
  let ada: Visitor;

  before(async () => {
    app = await startApp();
    served = await serveIssuerToBrowsers({
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
    machine = createMachine({ issuer: url, clientId: 'api', audience: revocations, key, fetch: inProcess });
    guard = createGuard({
      ...{ issuer: url, audience: app.audience, publicUrl: app.origin, staleFeed: 'refuse' },
      ...{ name: 'demo-api' },
      ...{ fetch: inProcess, identity: machine.fetch },
    });
    await guard.ready();
    app.guardWith(guard);
    app.linkTo({ issuer: url, clientId: 'spa' });
    browser = await launchChromium({ spki: served.spki, devices: 'none' });
    ada = await newVisitor(browser);
    await enrolFirst(ada, served);
  });
  after(async () => {
    await browser.close();
    guard.close();
    await app.close();
    await served.close();
    equal(served.faults.length, 0, String(served.faults[0]));
  });

  /** Presses a button of the application and reads what came of it. */
  const press = async (id: string, page = ada.page): Promise<string> => {
    await page.click(`#${id}`);
    await page.locator('#out', { hasNotText: /^(waiting)?$/ }).waitFor();
    return (await page.textContent('#out')) ?? '';
  };

  test('LINK-1: a person signs in with a passkey, allows an application, and it calls its API', async () => {
    const { page } = ada;
    await page.goto(app.origin);
    await page.locator('#state', { hasText: 'signed out' }).waitFor();
    equal(await press('me'), 'rejected session_missing');
    await page.click('#sign-in');
    await page.waitForURL('**/sign-in?**');
    await provePasskey(ada);
    match((await page.textContent('h1')) ?? '', /Demo application/);
    await page.click('button[value="allow"]');
    await page.waitForURL(`${app.origin}/`);
    await page.locator('#state', { hasText: 'signed in' }).waitFor();
    match(await press('me'), /^200 /);
    ok(!page.url().includes('code='), 'the code stayed in the address');
  });

  test('LINK-2: a refreshed token is no presence, and the person proves it in a window', async () => {
    const { page, context } = ada;
    // The browser's clock is the world's: what must have passed since the passkey was proved has to pass.
    await page.waitForTimeout((presentWithin + 1) * 1000);
    equal((await press('me')).slice(0, 3), '200');
    const opened = context.waitForEvent('page');
    await page.click('#pay');
    const popup = await opened;
    await popup.waitForURL('**/presence?**');
    await lendPasskey(ada, popup);
    const closed = popup.waitForEvent('close');
    await popup.click('#use-passkey');
    // At an address on loopback another program may listen: the person is asked each time.
    await popup.click('button[value="allow"]');
    await closed;
    await page.locator('#out', { hasText: '200 paid' }).waitFor();
    const sessions = await served.issuer.sessions.list({ clientId: 'spa', only: 'alive' });
    equal(sessions.length, 1, 'the session whose place was taken is still alive');
  });

  test('LINK-3: two tabs refresh for a minute, and nobody is signed out', async () => {
    const other = await ada.context.newPage();
    await other.goto(app.origin);
    const tabs = [ada.page, other];
    await Promise.all(tabs.map((tab) => tab.click('#work')));
    await ada.page.waitForTimeout(60_000);
    const counts = await Promise.all(
      tabs.map(async (tab) => {
        await tab.locator('#work').evaluate((button) => {
          button.setAttribute('data-stop', '');
        });
        await tab.locator('#out', { hasNotText: /^waiting$/ }).waitFor();
        return JSON.parse((await tab.textContent('#out')) ?? '{}') as Record<string, number>;
      }),
    );
    for (const count of counts) {
      equal(Object.keys(count).join(), '200', JSON.stringify(counts));
      ok((count['200'] ?? 0) > 50, JSON.stringify(counts));
    }
    await other.close();
  });

  test('LINK-4: the account page shows the application, ends it, and its API refuses', async (t) => {
    const { page, context } = ada;
    await page.goto(app.origin);
    match(await press('me'), /^200 /);
    const account = await context.newPage();
    await account.goto(`${served.url}/account`);
    await account.locator('text=Demo application').first().waitFor();
    const form = account.locator('form[action*="/account/applications/"]');
    equal(await form.count(), 1);
    const pressed = performance.now();
    await form.locator('button').click();
    await account.locator('text=/1 of 1/').first().waitFor();
    const answer = await press('me');
    t.diagnostic(`from the click to the refusal: ${Math.round(performance.now() - pressed)} ms`);
    match(answer, /^(401 .*The session has ended|rejected (refresh_refused|session_missing)$)/);
    equal(await form.count(), 0);
    await account.close();
  });
});
