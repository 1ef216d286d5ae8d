import { createHash, randomBytes } from 'node:crypto';
import { generatePrivateJwk, importSigningKey, signProof } from '@symbolon/token';
import { newVisitor } from './chromium.ts';
import type { Demo } from './demo.ts';
import { provePasskey } from './people.ts';

/** Where pages are that only some requests of applications lead to. */
export interface RarePages {
  /** Before an address that an application registered itself. */
  readonly leading: string;
  /** Where an application expects somebody else than who is signed in. */
  readonly otherPerson: string;
  /** A consent page of which either answer is brought by a form. */
  readonly formPost: string;
}

const returnTo = 'https://fieldnotes.example/return';

/** Makes the requests: as an application that nobody knows, and as one that knows somebody else. */
export async function openRarePages(demo: Demo): Promise<RarePages> {
  const hint = await idTokenOfAnother(demo);
  return {
    leading: await leading(demo),
    otherPerson: `${demo.consent}&${new URLSearchParams({ id_token_hint: hint }).toString()}`,
    formPost: `${demo.consent}&response_mode=form_post`,
  };
}

async function leading({ issuer, url }: Demo): Promise<string> {
  const to = 'https://collector.example/callback';
  const body = JSON.stringify({ redirect_uris: [to], client_name: 'Stamp collector' });
  const headers = { 'content-type': 'application/json' };
  const answer = await issuer.fetch(new Request(`${url}/register`, { method: 'POST', headers, body }));
  const { client_id: id } = (await answer.json()) as { client_id: string };
  const faulty = { client_id: id, redirect_uri: to, response_type: 'token' };
  return `${url}/authorize?${new URLSearchParams(faulty).toString()}`;
}

async function idTokenOfAnother({ issuer, url, browser }: Demo): Promise<string> {
  const invited = await issuer.accounts?.invite({ name: 'grace@example.com' });
  if (invited?.kind !== 'invited') throw new Error('unexpected account, expected none');
  const grace = await newVisitor(browser);
  const { page } = grace;
  await page.goto(invited.link);
  await page.click('#make-passkey:not([disabled])');
  await page.waitForURL('**/sign-in?**');
  await provePasskey(grace);
  await page.route(`${returnTo}*`, (route) => route.fulfill({ body: 'Thank you' }));
  const verifier = randomBytes(32).toString('base64url');
  const asked = {
    ...{ client_id: 'fieldnotes', redirect_uri: returnTo, response_type: 'code', scope: 'openid notes:read' },
    ...{ resource: 'https://notes.example.com', code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  };
  await page.goto(`${url}/authorize?${new URLSearchParams(asked).toString()}`);
  await page.click('button[value=allow]');
  await page.waitForURL(`${returnTo}*`);
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  await grace.context.close();
  const key = await importSigningKey(await generatePrivateJwk('EdDSA'));
  const given = { grant_type: 'authorization_code', client_id: 'fieldnotes', redirect_uri: returnTo };
  const answer = await issuer.fetch(
    new Request(`${url}/token`, {
      method: 'POST',
      headers: {
        dpop: await signProof({ method: 'POST', url: `${url}/token`, now: Date.now() / 1000 }, key),
      },
      body: new URLSearchParams({ ...given, code, code_verifier: verifier }),
    }),
  );
  const { id_token: idToken } = (await answer.json()) as { id_token?: string };
  if (idToken === undefined) throw new Error('unexpected answer, expected an ID token');
  return idToken;
}
