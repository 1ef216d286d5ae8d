import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { presentWithin } from './app.ts';
import { authenticator, noChromium, type Visitor } from './chromium.ts';
import { linkApp, press, startLinkedApp, type LinkedApp } from './linked-app.ts';

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
  let linked: LinkedApp;

  before(async () => {
    linked = await startLinkedApp();
  });
  after(async () => {
    await linked.close();
    equal(linked.served.faults.length, 0, String(linked.served.faults[0]));
  });

  test('LINK-1: a person signs in with a passkey, allows an application, and it calls its API', async () => {
    const { page } = linked.ada;
    await page.goto(linked.app.origin);
    await page.locator('#state', { hasText: 'signed out' }).waitFor();
    equal(await press(page, 'me'), 'rejected session_missing');
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) addresses.push(frame.url());
    });
    await linkApp(linked);
    match(await press(page, 'me'), /^200 /);
    const { origin, redirectUri } = linked.app;
    const answered = addresses.findIndex((address) => address.includes('code='));
    ok(addresses[answered]?.startsWith(`${redirectUri}?`), 'the code came in another address');
    // The page itself leaves afterwards: its address was bare before that.
    deepEqual(addresses.slice(answered + 1), [redirectUri, `${origin}/`]);
    ok(addresses.every((address) => !/eyJ|access_token|refresh_token/.test(address)));
    const { entries } = await linked.ada.cdp.send('Page.getNavigationHistory');
    ok(
      entries.every(({ url }) => !url.includes('code=')),
      'the code stayed in the history',
    );
  });

  test('LINK-2: a refreshed token is no presence, and the person proves it in a window', async () => {
    const { page, context } = linked.ada;
    await linked.advance(presentWithin + 1, [page]);
    equal((await press(page, 'me')).slice(0, 3), '200');
    const opened = context.waitForEvent('page');
    await page.click('#pay');
    const popup = await opened;
    await popup.waitForURL('**/presence?**');
    await lendPasskey(linked.ada, popup);
    const closed = popup.waitForEvent('close');
    await popup.click('#use-passkey');
    // At an address on loopback another program may listen: the person is asked each time.
    await popup.click('button[value="allow"]');
    await closed;
    await page.locator('#out', { hasText: '200 paid' }).waitFor();
    const sessions = await linked.served.issuer.sessions.list({ clientId: 'spa', only: 'alive' });
    equal(sessions.length, 1, 'the session whose place was taken is still alive');
  });

  test('LINK-4: the account page shows the application, ends it, and its API refuses', async (t) => {
    const { page, context } = linked.ada;
    await page.goto(linked.app.origin);
    match(await press(page, 'me'), /^200 /);
    const account = await context.newPage();
    await account.goto(`${linked.served.url}/account`);
    await account.locator('text=Demo application').first().waitFor();
    const form = account.locator('form[action*="/account/applications/"]');
    equal(await form.count(), 1);
    const pressed = performance.now();
    await form.locator('button').click();
    await account.locator('text=/1 of 1/').first().waitFor();
    const answer = await press(page, 'me');
    t.diagnostic(`from the click to the refusal: ${Math.round(performance.now() - pressed)} ms`);
    match(answer, /^(401 .*The session has ended|rejected (refresh_refused|session_missing)$)/);
    equal(await form.count(), 0);
    await account.close();
  });
});
