import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, provePasskey, until } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

const token = '__Host-symbolon';

for (const path of ['', '/auth']) {
  describe(`two people at one Chromium, of an issuer at "${path}/"`, { skip: noChromium }, () => {
    let served: ServedIssuer;
    let browser: Browser;
    before(async () => {
      served = await serveIssuerToBrowsers({ audiences: [{ audience: 'https://api.example' }], path });
      browser = await launchChromium(served);
    });
    after(async () => {
      await browser.close();
      await served.close();
      deepEqual(served.faults, []);
    });

    const registrations = ({ deviceEvents }: Visitor): number =>
      deviceEvents.filter(({ creationEventDetails }) => creationEventDetails?.fetchResult === 'Success')
        .length;
    const endsOf = ({ deviceEvents }: Visitor): readonly { deletionReason: string }[] =>
      deviceEvents.flatMap(({ terminationEventDetails: end }) => (end === undefined ? [] : [end]));
    /** Whom the account page is of, or where the browser was led instead. */
    const shown = async ({ page }: Visitor): Promise<string> => {
      await page.goto(`${served.url}/account`);
      const { pathname } = new URL(page.url());
      if (pathname !== `${path}/account`) return pathname;
      return (await page.textContent('body'))?.includes('Bob') === true ? 'Bob' : 'Ada';
    };
    const forgetPasskeys = async ({ cdp, authenticatorId }: Visitor): Promise<void> => {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      for (const { credentialId } of credentials)
        await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
    };
    test('DBSC-23: whoever signed in last is who the pages show, also where the other could not be renewed', async () => {
      const desk = await newVisitor(browser);
      await enrolFirst(desk, served);
      await provePasskey(desk);
      await until(() => registrations(desk) === 1, 'a registration');
      equal(await shown(desk), 'Ada');
      served.breakDown(`${path}/dbsc/refresh`);
      await desk.context.clearCookies({ name: token });
      match(await shown(desk), /\/sign-in$/);
      const invited = await served.issuer.accounts?.invite({ name: 'Bob' });
      await forgetPasskeys(desk);
      await desk.page.goto(invited?.kind === 'invited' ? invited.link : '');
      await desk.page.click('#make-passkey:not([disabled])');
      await desk.page.waitForURL('**/sign-in?**');
      await provePasskey(desk);
      await until(() => registrations(desk) === 2, 'a second registration');
      served.breakDown(undefined);
      equal(await shown(desk), 'Bob');
      for (let quarter = 0; quarter < 3; quarter++) {
        await desk.context.clearCookies({ name: token });
        equal(await shown(desk), 'Bob', `${quarter}`);
      }
      const sessions = await served.issuer.sessions.list({ clientId: 'symbolon' });
      const bob = await served.issuer.accounts?.find({ name: 'Bob' });
      deepEqual(sessions.map(({ subject, endReason }) => [subject === bob?.subject, endReason]).sort(), [
        [false, 'signed_out'],
        [true, null],
      ]);
      // By the order of the sessions' ids, Chromium may not have asked for the other one any more.
      for (const { deletionReason } of endsOf(desk)) equal(deletionReason, 'ServerRequested');
    });
  });
}
