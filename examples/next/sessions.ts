import { headers } from 'next/headers';
import { fileKey, fileSealingKeys } from '@symbolon/holder/node';
import { createWebSessions, type WebSession, type WebSessions } from '@symbolon/holder/web';
import { webSessionOf, webSessionOfAction } from '@symbolon/holder/web/next';

/** The addresses of this example; its test has others. */
const {
  ISSUER_URL: issuer = 'http://localhost:4080',
  API_URL: audience = 'http://localhost:4081',
  APP_URL: app = 'http://localhost:3003',
  KEYS: keys = '../../.symbolon',
} = process.env;

/** The API that this application calls as the person. */
export const api = audience;

let made: Promise<WebSessions> | undefined;

/** The sessions of this application: made at the first request, for `next build` loads every file and has no keys. */
export function sessions(): Promise<WebSessions> {
  made ??= open();
  return made;
}

async function open(): Promise<WebSessions> {
  const key = await fileKey(`${keys}/next-app.jwk.json`);
  return createWebSessions({
    issuer,
    audience,
    clientId: 'next-app',
    redirectUri: `${app}/back`,
    key,
    clientKey: key,
    sealingKeys: await fileSealingKeys(`${keys}/next-app-sealing.json`),
  });
}

/** For pages: the session of whoever asks. */
export async function sessionOfPage(): Promise<WebSession | undefined> {
  // First: it tells Next.js that this page is made for each request, never ahead.
  const asked = await headers();
  return webSessionOf(await sessions(), asked);
}

/** For server actions: the same, from a page of ours only. */
export async function sessionOfAction(): Promise<WebSession | undefined> {
  const asked = await headers();
  return webSessionOfAction(await sessions(), asked);
}
