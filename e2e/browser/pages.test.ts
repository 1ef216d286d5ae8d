import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { noChromium } from './chromium.ts';
import { openDemo, type Demo } from './demo.ts';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const sizes = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe('the pages, in Chromium', { skip: noChromium }, () => {
  let demo: Demo;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    demo = await openDemo();
    ({ page } = demo.ada);
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page.url()} ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()} ${error.message}`));
  });
  after(async () => {
    await demo.close();
    deepEqual(demo.faults, []);
  });

  /** What axe finds on the page as it stands. Evaluated past the policy, which would refuse it as any foreign script. */
  const findings = async (): Promise<readonly string[]> => {
    await page.evaluate(axe.source);
    const violations = await page.evaluate<readonly Violation[]>(
      `axe.run({ runOnly: ${JSON.stringify(tags)} }).then((result) => result.violations)`,
    );
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary }) => `${new URL(page.url()).pathname}: ${id}: ${html} ${failureSummary}`,
      ),
    );
  };
  const paths = async (): Promise<readonly string[]> => {
    const [key] = await demo.issuer.keys.list();
    return [
      ...[
        '/account',
        '/account/events',
        '/account/end-others',
        '/account/recovery-codes',
        '/presence',
        '/enrol',
      ],
      ...[
        '',
        '/clients',
        '/clients/add',
        '/accounts',
        '/accounts/invite',
        '/sessions',
        '/keys',
        '/guards',
        '/audit',
      ].map((room) => `/console${room}`),
      ...['/console/sessions?device=nothing', '/console/clients/fieldnotes/remove'],
      `/console/keys/${key?.kid ?? ''}/revoke`,
      demo.consent.slice(demo.url.length),
    ];
  };

  test('PAGE-40: axe-core finds nothing, in light and dark, on a phone and a desktop', async () => {
    const all: string[] = [];
    for (const path of await paths()) {
      const answer = await page.goto(demo.url + path);
      equal(answer?.status(), 200, path);
      for (const viewport of sizes) {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          all.push(...(await findings()).map((finding) => `${colorScheme} ${viewport.width} ${finding}`));
          const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          ok(overflow <= 0, `${path} is ${overflow} px wider than ${viewport.width}`);
        }
      }
    }
    deepEqual(all, []);
    // The control: axe does find what is wrong.
    await page.evaluate(
      `document.querySelector('h1').insertAdjacentHTML('afterend', '<img src="/assets/icon.svg">')`,
    );
    match((await findings()).join(), /image-alt/);
  });

  test('PAGE-42: by keyboard past the places to the content, and a session ended', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${demo.url}/account`);
    await page.keyboard.press('Tab');
    equal(await page.evaluate('document.activeElement.className'), 'skip');
    await page.keyboard.press('Enter');
    equal(await page.evaluate('document.activeElement.id'), 'main');
    const label = (): Promise<string> =>
      page.evaluate<string>(`document.activeElement.textContent.replace(/\\s+/g, ' ').trim()`);
    for (let steps = 0; (await label()) !== 'End Tidal Calendar'; steps++) {
      ok(steps < 30, 'expected to come to the button of the application');
      await page.keyboard.press('Tab');
    }
    ok(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle !== 'none'`));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notice');
    match((await page.textContent('.notice')) ?? '', /no longer linked/);
    equal(await page.locator('h3', { hasText: 'Tidal Calendar' }).count(), 0);
  });

  test('PAGE-41: without JavaScript a person reads, ends and renames', async () => {
    const context = await demo.browser.newContext({ javaScriptEnabled: false });
    await context.addCookies(await demo.ada.context.cookies());
    const plain = await context.newPage();
    await plain.goto(`${demo.url}/account`);
    await plain.getByRole('button', { name: 'End Fieldnotes' }).click();
    match((await plain.textContent('.notice')) ?? '', /no longer linked[^]*Ended at \d of \d guards/);
    await plain.getByText('Rename').first().click();
    await plain.getByLabel('New name').fill('The old laptop');
    await plain.getByRole('button', { name: 'Keep this name' }).click();
    equal(await plain.locator('#passkeys h3').first().textContent(), 'The old laptop');
    for (const room of ['', '/sessions', '/audit']) {
      equal((await plain.goto(`${demo.url}/console${room}`))?.status(), 200);
    }
    await plain.goto(`${demo.url}/sign-in`);
    await context.close();
  });

  test('PAGE-43: nothing on a page ran or loaded against its policy, and what is put there does not', async () => {
    deepEqual(complaints, []);
    await page.goto(`${demo.url}/account`);
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'globalThis.ran = 1' }))`);
    equal(await page.evaluate('globalThis.ran ?? 0'), 0);
    match(complaints.join(), /style-src[^]*script-src/);
  });
});
