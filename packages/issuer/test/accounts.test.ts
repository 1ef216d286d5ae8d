import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrol, openBrowser, openPeopleLab, signIn } from './people-lab.ts';

void test('ACCOUNT-1: the first link leads to a passkey, that to a session in a cookie, and sign-out ends it', async () => {
  const lab = await openPeopleLab();
  const browser = openBrowser(lab);
  const first = await lab.issuer.accounts?.inviteFirst();
  assert.ok(first);
  assert.match(first.link, /^https:\/\/issuer\.example\/enrol#[A-Za-z0-9_-]{43}$/);
  const enrolled = await enrol(browser, first.link);
  assert.deepEqual(await enrolled.json(), { location: '/sign-in?return_to=%2Faccount%2Frecovery-codes' });
  assert.equal(browser.cookies.size, 0, 'nobody is signed in by a link');
  const signedIn = await signIn(browser);
  assert.deepEqual(await signedIn.json(), { location: '/account' });
  assert.ok(browser.cookies.has('__Host-symbolon'));
  const [account] = (await lab.issuer.accounts?.list()) ?? [];
  assert.equal(account?.role, 'operator');
  const before = new Map(browser.cookies);
  assert.equal((await browser.get('/sign-in')).status, 303);
  assert.equal((await browser.submit('/sign-out', {})).status, 200);
  assert.equal(browser.cookies.size, 0);
  for (const [name, value] of before) browser.cookies.set(name, value);
  assert.equal((await browser.get('/sign-in')).status, 200, 'the cookies of before open nothing');
  await lab.issuer.close();
});
