import { equal, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noChromium } from './chromium.ts';
import { linkApp, startLinkedApp, type LinkedApp } from './linked-app.ts';

describe('two tabs of a linked application, in Chromium', { skip: noChromium }, () => {
  let linked: LinkedApp;

  before(async () => {
    linked = await startLinkedApp();
  });
  after(async () => {
    await linked.close();
    equal(linked.served.faults.length, 0, String(linked.served.faults[0]));
  });

  test('LINK-3: two tabs refresh for a minute, and nobody is signed out', async () => {
    await linkApp(linked);
    const other = await linked.ada.context.newPage();
    await other.goto(linked.app.origin);
    const tabs = [linked.ada.page, other];
    await Promise.all(tabs.map((tab) => tab.click('#work')));
    await linked.ada.page.waitForTimeout(60_000);
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
});
