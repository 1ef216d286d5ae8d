import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { openPageLab, type PageLab } from './page-lab.ts';
import { openBrowser, type TestBrowser } from './people-lab.ts';

test("whoever opens the issuer's bare URL is sent to the account page", async () => {
  const lab = await openPageLab();
  const answer = await openBrowser(lab).get('/');
  deepEqual([answer.status, answer.headers.get('location')], [303, `${lab.issuer.issuer}/account`]);
  await lab.issuer.close();
});

test('a browser without a window is called what it is', async () => {
  const lab = await openPageLab();
  const headless = 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36';
  const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1.15';
  // The first has said nothing of itself.
  deepEqual(await devicesAfter(lab, headless), ['Chrome on Linux', null]);
  deepEqual(await devicesAfter(lab, safari), ['Chrome on Linux', 'Safari on macOS', null]);
  await lab.issuer.close();
});

async function devicesAfter(lab: PageLab, agent: string): Promise<readonly (string | null)[]> {
  const browser: TestBrowser = openBrowser(lab, { device: lab.ada.device });
  const headers = { 'user-agent': agent };
  const asked = (await (await browser.post('/sign-in/options', {}, { headers })).json()) as {
    options: Parameters<TestBrowser['device']['prove']>[0];
  };
  const response = browser.device.prove(asked.options);
  equal((await browser.post('/sign-in/verify', { response }, { headers })).status, 200);
  const rows = await lab.storage.listSessions({ subject: lab.adaSubject, only: 'alive', limit: 9 });
  return rows.map(({ device }) => device).sort();
}
