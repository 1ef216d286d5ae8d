import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import {
  authenticator,
  launchChromium,
  newVisitor,
  noChromium,
  type Visitor,
} from '../../e2e/browser/chromium.ts';
import { answers, example, freePort, source, start, startIssuer, withPlaces } from './running.ts';
import { openPerson } from './person.ts';

// Each has an issuer of its own, and the second waits for most of its time.
describe('the examples with people', { concurrency: true }, () => {
  test('a person signs in at the web example, and it calls the API as that person', async (t) => {
    const { places, data, firstLink } = await startIssuer(t);
    const port = String(await freePort());
    const home = `http://localhost:${port}`;
    const here = {
      ...places,
      'http://localhost:3001': home,
      '3001': port,
      '.symbolon/': `${data}/`,
    };
    await register('examples/web-app.ts', { here, data });
    const app = start(t, [...source, '--input-type=module-typescript'], { input: example('web-app', here) });
    await answers(home, app);

    const ada = openPerson();
    await ada.enrol(firstLink);
    assert.match((await ada.visit(home)).text, /href="\/sign-in"/);
    assert.match((await ada.visit(`${home}/me`)).url, /\/sign-in\?/);

    const asked = await ada.visit(`${home}/sign-in`);
    const consent = await ada.provePasskey(asked);
    assert.match(consent.text, /Allow .*Web example/);
    const back = await ada.submit(consent, { decision: 'allow' });
    assert.equal(back.url, `${home}/`);
    const me = JSON.parse((await ada.visit(`${home}/me`)).text) as Record<string, unknown>;
    assert.equal(me['client_id'], 'web-app');
    assert.equal(me['scope'], 'demo:read');

    const signedOut = await ada.submit(back, {});
    assert.match(signedOut.text, /href="\/sign-in"/);
    assert.match((await ada.visit(`${home}/me`)).url, /authorize|sign-in/);
  });

  test(
    'a person signs in at the page example, pays by a passkey, and signs out',
    { skip: noChromium },
    async (t) => {
      const { places, data, firstLink } = await startIssuer(t);
      const port = String(await freePort());
      const home = `http://localhost:${port}`;
      await register('examples/page/server.ts', { here: { 'http://localhost:3002': home }, data });
      const env = {
        PORT: port,
        SYMBOLON_ISSUER: places['http://localhost:4080'],
        SYMBOLON_AUDIENCE: places['http://localhost:4081'],
      };
      const server = start(t, [...source, 'examples/page/server.ts'], { env });
      await answers(home, server);
      const browser = await launchChromium({ spki: '', devices: 'none' });
      t.after(() => browser.close());
      const ada = await newVisitor(browser);
      const { page, context } = ada;
      await page.goto(firstLink);
      await page.click('#make-passkey:not([disabled])');
      await page.waitForURL('**/sign-in?**');

      await page.goto(home);
      await page.locator('#state', { hasText: 'not signed in' }).waitFor();
      await page.click('#me');
      await page.locator('#said', { hasText: 'there is no session' }).waitFor();
      await page.click('#sign-in');
      await page.click('#use-passkey');
      await page.click('button[value="allow"]');
      await page.waitForURL(`${home}/`);
      await page.locator('#state', { hasText: 'You are signed in' }).waitFor();
      await page.click('#me');
      await page.locator('#said', { hasText: /^200 you are / }).waitFor();

      // The clocks of a browser and of other processes are the world's: what must pass has to pass.
      await page.waitForTimeout(11_000);
      const opened = context.waitForEvent('page');
      await page.click('#pay');
      const popup = await opened;
      await popup.waitForURL('**/presence?**');
      await lendPasskey(ada, popup);
      const closed = popup.waitForEvent('close');
      await popup.click('#use-passkey');
      await popup.click('button[value="allow"]');
      await closed;
      await page.locator('#said', { hasText: '200 paid' }).waitFor();

      await page.click('#sign-out');
      await page.locator('#said', { hasText: 'ended' }).waitFor();
      await page.locator('#state', { hasText: 'not signed in' }).waitFor();
    },
  );
});

/** Runs the command that an example's first comment says, in the issuer's folder. */
async function register(
  file: string,
  { here, data }: { here: Readonly<Record<string, string>>; data: string },
): Promise<void> {
  const [, said = ''] =
    /npm run symbolon -- ([^]*?)\n \* +npm run example/.exec(readFileSync(file, 'utf8')) ?? [];
  const line = withPlaces(said.replace(/ \\\n \* +/g, ' '), here);
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
  await promisify(execFile)(process.execPath, [
    ...source,
    'packages/cli/src/main.ts',
    ...words,
    '--data',
    data,
  ]);
}

/** Gives a window that the page has opened what the first one can sign with. */
async function lendPasskey({ cdp, authenticatorId, context }: Visitor, to: Page): Promise<void> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  const other = await context.newCDPSession(to);
  await other.send('WebAuthn.enable');
  const lent = await other.send('WebAuthn.addVirtualAuthenticator', { options: authenticator });
  for (const credential of credentials)
    await other.send('WebAuthn.addCredential', { authenticatorId: lent.authenticatorId, credential });
}
