import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, isSignedIn, provePasskey } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

const token = '__Host-symbolon';
const refresh = '__Host-symbolon-refresh';

describe('people and their passkeys, in Chromium', { skip: noChromium }, () => {
  let served: ServedIssuer;
  let browser: Browser;
  let ada: Visitor;

  before(async () => {
    served = await serveIssuerToBrowsers({ audiences: [{ audience: 'https://api.example' }] });
    browser = await launchChromium({ spki: served.spki, devices: 'none' });
    ada = await newVisitor(browser);
  });
  after(async () => {
    await browser.close();
    await served.close();
    deepEqual(served.faults, []);
  });

  const cookies = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await ada.context.cookies()).map(({ name, value }) => [name, value]));
  const authTime = async (): Promise<unknown> => {
    const [, payload = ''] = (await cookies())[token]?.split('.') ?? [];
    return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>)['auth_time'];
  };

  test('BROWSER-17: the link of the first start makes a passkey, which signs in', async () => {
    const first = await served.issuer.accounts?.inviteFirst();
    await enrolFirst(ada, served);
    equal(await isSignedIn(ada, served), false);
    await provePasskey(ada);
    ok(await isSignedIn(ada, served));
    const stranger = await newVisitor(browser);
    await stranger.page.goto(first?.link ?? '');
    await stranger.page.click('#make-passkey:not([disabled])');
    await stranger.page.locator('#status', { hasNotText: /^\s*(Waiting.*)?$/ }).waitFor();
    match(stranger.page.url(), /\/enrol$/);
    equal(await isSignedIn(stranger, served), false);
    await stranger.page.click('#use-passkey');
    await stranger.page.waitForSelector('#use-passkey:not([disabled])');
    equal(await isSignedIn(stranger, served), false);
    await stranger.context.close();
  });

  test('ACCOUNT-40: the code of a link outlives a reload, and stays in the address only where nothing can come of it', async () => {
    const invited = await served.issuer.accounts?.invite({ name: 'grace@example.com' });
    const link = invited?.kind === 'invited' ? invited.link : '';
    const old = await newVisitor(browser);
    await old.page.addInitScript(() => Reflect.deleteProperty(globalThis, 'PublicKeyCredential'));
    await old.page.goto(link);
    await old.page.locator('#status', { hasText: 'Open this address' }).waitFor();
    equal(old.page.url(), link);
    await old.context.close();
    const grace = await newVisitor(browser);
    await grace.page.goto(link.replace('/enrol#', '/enrol?for=recovery#'));
    for (const way of ['opened', 'reloaded']) {
      await grace.page.waitForSelector('#make-passkey:not([disabled])');
      match(grace.page.url(), /\/enrol\?for=recovery$/, way);
      if (way === 'opened') await grace.page.reload();
    }
    await grace.page.click('#make-passkey');
    await grace.page.waitForURL('**/sign-in?**');
    await grace.page.goto(`${served.url}/enrol`);
    await grace.page.locator('#status', { hasText: 'not complete' }).waitFor();
    await grace.context.close();
  });

  test('BROWSER-17: what matters asks for a new proof of presence, and goes on after it', async () => {
    const before = await authTime();
    served.advance(301);
    await ada.page.goto(`${served.url}/account/recovery-codes`);
    match(ada.page.url(), /\/presence\?return_to=/);
    equal(await authTime(), before, 'the token was renewed on the way, and no time of presence with it');
    await provePasskey(ada);
    match(ada.page.url(), /\/account\/recovery-codes$/);
    const moved = Number(await authTime()) - Number(before);
    ok(moved >= 301 && moved < 400, String(moved));
    await ada.page.click('main form button');
    equal(await ada.page.locator('ol.codes li').count(), 10);
  });

  test('BROWSER-18: five minutes later two tabs at once renew the token, and both are served', async () => {
    const before = await cookies();
    served.advance(301);
    const other = await ada.context.newPage();
    const [one, two] = await Promise.all([
      ada.page.goto(`${served.url}/account`),
      other.goto(`${served.url}/account`),
    ]);
    deepEqual([one?.status(), two?.status()], [200, 200]);
    deepEqual([one?.url(), two?.url()], [`${served.url}/account`, `${served.url}/account`]);
    await other.close();
    const now = await cookies();
    deepEqual(Object.keys(now).sort(), [token, refresh]);
    notEqual(now[token], before[token]);
    notEqual(now[refresh], before[refresh]);
    served.advance(301);
    ok(await isSignedIn(ada, served));
    const [session] = await served.issuer.sessions.list({ clientId: 'symbolon' });
    equal(session?.generation, 3);
  });

  test('BROWSER-17: signing out leaves no cookie, and an old one opens nothing', async () => {
    ok(await isSignedIn(ada, served));
    const kept = await ada.context.cookies();
    await ada.page.click('form[action="/sign-out"] button');
    await ada.page.waitForURL('**/sign-out');
    deepEqual(await cookies(), {});
    equal(await isSignedIn(ada, served), false);
    await ada.context.addCookies(kept);
    equal(await isSignedIn(ada, served), false);
  });

  test('BROWSER-18: an hour without use is the end', async () => {
    await ada.context.clearCookies();
    await ada.page.goto(`${served.url}/sign-in`);
    await provePasskey(ada);
    served.advance(3590);
    ok(await isSignedIn(ada, served));
    served.advance(3601);
    equal(await isSignedIn(ada, served), false);
  });
});
