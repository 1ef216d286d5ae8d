import type { ServedIssuer } from './served-issuer.ts';
import type { Visitor } from './chromium.ts';

/** What a person does at the issuer's pages, as he does it: by links and buttons. */

/** Makes the first account's passkey with the link of the first start; ends at the sign-in page. */
export async function enrolFirst({ page }: Visitor, { issuer }: Pick<ServedIssuer, 'issuer'>): Promise<void> {
  const first = await issuer.accounts?.inviteFirst();
  if (first === undefined) throw new Error('unexpected account, expected the first to be still to come');
  await page.goto(first.link);
  await page.click('#make-passkey:not([disabled])');
  await page.waitForURL('**/sign-in?**');
}

/** Proves the passkey at the sign-in page, or that of presence, and goes on. */
export async function provePasskey({ page }: Visitor): Promise<void> {
  const here = new URL(page.url()).pathname;
  await page.click('#use-passkey');
  await page.waitForURL((url) => url.pathname !== here);
}

/** Whether the browser is taken for that of somebody who is signed in. */
export async function isSignedIn({ page }: Visitor, { url }: ServedIssuer): Promise<boolean> {
  await page.goto(`${url}/account`);
  return new URL(page.url()).pathname === '/account';
}

/** Waits until something is so, at most 10 s; looks every few milliseconds. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const start = performance.now(); !isSo();) {
    if (performance.now() - start > 10_000) throw new Error(`it did not come to this within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
