import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium, newVisitor, noChromium, type Visitor } from './chromium.ts';
import { enrolFirst, provePasskey } from './people.ts';
import { serveIssuerToBrowsers, type ServedIssuer } from './served-issuer.ts';

const api = 'https://api.example';

describe('an answer by a form, in Chromium', { skip: noChromium }, () => {
  let served: ServedIssuer;
  let browser: Browser;
  let ada: Visitor;
  let app: Server;
  let redirectUri: string;
  /** What the application was sent: address and body. */
  const sent: { method: string; url: string; body: URLSearchParams }[] = [];

  before(async () => {
    served = await serveIssuerToBrowsers({ audiences: [{ audience: api, scopes: ['read'] }] });
    browser = await launchChromium(served);
    ada = await newVisitor(browser);
    app = createServer((request, answer) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const { method = '', url = '' } = request;
        if (url.startsWith('/callback')) sent.push({ method, url, body: new URLSearchParams(body) });
        answer.setHeader('content-type', 'text/html').end('<h1>Thank you</h1>');
      });
    }).listen(0, '127.0.0.1');
    await once(app, 'listening');
    redirectUri = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
    await enrolFirst(ada, served);
    await provePasskey(ada);
  });
  after(async () => {
    app.closeAllConnections();
    app.close();
    await browser.close();
    await served.close();
    deepEqual(served.faults, []);
  });

  const authorizeUrl = async (): Promise<string> => {
    const { id } = await served.issuer.clients.add({
      ...{ kind: 'public', name: 'Photo book', redirectUris: [redirectUri] },
      audiences: [{ audience: api, scope: ['read'] }],
    });
    const parameters = new URLSearchParams({
      ...{ response_type: 'code', client_id: id, redirect_uri: redirectUri, state: 'the state' },
      ...{ scope: 'read', response_mode: 'form_post' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    });
    return `${served.url}/authorize?${parameters.toString()}`;
  };
  const demandCode = (): void => {
    const [got, ...more] = sent.splice(0);
    equal(more.length, 0);
    deepEqual([got?.method, got?.url], ['POST', '/callback'], 'and nothing in the address');
    match(got?.body.get('code') ?? '', /^[\w-]{43}$/);
    deepEqual([got?.body.get('state'), got?.body.get('iss')], ['the state', served.url]);
  };

  test('AUTHORIZE-50: our script brings the answer to the application, under our policy', async () => {
    const complaints: string[] = [];
    ada.page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await ada.page.goto(await authorizeUrl());
    await ada.page.click('button[value=allow]');
    await ada.page.waitForURL(redirectUri);
    demandCode();
    deepEqual(complaints, []);
  });

  test('AUTHORIZE-50: without scripts the person does, by a button', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    await plain.addCookies(await ada.context.cookies());
    const page = await plain.newPage();
    await page.goto(await authorizeUrl());
    await page.click('button[value=allow]');
    ok(page.url().startsWith(served.url), 'it waits');
    deepEqual(sent, []);
    await page.click('text=Continue');
    await page.waitForURL(redirectUri);
    demandCode();
    await plain.close();
  });
});
