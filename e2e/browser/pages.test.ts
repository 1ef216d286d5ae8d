import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Page, Request } from 'playwright-core';
import { noChromium } from './chromium.ts';
import { openDemo, type Demo } from './demo.ts';
import { openRarePages } from './rare-pages.ts';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The dark scheme changes colours and nothing else, which is tested too; so the rules on colours judge it. */
const schemes = [
  ['light', { type: 'tag', values: tags }],
  ['dark', { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }],
] as const;
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
      // A form that is refused is answered with 400 or 409, which Chromium also says.
      const refused = /status of 4(00|09)/.test(message.text());
      if (message.type() === 'error' && !refused) complaints.push(`${page.url()} ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()} ${error.message}`));
  });
  after(async () => {
    await demo.close();
    deepEqual(demo.faults, []);
  });

  /** What axe, which is in the page already, finds on it as it stands. */
  const findings = async (of: Page, rules: object): Promise<readonly string[]> => {
    const violations = await of.evaluate<readonly Violation[]>(
      `axe.run({ runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] }).then((result) => result.violations)`,
    );
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary }) => `${new URL(of.url()).pathname}: ${id}: ${html} ${failureSummary}`,
      ),
    );
  };
  /** The page as it stands, in both sizes and schemes: what axe finds, and what is wider than the screen. */
  const judge = async (of: Page): Promise<readonly string[]> => {
    const all: string[] = [];
    // Evaluated past the policy, which would refuse it as any foreign script.
    await of.evaluate(axe.source);
    for (const viewport of sizes) {
      await of.setViewportSize(viewport);
      for (const [colorScheme, rules] of schemes) {
        await of.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        all.push(
          ...(await findings(of, rules)).map((finding) => `${colorScheme} ${viewport.width} ${finding}`),
        );
      }
      const overflow = await of.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (overflow > 0) all.push(`${of.url()} is ${overflow} px wider than ${viewport.width}`);
    }
    return all;
  };
  const consoleRooms = [
    '',
    '/clients',
    '/clients/add',
    '/accounts',
    '/accounts/invite',
    '/sessions',
    '/keys',
    '/guards',
  ];
  const paths = async (): Promise<readonly string[]> => {
    const [key] = await demo.issuer.keys.list();
    return [
      ...['/account', '/account/name', '/account/events', '/account/end-others', '/presence', '/enrol'],
      ...[
        ...consoleRooms,
        '/audit',
        '/sessions?device=nothing',
        '/clients?search=nothing',
        '/clients/fieldnotes/remove',
        '/clients/fieldnotes/change',
      ].map((room) => `/console${room}`),
      `/console/keys/${key?.kid ?? ''}/revoke`,
      demo.consent.slice(demo.url.length),
    ];
  };

  test('PAGE-40: axe-core finds nothing, in light and dark, on a phone and a desktop', async () => {
    const all: string[] = [];
    for (const path of await paths()) {
      const answer = await page.goto(demo.url + path);
      equal(answer?.status(), 200, path);
      all.push(...(await judge(page)));
    }
    await page.goto(`${demo.url}/account`);
    await page.getByText('2 sessions').click();
    await page.getByRole('button', { name: /^End session of Fieldnotes on Safari on iPhone$/ }).waitFor();
    all.push(...(await judge(page)));
    await page.goto(`${demo.url}/account/recovery-codes`);
    await page.getByRole('button', { name: 'Make ten codes' }).click();
    await page.waitForSelector('.codes');
    all.push(...(await judge(page)));
    await page.goto(`${demo.url}/console/accounts/invite`);
    await page.fill('#name', 'fay@example.com');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.waitForSelector('#link');
    all.push(...(await judge(page)));
    await page.goto(`${demo.url}/console/clients/add`);
    await page.fill('#name', 'Without an address');
    await page.getByRole('button', { name: 'Add the application' }).click();
    await page.waitForSelector('.notice.bad');
    all.push(...(await judge(page)));
    const rare = await openRarePages(demo);
    for (const [url, status] of [
      [rare.leading, 400],
      [rare.otherPerson, 200],
    ] as const) {
      equal((await page.goto(url))?.status(), status, url);
      all.push(...(await judge(page)));
    }
    // The application keeps the browser where it is, so that the page that brings its answer stays.
    await page.route('https://fieldnotes.example/**', (route) => route.fulfill({ status: 204 }));
    await page.goto(rare.formPost);
    await page.click('button[value=refuse]');
    await page.getByRole('heading', { name: 'Back to the application' }).waitFor();
    all.push(...(await judge(page)));
    await page.unroute('https://fieldnotes.example/**');
    const stranger = await (await demo.browser.newContext()).newPage();
    await stranger.goto(`${demo.url}/sign-in`);
    all.push(...(await judge(stranger)));
    await stranger.getByText('Lost your passkey?').click();
    await stranger.getByLabel('Account name').fill('ada@example.com');
    await stranger.getByLabel('Recovery code').fill('WRONG-CODE');
    await stranger.getByRole('button', { name: 'Use this code' }).click();
    await stranger.waitForSelector('.notice.bad');
    all.push(...(await judge(stranger)));
    await stranger.goto(`${demo.url}/nothing`);
    all.push(...(await judge(stranger)));
    await stranger.context().close();
    deepEqual(all, []);
    // The control: axe does find what is wrong, and in the dark what is wrong there alone.
    await page.goto(`${demo.url}/account`);
    await page.evaluate(
      `document.querySelector('h1').insertAdjacentHTML('afterend', '<img src="/assets/icon.svg">');
       document.documentElement.style.setProperty('--ink', '#1c1f22')`,
    );
    match((await judge(page)).join(), /light 390 [^,]*image-alt[^]*dark 390 [^,]*color-contrast/);
  });

  test('PAGE-40: the dark scheme changes colours and nothing else', async () => {
    await page.goto(`${demo.url}/account`);
    const names = await page.evaluate<readonly string[]>(
      `[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
        .filter((rule) => rule.media?.mediaText.includes('color-scheme'))
        .flatMap((rule) => [...rule.cssRules].flatMap((inner) => [...inner.style]))`,
    );
    ok(names.length > 10, names.join());
    deepEqual(
      names.filter((name) => !name.startsWith('--')),
      [],
    );
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
    await plain.getByText('2 sessions').click();
    await plain.getByRole('button', { name: 'End session of Fieldnotes on Safari on iPhone' }).click();
    match((await plain.textContent('.notice')) ?? '', /The session is over/);
    match((await plain.textContent('#applications')) ?? '', /Fieldnotes[^]*1 session/);
    await plain.getByRole('button', { name: 'End Fieldnotes' }).click();
    match((await plain.textContent('.notice')) ?? '', /no longer linked[^]*Ended at \d of \d guards/);
    await plain.getByText('Rename').first().click();
    await plain.getByLabel('New name').fill('The old laptop');
    await plain.getByRole('button', { name: 'Change the name' }).click();
    equal(await plain.locator('#passkeys h3').first().textContent(), 'The old laptop');
    for (const room of ['', '/sessions', '/audit']) {
      equal((await plain.goto(`${demo.url}/console${room}`))?.status(), 200);
    }
    await plain.goto(`${demo.url}/sign-in`);
    await context.close();
  });

  test('PAGE-44: a passkey is added on the account page, and a device is not asked for a second one', async () => {
    await page.goto(`${demo.url}/account`);
    const passkeys = page.locator('#passkeys h3');
    const before = await passkeys.count();
    await page.getByLabel('Name of a new passkey').fill('Security key');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.locator('#status', { hasText: 'already has a passkey' }).waitFor();
    equal(await passkeys.count(), before);
    await demo.ada.cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.waitForSelector('.notice');
    match((await page.textContent('.notice')) ?? '', /The passkey was added/);
    equal(await passkeys.count(), before + 1);
  });

  test('PAGE-46: recovery codes are copied and saved by a button each, in no address, and without JavaScript stand as text', async () => {
    const { context } = demo.ada;
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: demo.url });
    const asked: string[] = [];
    const listen = (request: Request): number => asked.push(request.url());
    await page.goto(`${demo.url}/account/recovery-codes`);
    await page.getByRole('button', { name: 'Make ten codes' }).click();
    await page.waitForSelector('.codes');
    const codes = await page.locator('.codes code').allTextContents();
    equal(codes.length, 10);
    page.on('request', listen);
    await page.getByRole('button', { name: 'Copy' }).press('Enter');
    await page.locator('#status', { hasText: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as text' }).press('Enter');
    const saved = await saving;
    const text = await readFile(await saved.path(), 'utf8');
    const expected = [
      'Recovery codes for ada@example.com at id.example.com',
      ...['Each works once, together with this name.', '', ...codes, ''],
    ].join('\n');
    deepEqual([copied.replaceAll('\r', ''), text], [expected, expected]);
    equal(saved.suggestedFilename(), 'recovery-codes-id.example.com.txt');
    for (const address of [...asked, saved.url(), page.url()])
      ok(!codes.some((code) => decodeURIComponent(address).includes(code)), address);
    ok(
      asked.every((address) => address.startsWith('blob:')),
      asked.join(),
    );
    page.off('request', listen);
    await context.clearPermissions();
    await page.evaluate(`navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))`);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.locator('#status', { hasText: 'They are selected now' }).waitFor();
    deepEqual((await page.evaluate<string>('getSelection().toString()')).match(/[0-9A-Z-]{24}/g), codes);
    const plain = await (await demo.browser.newContext({ javaScriptEnabled: false })).newPage();
    await plain.context().addCookies(await context.cookies());
    await plain.goto(`${demo.url}/account/recovery-codes`);
    await plain.getByRole('button', { name: 'Make ten codes' }).click();
    equal(await plain.locator('.codes code').count(), 10);
    equal(await plain.getByRole('button').count(), 0);
    await plain.context().close();
  });

  test('PAGE-61: what was typed is in the form again after the passkey, and stands in no address', async () => {
    await page.goto(`${demo.url}/console/clients/add`);
    await page.fill('#name', 'Kept & sound');
    await page.fill('#redirect_uris', 'https://kept.example/one\nhttps://kept.example/two');
    await page.getByText('It is our own application: nobody is asked.').click();
    await page.getByText('Read your notes').click();
    demo.pass(301);
    await page.getByRole('button', { name: 'Add the application' }).click();
    await page.getByRole('heading', { name: 'Is it still you?' }).waitFor();
    deepEqual(await judge(page), []);
    await page.click('#use-passkey');
    await page.locator('.notice', { hasText: 'Here is what you typed' }).waitFor();
    deepEqual(await judge(page), []);
    equal(await page.inputValue('#name'), 'Kept & sound');
    equal(await page.inputValue('#redirect_uris'), 'https://kept.example/one\nhttps://kept.example/two');
    equal(await page.isChecked('input[value=given]'), true);
    equal(await page.isChecked('input[name$="notes:read"]'), true);
    equal(new URL(page.url()).search, '');
    await page.getByRole('button', { name: 'Add the application' }).click();
    await page.locator('.notice', { hasText: 'The application was added' }).waitFor();
    equal((await demo.issuer.clients.list()).at(-1)?.registration.redirectUris.length, 2);
  });

  test('PAGE-62: who comes second with a change sees what stands now, and can send it again', async () => {
    const path = `${demo.url}/console/clients/fieldnotes/change`;
    await page.goto(path);
    await page.fill('#name', 'Field notes');
    await demo.issuer.clients.change('fieldnotes', {
      name: 'Fieldnotes II',
      redirectUris: [`https://fieldnotes.example/${'long'.repeat(30)}`, 'https://fieldnotes.example/return'],
    });
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.locator('.notice.bad', { hasText: 'Somebody else has changed Fieldnotes II' }).waitFor();
    deepEqual(await judge(page), []);
    equal(await page.inputValue('#name'), 'Field notes');
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.locator('.notice.good', { hasText: 'The client is changed' }).waitFor();
    await page.goto(`${demo.url}/console/clients?search=field`);
    deepEqual(await page.locator('h2').allTextContents(), ['Field notes']);
  });

  test('PAGE-45: the overview renews itself, and rests while nobody touches it', async () => {
    const seen = await demo.ada.context.newPage();
    await seen.clock.install();
    let asked = 0;
    seen.on('request', (request) => (asked += request.url() === `${demo.url}/console` ? 1 : 0));
    await seen.goto(`${demo.url}/console`);
    await seen.evaluate(`document.querySelector('#live').dataset.old = 'yes'`);
    await seen.clock.runFor(5000);
    await seen.waitForSelector('#live:not([data-old])');
    equal(asked, 2);
    await seen.clock.fastForward('11:00');
    const rested = asked;
    await seen.clock.runFor(60_000);
    ok(asked - rested <= 1, `asked ${asked - rested} times of an empty chair`);
    await seen.mouse.move(5, 5);
    await seen.route('**/console', (route) => route.abort());
    await seen.clock.runFor(5000);
    equal(await seen.locator('#not-live').count(), 0, 'one answer can be lost');
    await seen.clock.runFor(5000);
    match((await seen.textContent('#not-live[role="status"]')) ?? '', /^Not live since /);
    await seen.unroute('**/console');
    await seen.clock.runFor(5000);
    await seen.waitForSelector('#not-live', { state: 'detached' });
    await seen.close();
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
