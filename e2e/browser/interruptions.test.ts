import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { noChromium } from './chromium.ts';
import { stopPage } from './stopped-page.ts';
import { linkApp, press, startLinkedApp, tokenLife, type LinkedApp } from './linked-app.ts';

/** From here on a page refreshes beside its calls, and beyond its whole life it has to. */
const due = tokenLife * 0.8;
const over = tokenLife + 1;

/** Requests for a token that the issuer has answered, and whose answer the page has not had yet. */
const refreshAnswers = { patterns: [{ urlPattern: '*/token', requestStage: 'Response' as const }] };

describe('a linked application that is interrupted, in Chromium', { skip: noChromium }, () => {
  let linked: LinkedApp;
  let page: Page;
  let sessionId: string | undefined;

  before(async () => {
    linked = await startLinkedApp({ keepsPages: true, staleFeed: 'accept' });
    ({ page } = linked.ada);
    await linkApp(linked);
    sessionId = (await session()).id;
  });
  after(async () => {
    await linked.close();
    equal(linked.served.faults.length, 0, String(linked.served.faults[0]));
  });
  beforeEach(async () => {
    await page.goto(linked.app.origin);
    await page.locator('#state', { hasText: 'signed in' }).waitFor();
    match(await press(page, 'me'), /^200 /);
  });

  const session = async (): Promise<{ id: string; generation: number }> => {
    const [alive, ...others] = await linked.served.issuer.sessions.list({ clientId: 'spa', only: 'alive' });
    deepEqual(others, []);
    return { id: alive?.sid ?? 'none', generation: alive?.generation ?? -1 };
  };
  const openTab = async (): Promise<Page> => {
    const tab = await linked.ada.context.newPage();
    await tab.goto(linked.app.origin);
    await tab.locator('#state', { hasText: 'signed in' }).waitFor();
    return tab;
  };
  const refreshes = (): number => linked.served.asked.filter((line) => line === 'POST /token 200').length;
  const stillSignedIn = async (tab: Page): Promise<void> => {
    match(await press(tab, 'me'), /^200 /);
    equal((await session()).id, sessionId);
  };
  /** Another tab lives on for two lives of the token. */
  const goOnIn = async (tab: Page): Promise<void> => {
    const { generation } = await session();
    for (const lived of [1, 2]) {
      await linked.advance(over, [tab]);
      match(await press(tab, 'me'), /^200 /);
      equal((await session()).generation, generation + lived);
    }
  };

  test('LINK-5: a page that is shown again with an old token goes on with what another tab got', async () => {
    await page.goto(`${linked.served.url}/sign-in`);
    const other = await openTab();
    await goOnIn(other);
    const before = refreshes();
    await page.goBack({ waitUntil: 'commit' });
    await page.locator('#state', { hasText: 'shown again' }).waitFor();
    await linked.advance(0, [page]);
    await stillSignedIn(page);
    equal(refreshes(), before, 'the pair of the other tab lay there, and another was asked for');
    await other.close();
  });

  test('LINK-6: without network a page says so for as long as it lasts, and goes on after it', async () => {
    const { context } = linked.ada;
    await context.setOffline(true);
    await linked.advance(due, [page]);
    match(await press(page, 'me'), /^rejected (?!session|refresh)/);
    await linked.advance(over, [page]);
    equal(await press(page, 'me'), 'rejected issuer_unreachable');
    await linked.advance(over, [page]);
    equal(await press(page, 'me'), 'rejected issuer_unreachable');
    await context.setOffline(false);
    await linked.advance(over, [page]);
    await stillSignedIn(page);
  });

  test('LINK-7: a tab that slept while its token ran out and another went on wakes signed in', async () => {
    const other = await openTab();
    const stopped = await stopPage(linked.ada.cdp);
    await goOnIn(other);
    await linked.advance(0, [stopped]);
    await stopped.wake();
    await stillSignedIn(page);
    await other.close();
  });

  test('LINK-7: a tab that fell asleep in the middle of a refresh wakes signed in', async () => {
    const { cdp } = linked.ada;
    const { generation } = await session();
    const answered = new Promise<string>((resolve) => {
      cdp.once('Fetch.requestPaused', ({ requestId }) => {
        resolve(requestId);
      });
    });
    await cdp.send('Fetch.enable', refreshAnswers);
    await linked.advance(over, [page]);
    await page.click('#me');
    const requestId = await answered;
    const stopped = await stopPage(cdp);
    await cdp.send('Fetch.continueRequest', { requestId });
    await cdp.send('Fetch.disable');
    await linked.advance(over, [stopped]);
    await stopped.wake();
    await page.locator('#out', { hasText: /^200 / }).waitFor();
    await stillSignedIn(page);
    notEqual((await session()).generation, generation);
  });

  test('LINK-8: an answer to a refresh that is lost on its way is given again', async () => {
    const { cdp } = linked.ada;
    const { generation } = await session();
    let lost = 0;
    const lose = ({ requestId }: { requestId: string }): void => {
      lost++;
      void cdp.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' });
    };
    cdp.on('Fetch.requestPaused', lose);
    // The request has been answered when it is stopped here.
    await cdp.send('Fetch.enable', refreshAnswers);
    await linked.advance(over, [page]);
    equal(await press(page, 'me'), 'rejected issuer_unreachable');
    equal(lost, 1);
    equal((await session()).generation, generation + 1);
    await cdp.send('Fetch.disable');
    cdp.off('Fetch.requestPaused', lose);
    // Not before the pause after a failure is over.
    await linked.advance(2, [page]);
    await stillSignedIn(page);
    equal((await session()).generation, generation + 1);
  });

  test('LINK-9: where the browser has no locks two tabs refresh at once, and both go on', async () => {
    const tabs = await Promise.all(
      [1, 2].map(async () => {
        const tab = await linked.ada.context.newPage();
        await tab.addInitScript(`delete Navigator.prototype.locks`);
        await tab.goto(linked.app.origin);
        equal(await tab.evaluate('typeof navigator.locks'), 'undefined');
        match(await press(tab, 'me'), /^200 /);
        return tab;
      }),
    );
    await linked.advance(over, tabs);
    const before = refreshes();
    const asking: Route[] = [];
    // Neither is sent before both want to be.
    await linked.ada.context.route('**/token', async (route) => {
      asking.push(route);
      if (asking.length === tabs.length) await Promise.all(asking.map((each) => each.continue()));
    });
    const answers = await Promise.all(tabs.map((tab) => press(tab, 'me')));
    await linked.ada.context.unroute('**/token');
    deepEqual(
      answers.map((answer) => answer.slice(0, 3)),
      ['200', '200'],
    );
    equal(refreshes(), before + tabs.length);
    for (const tab of tabs) {
      await stillSignedIn(tab);
      await tab.close();
    }
  });
});
