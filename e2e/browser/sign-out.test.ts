import { deepEqual, equal, ok } from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, isSignedIn, provePasskey, until } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

/** Run in the page: keeps something in both kinds of storage. */
const store = `new Promise((resolve, reject) => {
  localStorage.setItem('kept', 'yes');
  const opening = indexedDB.open('kept');
  opening.onupgradeneeded = () => opening.result.createObjectStore('things');
  opening.onsuccess = () => { opening.result.close(); resolve(); };
  opening.onerror = () => reject(opening.error);
})`;
const stored = `indexedDB.databases().then((databases) => [localStorage.length, databases.length].join())`;

describe('what is left after signing out, in Chromium', { skip: noChromium }, () => {
  let served: ServedIssuer;
  let browser: Browser;
  let ada: Visitor;

  before(async () => {
    served = await serveIssuerToBrowsers({ audiences: [{ audience: 'https://api.example' }] });
    browser = await launchChromium(served);
    ada = await newVisitor(browser);
    await enrolFirst(ada, served);
  });
  after(async () => {
    await browser.close();
    await served.close();
    deepEqual(served.faults, []);
  });

  /** Signs in, waits until the browser has bound the session, and keeps something at the issuer's origin. */
  async function signInBound(): Promise<void> {
    const registrations = (): number => ada.deviceEvents.filter((event) => event.creationEventDetails).length;
    const before = registrations();
    equal(await isSignedIn(ada, served), false);
    await provePasskey(ada);
    await until(() => registrations() > before, 'a registration');
    ok(await isSignedIn(ada, served));
    await ada.page.evaluate(store);
    equal(await ada.page.evaluate(stored), '1,1');
  }
  const live = async (): Promise<number> =>
    (await served.issuer.sessions.list({ clientId: 'symbolon', only: 'alive' })).length;

  /** The cookies are gone and cannot be renewed for now: then the issuer does not know who asks, nor who was here. */
  async function loseCookieWhile(act: () => Promise<unknown>): Promise<void> {
    served.breakDown('/dbsc/refresh');
    await ada.context.clearCookies({ name: /^__Host-symbolon/ });
    await act();
    served.breakDown(undefined);
  }
  const visit = (path: string): Promise<unknown> => ada.page.goto(served.url + path);

  async function demandNothingLeft(): Promise<void> {
    equal(await ada.page.evaluate(stored), '0,0');
    const from = served.asked.length;
    equal(await isSignedIn(ada, served), false);
    const asked = served.asked.slice(from).filter((line) => line.includes('/dbsc/'));
    deepEqual(asked, [], 'nothing is bound any more, so nothing is renewed');
  }

  test('BROWSER-33: a session that the issuer could not tell does not go on after /sign-out', async () => {
    await signInBound();
    await loseCookieWhile(() => visit('/account'));
    ok(await isSignedIn(ada, served), 'the positive control: it goes on by itself');
    await loseCookieWhile(async () => {
      await visit('/healthz');
      await ada.page.evaluate(`fetch('/sign-out', { method: 'POST' })`);
    });
    equal(await live(), 1, 'the issuer has not ended it: the browser has forgotten it');
    await demandNothingLeft();
  });

  test('BROWSER-33: nor after /logout', async () => {
    await signInBound();
    await loseCookieWhile(() => visit('/logout'));
    equal(await ada.page.textContent('h1'), 'You are signed out');
    equal(await live(), 2);
    await demandNothingLeft();
  });

  test('BROWSER-33: a yes at /logout/confirm leaves nothing behind', async () => {
    await signInBound();
    await visit('/logout');
    equal(await ada.page.evaluate(stored), '1,1', 'the question changes nothing');
    await ada.page.click('form[action="/logout/confirm"] button');
    await ada.page.locator('h1', { hasText: 'You are signed out' }).waitFor();
    equal(await live(), 2, 'this one was ended');
    await demandNothingLeft();
  });

  /** A page of another site. */
  async function openOtherSite(t: TestContext, html: string): Promise<string> {
    const site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(html);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      site.closeAllConnections();
      site.close();
    });
    const address = site.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return `http://app.test:${String(port)}/`;
  }

  test('BROWSER-32: what another site embeds makes the browser forget nothing', async (t) => {
    const image = `<img src="${served.url}/logout" onerror="document.title = 'done'">`;
    const site = await openOtherSite(t, image);
    await signInBound();
    await ada.page.goto(site);
    await ada.page.waitForFunction(`document.title === 'done'`);
    ok(served.asked.includes('GET /logout 200'));
    ok(await isSignedIn(ada, served));
    equal(await ada.page.evaluate(stored), '1,1');
    await ada.page.evaluate(`fetch('/sign-out', { method: 'POST' })`);
  });

  for (const method of ['get', 'post'])
    test(`BROWSER-34: led to /logout by another site’s ${method} while its cookie cannot be renewed, a person is asked, and yes leaves nothing behind`, async (t) => {
      const form = `<form method="${method}" action="${served.url}/logout"><button>Sign out</button></form>`;
      const site = await openOtherSite(t, form);
      await signInBound();
      await loseCookieWhile(async () => {
        await ada.page.goto(site);
        await ada.page.click('button');
        await ada.page.locator('h1', { hasText: 'Sign out?' }).waitFor();
      });
      equal(await ada.page.locator('.person').count(), 0, 'no cookie says who it is');
      equal(await ada.page.evaluate(stored), '1,1', 'the question changes nothing');
      await ada.page.click('form[action="/logout/confirm"] button');
      await ada.page.locator('h1', { hasText: 'You are signed out' }).waitFor();
      await demandNothingLeft();
    });
});
