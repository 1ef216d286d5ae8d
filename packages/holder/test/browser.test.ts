import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashText } from '@symbolon/token';
import { HolderError } from '@symbolon/holder';
import { createBrowserHolder, memoryCabinet } from '@symbolon/holder/browser';
import { storedKey } from '../src/browser/stored-key.ts';
import { answerTo, browserScene, type BrowserScene, redirectUri, signIn } from './browser-scene.ts';
import { status, tokenText } from './scene.ts';
import { json } from './support.ts';

const needsPresence = {
  status: 401,
  headers: { 'www-authenticate': 'DPoP error="insufficient_user_authentication", max_age="300"' },
};
const codeOf = (code: string) => (error: unknown) => error instanceof HolderError && error.code === code;

test('HOLDER-43: a sign-in asks for a code that only this browser and this key can redeem', async (t) => {
  const { holder, page, peer, options } = await browserScene(t, { scope: 'read write' });
  await holder.signIn({ returnTo: '/orders?page=2', maxAge: 60 });
  const asked = new URL(page.left[0] ?? '');
  assert.equal(asked.origin + asked.pathname, `${peer.issuer}/authorize`);
  const { state, code_challenge: challenge, ...rest } = Object.fromEntries(asked.searchParams);
  assert.deepEqual(rest, {
    client_id: 'spa',
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge_method: 'S256',
    dpop_jkt: (await storedKey(options.cabinet)).kid,
    resource: peer.audience,
    scope: 'read write',
    max_age: '60',
  });
  page.at = answerTo(page.left[0], { code: 'code-1' });
  const result = await holder.finishSignIn();
  assert.deepEqual(result, { kind: 'signed_in', returnTo: '/orders?page=2', inPopup: false });
  const form = Object.fromEntries(peer.tokenRequests[0]?.form ?? []);
  assert.equal(await hashText(form['code_verifier'] ?? ''), challenge);
  assert.deepEqual(
    [form['grant_type'], form['code'], form['redirect_uri'], form['client_id']],
    ['authorization_code', 'code-1', redirectUri, 'spa'],
  );
  assert.equal(state?.length, 43);
  assert.equal(await status(holder.fetch(peer.audience)), 200);
  await holder.signIn();
  assert.notEqual(new URL(page.left[1] ?? '').searchParams.get('state'), state);
});

test('HOLDER-43: an issuer that takes requests by the back channel only gets them so', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  peer.state.metadata['pushed_authorization_request_endpoint'] = `${peer.issuer}/par`;
  peer.state.metadata['require_pushed_authorization_requests'] = true;
  await holder.signIn();
  assert.deepEqual(Object.fromEntries(new URL(page.left[0] ?? '').searchParams), {
    client_id: 'spa',
    request_uri: 'urn:ietf:params:oauth:request_uri:1',
  });
  assert.equal(peer.pushed[0]?.get('redirect_uri'), redirectUri);
  assert.equal(peer.pushed[0].get('code_challenge_method'), 'S256');
});

test('HOLDER-43: an issuer without sign-in is refused before the page is left', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  delete peer.state.metadata['authorization_endpoint'];
  await assert.rejects(holder.signIn(), codeOf('sign_in_unsupported'));
  assert.deepEqual(page.left, []);
});

test('HOLDER-44: an answer to nobody’s question, or of another issuer, starts nothing', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  const finish = async (at: string): Promise<string> => {
    page.at = at;
    const result = await holder.finishSignIn();
    return result.kind === 'refused' ? result.code : result.kind;
  };
  await holder.signIn();
  const [left] = page.left;
  assert.equal(
    await finish(`${redirectUri}?code=stolen&state=foreign&iss=${peer.issuer}`),
    'sign_in_unknown',
  );
  assert.equal(await finish(`${answerTo(left, { code: 'a' })}&code=b`), 'none');
  assert.equal(await finish(redirectUri), 'none');
  assert.equal(await finish(answerTo(left, { code: 'a', iss: 'https://evil.example' })), 'issuer_unexpected');
  assert.equal(peer.tokenRequests.length, 0);
  assert.equal(await finish(answerTo(left, { code: 'a' })), 'sign_in_unknown');
  await holder.signIn();
  assert.equal(await finish(answerTo(page.left[1], { error: 'access_denied' })), 'access_denied');
  await holder.signIn();
  assert.equal(await finish(answerTo(page.left[2], { code: 'code-1' })), 'signed_in');
});

test('HOLDER-44: an answer that comes back after more than an hour starts nothing', async (t) => {
  const { holder, page, clock } = await browserScene(t);
  await holder.signIn();
  clock.forward(3_600_001);
  page.at = answerTo(page.left[0], { code: 'code-1' });
  const result = await holder.finishSignIn();
  assert.equal(result.kind === 'refused' && result.code, 'sign_in_unknown');
});

test('HOLDER-45: the code leaves the address once it is settled, and a blip leaves it to be tried again', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  await holder.signIn();
  page.at = `${answerTo(page.left[0], { code: 'code-1' })}&tab=2`;
  peer.script.push({ status: 503 });
  assert.equal((await holder.finishSignIn()).kind, 'transient');
  assert.match(page.at, /code=code-1/);
  assert.equal((await holder.finishSignIn()).kind, 'signed_in');
  assert.equal(page.at, `${redirectUri}?tab=2`);
});

test('HOLDER-45: an answer that belongs to no sign-in of this browser leaves the address as well', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  page.at = `${redirectUri}?code=stolen&state=foreign&iss=${peer.issuer}&tab=2`;
  const result = await holder.finishSignIn();
  assert.equal(result.kind === 'refused' && result.code, 'sign_in_unknown');
  assert.equal(page.at, `${redirectUri}?tab=2`);
});

test('HOLDER-46: a session that another takes the place of is ended', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  const { refreshToken } = (await scene.options.cabinet.read('pair')) as { refreshToken: string };
  scene.peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
  await signIn(scene);
  assert.deepEqual(scene.peer.revoked, [refreshToken]);
  assert.equal(await status(scene.holder.fetch(scene.peer.audience)), 200);
});

test('HOLDER-47: tabs share one key and one pair, and one of them refreshes', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  const tabs = [scene.holder, ...Array.from({ length: 5 }, () => scene.openTab().holder)];
  scene.clock.forward(300_000);
  const answers = await Promise.all(tabs.map((tab) => status(tab.fetch(scene.peer.audience))));
  assert.deepEqual(new Set(answers), new Set([200]));
  assert.deepEqual(
    scene.peer.tokenRequests.map(({ form }) => form.get('grant_type')),
    ['authorization_code', 'refresh_token'],
  );
});

test('HOLDER-47: without locks each tab refreshes, and none is signed out', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  const locks = t.mock.getter(globalThis.navigator, 'locks', () => undefined);
  const tabs = [scene.holder, scene.openTab().holder];
  scene.clock.forward(300_000);
  const answers = await Promise.all(tabs.map((tab) => status(tab.fetch(scene.peer.audience))));
  assert.deepEqual(answers, [200, 200]);
  assert.ok(locks.mock.callCount() > 0);
});

test('HOLDER-47: the key of a browser cannot be taken out of it', async () => {
  const cabinet = memoryCabinet();
  const { kid } = await storedKey(cabinet);
  const { privateKey } = (await cabinet.read('key')) as CryptoKeyPair;
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('jwk', privateKey));
  assert.equal((await storedKey(cabinet)).kid, kid);
});

test('HOLDER-48: signing out ends the session, and takes key and tokens from every tab', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  const other = scene.openTab().holder;
  await tokenText(other.token());
  const told = new Promise((resolve) => other.onChange(resolve));
  assert.deepEqual(await scene.holder.signOut(), { kind: 'ended' });
  assert.equal(await told, 'signed_out');
  assert.equal(scene.peer.revoked.length, 1);
  assert.equal(await scene.options.cabinet.read('key'), undefined);
  assert.equal(await scene.holder.signedIn(), false);
  for (const tab of [scene.holder, other]) {
    await assert.rejects(tab.fetch(scene.peer.audience), codeOf('session_missing'));
  }
});

test('HOLDER-48: without network the session is forgotten here', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  await scene.peer.close();
  assert.deepEqual(await scene.holder.signOut(), { kind: 'forgotten' });
  assert.equal(await scene.options.cabinet.read('pair'), undefined);
});

test('HOLDER-48: it signs out at the issuer too where that is wanted', async (t) => {
  const scene = await browserScene(t);
  await signIn(scene);
  assert.deepEqual(await scene.holder.signOut({ atIssuer: true, returnTo: 'https://app.example/bye' }), {
    kind: 'ended',
    atIssuer: 'left',
  });
  const left = new URL(scene.page.left.at(-1) ?? '');
  assert.equal(left.origin + left.pathname, `${scene.peer.issuer}/logout`);
  assert.deepEqual(Object.fromEntries(left.searchParams), {
    client_id: 'spa',
    post_logout_redirect_uri: 'https://app.example/bye',
  });
});

test('HOLDER-48: where the issuer cannot be left for, the page stays, and hears that the person is signed in there', async (t) => {
  for (const [kind, cut] of [
    ['forgotten', (scene: BrowserScene) => scene.peer.close()],
    ['ended', (scene: BrowserScene) => delete scene.peer.state.metadata['end_session_endpoint']],
  ] as const) {
    const scene = await browserScene(t);
    await signIn(scene);
    await cut(scene);
    const { holder, page } = scene.openTab();
    const out = await holder.signOut({ atIssuer: true, returnTo: 'https://app.example/bye' });
    assert.deepEqual(out, { kind, atIssuer: 'unreachable' });
    assert.deepEqual([page.left, await holder.signedIn()], [[], false]);
  }
});

test('HOLDER-50: presence is proved in a window, for all who need it, and their requests are repeated', async (t) => {
  const scene = await browserScene(t, { presence: 'window' });
  const { holder, page, peer } = scene;
  await signIn(scene);
  peer.resourceScript.push(needsPresence, needsPresence);
  const both = Promise.all([
    status(holder.fetch(peer.audience, { method: 'POST', body: 'pay' })),
    status(holder.fetch(peer.audience, { method: 'POST', body: 'pay' })),
  ]);
  const { holder: inWindow, page: window } = scene.openTab();
  while (page.left.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const asked = new URL(page.left[1] ?? '').searchParams;
  assert.deepEqual([asked.get('max_age'), asked.get('prompt')], ['300', 'login']);
  peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
  window.at = answerTo(page.left[1], { code: 'code-2' });
  assert.deepEqual(await inWindow.finishSignIn(), { kind: 'signed_in', returnTo: undefined, inPopup: true });
  assert.deepEqual(await both, [200, 200]);
  assert.deepEqual(page.done.filter((what) => what === 'window opened').length, 1);
  assert.ok(window.done.includes('closed'));
  assert.equal(peer.resourceRequests.filter(({ body }) => body === 'pay').length, 4);
});

test('HOLDER-50: what another tab does meanwhile opens no second window', async (t) => {
  const scene = await browserScene(t, { presence: 'window' });
  const { holder, page, peer } = scene;
  await signIn(scene);
  peer.resourceScript.push(needsPresence);
  const first = status(holder.fetch(peer.audience));
  while (page.left.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const heard = new Promise((resolve) => holder.onChange(resolve));
  await signIn(scene.openTab());
  await heard;
  peer.resourceScript.push(needsPresence);
  const second = status(holder.fetch(peer.audience));
  while (peer.resourceScript.length > 0) await new Promise((resolve) => setImmediate(resolve));
  const { holder: inWindow, page: window } = scene.openTab();
  peer.state.sid = 'TTTTTTTTTTTTTTTTTTTTTA';
  window.at = answerTo(page.left[1], { code: 'code-2' });
  await inWindow.finishSignIn();
  assert.equal(await first, 200);
  assert.equal(page.done.filter((what) => what === 'window opened').length, 1);
  assert.equal(await second, 200);
});

test('HOLDER-50: a window that is not allowed, or a person who says no, rejects with the reason', async (t) => {
  const scene = await browserScene(t, { presence: 'window' });
  const { holder, page, peer } = scene;
  await signIn(scene);
  page.windows = 'blocked';
  peer.resourceScript.push(needsPresence);
  await assert.rejects(holder.fetch(peer.audience), codeOf('presence_window_blocked'));
  page.windows = 'allowed';
  peer.resourceScript.push(needsPresence);
  const refused = assert.rejects(holder.fetch(peer.audience), codeOf('access_denied'));
  while (page.left.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const { holder: inWindow, page: window } = scene.openTab();
  window.at = answerTo(page.left[1], { error: 'access_denied' });
  await inWindow.finishSignIn();
  await refused;
  assert.equal(await status(holder.fetch(peer.audience)), 200);
});

test('HOLDER-43: a redirect URI that is none is refused at once', async (t) => {
  const { options } = await browserScene(t);
  assert.throws(() => createBrowserHolder({ ...options, redirectUri: '/back' }), TypeError);
});

test('HOLDER-44: what the issuer refuses is refused with its code', async (t) => {
  const { holder, page, peer } = await browserScene(t);
  await holder.signIn();
  page.at = answerTo(page.left[0], { code: 'code-1' });
  peer.script.push(json(400, { error: 'invalid_grant', code: 'code_expired' }));
  const result = await holder.finishSignIn();
  assert.equal(result.kind === 'refused' && result.code, 'code_expired');
  assert.equal(await holder.signedIn(), false);
});
