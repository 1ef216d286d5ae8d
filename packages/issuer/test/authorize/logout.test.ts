import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import {
  addApplication,
  addPerson,
  arrive,
  ask,
  codeFor,
  get,
  locationOf,
  openLinkLab,
  redeem,
  signIn,
  submit,
  type Browser,
  type LinkLab,
} from './lab.ts';
import { issuerUrl, post, refresh, refusalOf, tokensOf } from '../support.ts';

const goodbye = 'https://app.example/goodbye';
let lab: LinkLab;
before(async () => {
  lab = await openLinkLab();
});
after(() => lab.issuer.close());

async function linked(browser: Browser, scope: string) {
  const asked = await ask(await addApplication(lab, { postLogoutRedirectUris: [goodbye] }), { scope });
  const tokens = await tokensOf(await redeem(lab, asked, { code: await codeFor(lab, asked, browser) }));
  const idToken = 'id_token' in tokens ? String(tokens.id_token) : '';
  const renew = () =>
    refresh(lab, {
      clientId: asked.clientId,
      refreshToken: tokens.refresh_token ?? '',
      holder: asked.holder,
    });
  return { asked, tokens, idToken, renew };
}

const forgets = (answer: Response): boolean => answer.headers.get('clear-site-data') === '"storage"';

void test('BROWSER-32: signing out at an application’s word makes the browser forget, and asking does not', async () => {
  const browser = await signIn(lab);
  const { idToken } = await linked(browser, 'openid');
  const wanted = { id_token_hint: idToken, post_logout_redirect_uri: goodbye };
  const clean = locationOf(await get(lab, path(wanted), browser));
  const fields = Object.fromEntries(clean.searchParams);
  assert.equal(forgets(await get(lab, clean.href, browser)), false, 'somebody is signed in, and is asked');
  const another = await signIn(lab, { subject: browser.subject });
  const stale = await submit(lab, '/logout/confirm', { form: { ...fields, session: another.sid }, browser });
  assert.deepEqual([stale.status, forgets(stale)], [200, false], 'asked again');
  const done = await submit(lab, '/logout/confirm', { form: { ...fields, session: browser.sid }, browser });
  assert.deepEqual([locationOf(done).href, forgets(done)], [goodbye, true]);
  const nobody = await submit(lab, '/logout/confirm', { form: {} });
  assert.deepEqual([nobody.status, forgets(nobody)], [200, true]);
  const at = (destination: string, site: string) => {
    const headers = { 'sec-fetch-dest': destination, 'sec-fetch-site': site };
    return lab.issuer.fetch(new Request(`${issuerUrl}/logout`, { headers }));
  };
  for (const site of ['none', 'same-origin']) {
    const visited = await at('document', site);
    assert.deepEqual([visited.status, forgets(visited)], [200, true], site);
  }
  for (const embedded of ['image', 'iframe', 'script', 'empty'])
    assert.equal(forgets(await at(embedded, 'none')), false, embedded);
  for (const site of ['cross-site', 'same-site'])
    assert.equal(forgets(await at('document', site)), false, `sent here: ${site}`);
});

void test('BROWSER-34: led here by another site without its cookie, a person is asked, and what the page sends ends the session', async () => {
  const browser = await signIn(lab);
  const { asked, renew } = await linked(browser, 'openid');
  const wanted = { client_id: asked.clientId, post_logout_redirect_uri: goodbye, state: 's' };
  const led = (site: string, destination = 'document') => {
    const headers = { 'sec-fetch-dest': destination, 'sec-fetch-site': site };
    return lab.issuer.fetch(new Request(issuerUrl + path(wanted), { headers }));
  };
  for (const site of ['cross-site', 'same-site']) {
    const shown = await led(site);
    assert.deepEqual([shown.status, forgets(shown)], [200, false], site);
    assert.match(
      shown.headers.get('content-security-policy') ?? '',
      /form-action 'self' https:\/\/app\.example;/,
    );
    const text = await shown.text();
    assert.match(text, /<button[^>]*>Sign out<\/button>/);
    const fields = [...text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const form = Object.fromEntries(fields) as Record<string, string>;
    assert.deepEqual(form, { ...wanted, session: 'whoever' });
    const strange = await submit(lab, '/logout/confirm', { form, browser, site });
    assert.deepEqual([strange.status, forgets(strange)], [403, false], 'another site says nothing here');
    assert.equal((await renew()).status, 200);
    const nobody = await submit(lab, '/logout/confirm', { form });
    assert.deepEqual([locationOf(nobody).href, forgets(nobody)], [`${goodbye}?state=s`, true]);
    assert.match(nobody.headers.get('set-cookie') ?? '', /symbolon=; Max-Age=0/);
    if (site === 'cross-site') continue;
    const known = await submit(lab, '/logout/confirm', { form, browser });
    assert.deepEqual([locationOf(known).href, forgets(known)], [`${goodbye}?state=s`, true]);
    assert.deepEqual(
      await refusalOf(await renew()),
      [400, 'refresh_refused'],
      'the device had renewed its cookie',
    );
  }
  for (const embedded of ['image', 'iframe'])
    assert.equal(locationOf(await led('cross-site', embedded)).href, `${goodbye}?state=s`, embedded);
  assert.equal(locationOf(await led('none')).href, `${goodbye}?state=s`, 'nobody else has led here');
});

void test('BROWSER-35: an issuer with a path leaves the storage of its origin alone when somebody signs out', async () => {
  const url = 'https://app.example/auth';
  const shared = await openLinkLab({ issuer: url });
  const send = (where: string, cookie?: string): Promise<Response> => {
    const headers = { 'sec-fetch-site': 'same-origin', ...(cookie === undefined ? {} : { cookie }) };
    const body = new URLSearchParams({ session: 'whoever' });
    return shared.issuer.fetch(new Request(url + where, { method: 'POST', headers, body }));
  };
  for (const where of ['/sign-out', '/logout/confirm']) {
    const { cookie, sid } = await signIn(shared, { url });
    const answer = await send(where, cookie);
    assert.deepEqual([answer.status, answer.headers.get('clear-site-data')], [200, null], where);
    assert.match(answer.headers.get('set-cookie') ?? '', /symbolon=; Max-Age=0/);
    assert.deepEqual(await shared.issuer.sessions.end({ sid, by: 'operator' }), { kind: 'already_ended' });
    assert.equal((await send(where)).headers.get('clear-site-data'), null);
  }
  const headers = { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };
  const visited = await shared.issuer.fetch(new Request(`${url}/logout`, { headers }));
  assert.deepEqual([visited.status, visited.headers.get('clear-site-data')], [200, null]);
  await shared.issuer.close();
});

const path = (parameters: Readonly<Record<string, string>>) =>
  `/logout?${new URLSearchParams(parameters).toString()}`;

void test('AUTHORIZE-30: an application asks to sign a person out, who is asked, and then comes back', async () => {
  const browser = await signIn(lab);
  const { idToken, renew } = await linked(browser, 'openid');
  const outlives = await linked(browser, 'openid offline_access');
  const wanted = { id_token_hint: idToken, post_logout_redirect_uri: goodbye, state: 's' };
  const clean = locationOf(await get(lab, path(wanted), browser));
  assert.deepEqual([clean.pathname, clean.searchParams.has('id_token_hint')], ['/logout', false]);
  const posted = locationOf(await post(lab, '/logout', { form: wanted }));
  assert.equal(posted.href, clean.href);
  const shown = await get(lab, clean.href, browser);
  assert.equal(shown.status, 200);
  assert.equal(shown.headers.get('x-frame-options'), 'DENY');
  assert.equal((await renew()).status, 200, 'nothing has ended yet');
  const form = { ...Object.fromEntries(clean.searchParams), session: browser.sid };
  const strange = await submit(lab, '/logout/confirm', { form, browser, site: 'cross-site' });
  assert.deepEqual([strange.status, strange.headers.get('location')], [403, null]);
  assert.equal((await renew()).status, 200);
  const other = await submit(lab, '/logout/confirm', { form: { ...form, session: 'another' }, browser });
  assert.equal(other.status, 200, 'asked about the session that is there');
  const answer = await submit(lab, '/logout/confirm', { form, browser });
  assert.equal(locationOf(answer).href, `${goodbye}?state=s`);
  assert.match(answer.headers.get('set-cookie') ?? '', /symbolon=; Max-Age=0/);
  assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused']);
  assert.equal((await outlives.renew()).status, 200, 'was allowed to outlive the sign-in');
  assert.equal(locationOf(await arrive(lab, outlives.asked.parameters, browser)).pathname, '/sign-in');
});

void test('AUTHORIZE-33: ending a browser from another one ends all that was opened from it', async () => {
  const subject = await addPerson(lab);
  const [stolen, own] = [await signIn(lab, { subject }), await signIn(lab, { subject })];
  const { renew } = await linked(stolen, 'openid');
  const outlives = await linked(stolen, 'openid offline_access');
  assert.equal((await renew()).status, 200);
  const ended = await submit(lab, `/account/sessions/${stolen.sid}/end`, { form: {}, browser: own });
  assert.equal(ended.status, 303);
  assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused']);
  assert.deepEqual(await refusalOf(await outlives.renew()), [400, 'refresh_refused']);
});

void test('AUTHORIZE-33: an operator who ends a browser ends all that was opened from it, on a page or in process', async () => {
  const operator = await signIn(lab);
  await lab.engine.batch([
    { sql: `UPDATE accounts SET role = 'operator' WHERE subject = $1`, values: [operator.subject] },
  ]);
  const ways: readonly ((sid: string) => Promise<unknown>)[] = [
    (sid) => submit(lab, `/console/sessions/${sid}/end`, { form: {}, browser: operator }),
    (sid) => lab.issuer.sessions.end({ sid, by: 'operator' }),
  ];
  for (const end of ways) {
    const browser = await signIn(lab);
    const { renew } = await linked(browser, 'openid');
    const outlives = await linked(browser, 'openid offline_access');
    assert.equal((await renew()).status, 200);
    await end(browser.sid);
    assert.equal(locationOf(await get(lab, '/account', browser)).pathname, '/sign-in');
    assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused']);
    assert.deepEqual(await refusalOf(await outlives.renew()), [400, 'refresh_refused']);
    assert.deepEqual(await lab.issuer.sessions.end({ sid: browser.sid, by: 'operator' }), {
      kind: 'already_ended',
    });
  }
});

void test('BROWSER-10: a cookie in two hands ends all that was opened from it, and nothing else', async () => {
  const [browser, other] = [await signIn(lab), await signIn(lab)];
  const [{ renew, tokens }, untouched] = [await linked(browser, 'openid'), await linked(other, 'openid')];
  const outlives = await linked(browser, 'openid offline_access');
  const cookie = () =>
    lab.storage.renewByCookie({
      ...{ sid: browser.sid, gen: 0, signWith: { session: 'EdDSA', refresh: 'EdDSA' } },
    });
  assert.equal((await cookie()).kind, 'rotated');
  await lab.storage.noteArrival({ sid: browser.sid, gen: 1 });
  assert.equal((await renew()).status, 200);
  lab.clock.advance(11);
  const { entries: before } = await lab.storage.readFeed({ after: 0, limit: 1000 });
  assert.equal((await cookie()).kind, 'reuse');
  const { entries: after } = await lab.storage.readFeed({ after: 0, limit: 1000 });
  const said = after.slice(before.length).map(({ kind, value }) => [kind, value]);
  const opened = [browser.sid, tokens.sid, outlives.tokens.sid].sort();
  assert.deepEqual(said.sort(), opened.map((sid) => ['session', sid]).sort(), 'guards hear of all');
  assert.deepEqual(await refusalOf(await renew()), [400, 'refresh_refused']);
  assert.deepEqual(await refusalOf(await outlives.renew()), [400, 'refresh_refused']);
  assert.equal((await untouched.renew()).status, 200);
});

void test('AUTHORIZE-31: nobody is sent to an address that was not registered, and no hint ends anything', async () => {
  const browser = await signIn(lab);
  const { idToken, asked, tokens, renew } = await linked(browser, 'openid');
  const client_id = asked.clientId;
  const bad: [Record<string, string>, string][] = [
    [{ client_id, post_logout_redirect_uri: `${goodbye}/` }, 'redirect_uri_unknown'],
    [{ client_id, post_logout_redirect_uri: 'https://evil.example/' }, 'redirect_uri_unknown'],
    [{ post_logout_redirect_uri: goodbye }, 'redirect_uri_unknown'],
    [
      { id_token_hint: `${idToken.slice(0, -4)}AAAA`, post_logout_redirect_uri: goodbye },
      'identity_signature_invalid',
    ],
    [{ id_token_hint: tokens.access_token }, 'identity_key_unknown'],
    [{ id_token_hint: idToken, client_id: await addApplication(lab) }, 'client_unknown'],
    [{ client_id: 'nobody' }, 'client_unknown'],
  ];
  for (const [parameters, code] of bad) {
    const answer = await get(lab, path(parameters), browser);
    assert.equal(answer.headers.get('location'), null);
    assert.match(await answer.text(), new RegExp(`<code>${code}</code>`), JSON.stringify(parameters));
  }
  const nobody = await get(lab, path({ client_id, post_logout_redirect_uri: goodbye }));
  assert.equal(locationOf(nobody).href, goodbye, 'nobody is signed in, so nobody is asked');
  assert.equal((await renew()).status, 200);
});

/** An application’s own server, which answers the next logout as it is told. */
async function openReceiver(): Promise<{
  url: string;
  next: (status: number) => Promise<string>;
  close: () => void;
}> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/logout`,
    next: async (status) => {
      const [request, answer] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
      let text = '';
      for await (const chunk of request) text += String(chunk);
      answer.writeHead(status).end();
      return new URLSearchParams(text).get('logout_token') ?? '';
    },
    close: () => server.close(),
  };
}

void test('AUTHORIZE-32: an application hears at once that a session has ended, and again if it did not answer', async () => {
  const url = 'http://localhost';
  const local = await openLinkLab({ issuer: url });
  const receiver = await openReceiver();
  try {
    const browser = await signIn(local, { url });
    const app = await addApplication(local, {
      backchannelLogoutUri: receiver.url,
      bearer: true,
      consent: 'given',
    });
    const asked = await ask(app, { scope: 'openid read' });
    const code = locationOf(await arrive(local, asked.parameters, browser)).searchParams.get('code') ?? '';
    const tokens = await tokensOf(await redeem(local, asked, { code, proof: null }));
    const heard = receiver.next(503);
    await local.issuer.sessions.end({ sid: tokens.sid });
    const first = await heard;
    const keys = (await (await get(local, '/jwks')).json()) as jose.JSONWebKeySet;
    const { payload } = await jose.jwtVerify(first, jose.createLocalJWKSet(keys), {
      ...{ issuer: url, audience: app, typ: 'logout+jwt', currentDate: new Date(local.clock.now()) },
    });
    const { iat = 0, exp = 0, jti = '', ...claims } = payload;
    assert.deepEqual(claims, {
      ...{ iss: url, aud: app, sub: browser.subject, sid: tokens.sid },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    assert.deepEqual([exp - iat, jti.length], [120, 22]);
    const again = receiver.next(200);
    local.clock.advance(60);
    assert.equal(jose.decodeJwt(await again)['sid'], tokens.sid);
    assert.equal(JSON.stringify(local.faults).includes(first), false);
  } finally {
    receiver.close();
    await local.issuer.close();
  }
});

void test('AUTHORIZE-32: an application that does not answer holds up no other', async () => {
  const url = 'http://localhost';
  const local = await openLinkLab({ issuer: url });
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const other = await openReceiver();
  try {
    const browser = await signIn(local, { url });
    const linkedAt = async (backchannelLogoutUri: string) => {
      const app = await addApplication(local, { backchannelLogoutUri, bearer: true, consent: 'given' });
      return async () => {
        const asked = await ask(app, { scope: 'openid read' });
        const to = locationOf(await arrive(local, asked.parameters, browser));
        const code = to.searchParams.get('code') ?? '';
        await tokensOf(await redeem(local, asked, { code, proof: null }));
        return app;
      };
    };
    const { port } = silent.address() as AddressInfo;
    const link = await linkedAt(`http://127.0.0.1:${String(port)}/logout`);
    let heard = 0;
    silent.on('request', () => heard++);
    for (let n = 0; n < 109; n++) await link();
    const linkOther = await (await linkedAt(other.url))();
    const begun = once(silent, 'request');
    await local.issuer.sessions.endAll({ clientId: await link() });
    await begun;
    local.clock.advance(1);
    const told = other.next(200);
    await local.issuer.sessions.endAll({ clientId: linkOther });
    await told;
    // 50 at a time, for three seconds each: it need not even have come to the second fifty.
    assert.ok(heard <= 100, `heard while ${String(heard)} of 110 were told to the silent one`);
  } finally {
    silent.closeAllConnections();
    silent.close();
    other.close();
    await local.issuer.close();
  }
});
