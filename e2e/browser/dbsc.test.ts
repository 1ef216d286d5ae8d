import { deepEqual, equal, ok } from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, isSignedIn, provePasskey, until } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

const token = '__Host-symbolon';
const mark = '__Host-symbolon-bound';

describe('sessions bound to the device, in Chromium', { skip: noChromium }, () => {
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

  const cookies = async ({ context }: Visitor): Promise<Record<string, string>> =>
    Object.fromEntries((await context.cookies()).map(({ name, value }) => [name, value]));
  const refreshes = (): number =>
    ada.deviceEvents.filter(({ refreshEventDetails }) => refreshEventDetails?.refreshResult === 'Refreshed')
      .length;
  /** What was asked at the renewal endpoint while this was done. */
  const renewalsWhile = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    const from = served.asked.length;
    await act();
    return served.asked.slice(from).filter((line) => line.includes('/dbsc/'));
  };
  const twoLegs = ['POST /dbsc/refresh 403', 'POST /dbsc/refresh 200'];

  test('DBSC-17: it registers by itself after a sign-in, and keeps nothing else that renews', async () => {
    await provePasskey(ada);
    await until(
      () =>
        ada.deviceEvents.some(({ creationEventDetails }) => creationEventDetails?.fetchResult === 'Success'),
      'a registration',
    );
    ok(await isSignedIn(ada, served));
    deepEqual(Object.keys(await cookies(ada)).sort(), [token, mark]);
    const [session] = await served.issuer.sessions.list({ clientId: 'symbolon' });
    ok(session?.deviceKey);
  });

  test('DBSC-17: when the cookie is gone it gets the next one before it asks for the page', async () => {
    const before = (await cookies(ada))[token];
    await ada.context.clearCookies({ name: token });
    const asked = await renewalsWhile(async () => {
      ok(await isSignedIn(ada, served));
    });
    deepEqual(asked, twoLegs);
    const now = (await cookies(ada))[token];
    ok(now !== undefined && now !== before);
    deepEqual(await renewalsWhile(() => isSignedIn(ada, served)), [], 'a cookie that is there is used');
  });

  test('DBSC-17: two tabs at once wait for one renewal, and both are served', async () => {
    const other = await ada.context.newPage();
    await ada.context.clearCookies({ name: token });
    const asked = await renewalsWhile(async () => {
      const pages = [ada.page, other].map((page) => page.goto(`${served.url}/account`));
      const answers = await Promise.all(pages);
      deepEqual(
        answers.map((answer) => answer?.url()),
        [`${served.url}/account`, `${served.url}/account`],
      );
    });
    deepEqual(asked, twoLegs);
    await other.close();
  });

  test('DBSC-17: also where a link on another site leads here', async (t) => {
    const link = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(`<a href="${served.url}/account">go</a>`);
    });
    await new Promise<void>((resolve) => link.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      link.closeAllConnections();
      link.close();
    });
    const address = link.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await ada.context.clearCookies({ name: token });
    await ada.page.goto(`http://app.test:${String(port)}/`);
    const asked = await renewalsWhile(async () => {
      await ada.page.click('a');
      await ada.page.waitForURL(`${served.url}/account`);
    });
    deepEqual(asked, twoLegs);
  });

  test('DBSC-18: a copied cookie opens another profile for its minutes, and is never renewed there', async () => {
    const thief = await newVisitor(browser);
    const copy = async (): Promise<void> => thief.context.addCookies(await ada.context.cookies());
    await copy();
    ok(await isSignedIn(thief, served), 'the positive control: within 15 minutes a cookie is a cookie');
    served.advance(901);
    const asked = await renewalsWhile(async () => {
      equal(await isSignedIn(thief, served), false);
    });
    deepEqual(asked, [], 'that profile has no key to ask with');
    equal(await isSignedIn(thief, served), false);
    const renewed = refreshes();
    await ada.context.clearCookies({ name: token });
    ok(await isSignedIn(ada, served));
    await until(() => refreshes() > renewed, 'a renewal');
    await thief.context.close();
  });

  test('DBSC-16: it says that it could not renew and is let in no further, until it can again', async () => {
    served.breakDown('/dbsc/refresh');
    await ada.context.clearCookies({ name: token });
    const from = served.asked.length;
    equal(await isSignedIn(ada, served), false);
    ok(served.asked.slice(from).includes('GET /account 303 skipped'), served.asked.slice(from).join());
    served.breakDown(undefined);
    ok(await isSignedIn(ada, served), 'and nobody has to prove a passkey for it');
  });

  test('DBSC-19: after a sign-out it stops renewing, and the next sign-in is bound anew', async () => {
    await ada.page.goto(`${served.url}/account`);
    await ada.page.click('form[action="/sign-out"] button');
    await ada.page.waitForLoadState();
    deepEqual(await cookies(ada), {});
    const asked = await renewalsWhile(() => isSignedIn(ada, served));
    ok(
      asked.every((line) => line === 'POST /dbsc/refresh 200'),
      asked.join(),
    );
    await until(
      () => ada.deviceEvents.some(({ terminationEventDetails }) => terminationEventDetails !== undefined),
      'the end of the bound session',
    );
    deepEqual(await renewalsWhile(() => isSignedIn(ada, served)), []);
    await provePasskey(ada);
    await until(
      () => ada.deviceEvents.filter(({ creationEventDetails }) => creationEventDetails).length === 2,
      'a second registration',
    );
    ok(await isSignedIn(ada, served));
  });
});
