/** Takes a picture of every page, in light and dark, on a phone and a desktop: `docs/images/<page>-<size>-<scheme>.png`. */
import { mkdirSync, rmSync, statSync, globSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { openDemo, type Demo } from '../e2e/browser/demo.ts';
import { openRarePages } from '../e2e/browser/rare-pages.ts';

const folder = 'docs/images';
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const schemes = ['light', 'dark'] as const;
const most = { picture: 200_000, all: 7_000_000 };

const demo = await openDemo();
for (const old of globSync(`${folder}/*.png`)) rmSync(old);
mkdirSync(folder, { recursive: true });

const stranger = await (await demo.browser.newContext()).newPage();
const { page } = demo.ada;
await shoot(stranger, { name: 'sign-in', path: '/sign-in' });
await shoot(stranger, { name: 'enrol', path: await invitation(demo) });
await shoot(page, { name: 'account', path: '/account' });
await shoot(page, { name: 'presence', path: '/presence' });
await shoot(page, { name: 'consent', path: demo.consent.slice(demo.url.length) });
await shoot(page, { name: 'end-others', path: '/account/end-others' });
await shoot(page, { name: 'console', path: '/console' });
for (const room of ['clients', 'accounts', 'sessions', 'keys', 'guards', 'audit'])
  await shoot(page, { name: `console-${room}`, path: `/console/${room}` });
await shoot(page, { name: 'console-add-client', path: '/console/clients/add' });
await shoot(page, { name: 'console-change-client', path: '/console/clients/fieldnotes/change' });
await shoot(page, { name: 'account-name', path: '/account/name' });
const rare = await openRarePages(demo);
await shoot(page, { name: 'leading', path: rare.leading.slice(demo.url.length) });
await shoot(page, { name: 'other-person', path: rare.otherPerson.slice(demo.url.length) });
await shoot(page, { name: 'not-found', path: '/nothing' });

await page.goto(`${demo.url}/account/recovery-codes`);
await page.getByRole('button', { name: 'Make ten codes' }).click();
await shoot(page, { name: 'recovery-codes' });
await shoot(page, { name: 'events', path: '/account/events' });
await page.goto(`${demo.url}/account`);
await page.getByRole('button', { name: 'End Tidal Calendar' }).click();
await page.waitForSelector('.notice');
await shoot(page, { name: 'ended' });

await demo.close();
weigh();

/** Takes a page in both sizes and schemes; without a path, the page as it stands. */
async function shoot(of: Page, { name, path }: { name: string; path?: string }): Promise<void> {
  await of.emulateMedia({ reducedMotion: 'reduce' });
  if (path !== undefined) await of.goto(demo.url + path);
  for (const [size, viewport] of Object.entries(sizes)) {
    await of.setViewportSize(viewport);
    for (const colorScheme of schemes) {
      await of.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await of.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
    }
  }
}

async function invitation({ issuer, url }: Demo): Promise<string> {
  const invited = await issuer.accounts?.invite({ name: 'emil@example.com' });
  if (invited?.kind !== 'invited') throw new Error('unexpected account, expected none');
  return invited.link.slice(url.length);
}

/** Whoever clones the project carries the pictures: they stay small. */
function weigh(): void {
  const pictures = globSync(`${folder}/*.png`).map((name) => ({ name, bytes: statSync(name).size }));
  const all = pictures.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`${pictures.length} pictures, ${(all / 1e6).toFixed(1)} MB, in ${folder}`);
  for (const { name, bytes } of pictures)
    if (bytes > most.picture)
      console.error(`${name} weighs ${String(bytes)} bytes, expected ${String(most.picture)} at most`);
  process.exitCode = all > most.all || pictures.some(({ bytes }) => bytes > most.picture) ? 1 : 0;
}
