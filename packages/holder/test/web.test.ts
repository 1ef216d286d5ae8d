import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HolderError } from '@symbolon/holder';
import { fileSealingKeys } from '@symbolon/holder/node';
import { createWebSessions } from '@symbolon/holder/web';
import { hashText } from '@symbolon/token';
import { answerTo } from './browser-scene.ts';
import { status } from './scene.ts';
import { json } from './support.ts';
import { openBrowser, origin, sealingKey, signIn, webScene, webStore, type WebScene } from './web-scene.ts';

const page = ({ web, peer }: WebScene) =>
  web.handle(async (_request, session) =>
    session === undefined
      ? new Response('nobody', { status: 401 })
      : new Response(String(await status(session.fetch(peer.audience))), {
          headers: { 'cache-control': 'public, max-age=60', 'set-cookie': 'theme=dark' },
        }),
  );
const text = async (response: Promise<Response>): Promise<string> => (await response).text();

test('WEB-1: a person signs in, and only the browser that began it', async (t) => {
  const scene = await webScene(t, { scope: 'read' });
  const { web, browser, peer } = scene;
  const away = browser.take(await web.signIn({ returnTo: '/orders?page=2#end' }));
  assert.equal(away.status, 303);
  const location = away.headers.get('location') ?? '';
  const asked = new URL(location).searchParams;
  assert.deepEqual([asked.get('scope'), asked.get('code_challenge_method')], ['read', 'S256']);
  const back = `/back${new URL(answerTo(location, { code: 'code-1' })).search}`;
  const foreign = await web.finishSignIn(openBrowser().request(back));
  assert.deepEqual([foreign.result.kind, foreign.response.status], ['refused', 400]);
  assert.equal(((await foreign.response.json()) as { error: string }).error, 'sign_in_unknown');
  assert.equal(peer.tokenRequests.length, 0);
  const { result, response } = await web.finishSignIn(browser.request(back));
  assert.equal(result.kind, 'signed_in');
  assert.equal(browser.take(response).headers.get('location'), '/orders?page=2#end');
  const verifier = peer.tokenRequests[0]?.form.get('code_verifier') ?? '';
  assert.equal(await hashText(verifier), asked.get('code_challenge'));
  assert.deepEqual([...browser.cookies.keys()], ['__Host-session', '__Host-session-mark']);
  assert.equal(await text(page(scene)(browser.request('/'))), '200');
});

test('WEB-1: a sign-in that is answered after more than an hour starts nothing', async (t) => {
  const { web, browser, clock } = await webScene(t);
  const away = browser.take(await web.signIn());
  clock.forward(3_600_001);
  const { search } = new URL(answerTo(away.headers.get('location') ?? '', { code: 'code-1' }));
  const { result } = await web.finishSignIn(browser.request(`/back${search}`));
  assert.equal(result.kind === 'refused' && result.code, 'sign_in_unknown');
});

test('WEB-2: cookies are the host’s alone, out of scripts’ reach, and small', async (t) => {
  const scene = await webScene(t);
  await signIn(scene);
  for (const name of ['__Host-session', '__Host-session-mark']) {
    const set = scene.browser.set.get(name) ?? '';
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      assert.ok(set.split('; ').includes(attribute), attribute);
    assert.ok(set.length < 4096, String(set.length));
  }
  const local = await webScene(t, { redirectUri: 'http://localhost:3000/back' });
  const here = openBrowser('http://localhost:3000');
  here.take(await local.web.signIn());
  assert.match(
    [...here.set.values()][0] ?? '',
    /^sign-in-[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  );
});

test('WEB-3: a token that is due is refreshed before the page is made, and the answer is the person’s alone', async (t) => {
  const scene = await webScene(t);
  const { browser, clock, peer } = scene;
  await signIn(scene);
  const before = browser.cookies.get('__Host-session');
  const fresh = browser.take(await page(scene)(browser.request('/')));
  assert.equal(fresh.headers.get('cache-control'), 'private, no-store');
  assert.equal(browser.cookies.get('__Host-session'), before);
  clock.forward(250_000);
  const answer = browser.take(await page(scene)(browser.request('/')));
  assert.equal(await answer.text(), '200');
  assert.notEqual(browser.cookies.get('__Host-session'), before);
  assert.deepEqual(
    [answer.headers.get('cache-control'), answer.headers.get('vary'), browser.cookies.get('theme')],
    ['private, no-store', 'Cookie', 'dark'],
  );
  assert.equal(peer.tokenRequests.at(-1)?.form.get('grant_type'), 'refresh_token');
  const opened = await scene.web.open(openBrowser().request('/'));
  assert.equal(opened.session, undefined);
  assert.deepEqual(await opened.headers(), []);
});

test('WEB-4: the requests of one page refresh once, and a lost cookie signs nobody out', async (t) => {
  const scene = await webScene(t);
  const { browser, clock, peer } = scene;
  await signIn(scene);
  clock.forward(300_000);
  const requests = Array.from({ length: 10 }, () => page(scene)(browser.request('/')));
  const answers = await Promise.all(requests);
  assert.deepEqual(new Set(await Promise.all(answers.map((answer) => answer.text()))), new Set(['200']));
  assert.equal(peer.tokenRequests.length, 2);
  assert.equal(new Set(answers.map((answer) => answer.headers.getSetCookie().length)).size, 1);
  // None of these cookies arrived: the browser comes with the one before, and the issuer answers it alike.
  clock.forward(300_000);
  assert.equal(await text(page(scene)(browser.request('/'))), '200');
});

test('WEB-5: a blip leaves the person signed in, and only the issuer’s word signs out', async (t) => {
  const scene = await webScene(t);
  const { browser, clock, peer, web } = scene;
  await signIn(scene);
  clock.forward(310_000);
  peer.script.push({ status: 503 }, { status: 503 });
  const opened = await web.open(browser.request('/'));
  const { session } = opened;
  assert.ok(session !== undefined);
  await assert.rejects(
    session.fetch(peer.audience),
    (error) => error instanceof HolderError && error.kind === 'transient',
  );
  assert.deepEqual(new Map(await opened.headers()).get('set-cookie'), undefined);
  clock.forward(60_000);
  peer.script.push(json(400, { error: 'invalid_grant', code: 'refresh_refused' }));
  const answer = browser.take(await page(scene)(browser.request('/')));
  assert.equal(answer.status, 401);
  assert.equal(browser.cookies.has('__Host-session'), false);
});

test('WEB-6: a cookie that is not ours, or comes twice, is nobody’s', async (t) => {
  const scene = await webScene(t);
  const { browser, options } = scene;
  await signIn(scene);
  const value = browser.cookies.get('__Host-session') ?? '';
  const mark = `__Host-session-mark=${browser.cookies.get('__Host-session-mark')}`;
  const comesWith = async (cookie: string, beside = mark): Promise<string> =>
    text(page(scene)(new Request(origin, { headers: { cookie: `${cookie}; ${beside}` } })));
  assert.equal(await comesWith(`__Host-session=${value}`), '200');
  const middle = Math.floor(value.length / 2);
  const changed = value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1);
  const away = openBrowser();
  away.take(await scene.web.signIn());
  const [signInCookie = ''] = away.cookies.values();
  // Not ours, for its name begins with a space that is none to HTTP, and so any host may have set it.
  const { headers } = { headers: { get: () => `${mark}; \u00a0__Host-session=${value}` } };
  assert.equal((await scene.web.open({ method: 'GET', url: '/', headers })).session, undefined);
  const wrong = [changed, value.replace('a.', 'b.'), `${value}.x`, '', 'a.b.c', signInCookie];
  for (const text of wrong)
    assert.equal(await comesWith(`__Host-session=${text}`), 'nobody', text.slice(0, 40));
  assert.equal(await comesWith(`__Host-session=${value}; __Host-session=${value}`), 'nobody');
  assert.equal(await comesWith(`session=${value}`), 'nobody');
  for (const beside of [
    '',
    '__Host-session-mark=',
    `${mark}A`,
    `${mark}; ${mark}`,
    mark.replace('__Host-', ''),
  ])
    assert.equal(await comesWith(`__Host-session=${value}`, beside), 'nobody', beside);
  const other = createWebSessions({ ...options, sealingKeys: [sealingKey('a')] });
  assert.equal(await text(page({ ...scene, web: other })(browser.request('/'))), 'nobody');
});

test('WEB-7: what changes something must come from a page of this origin', async (t) => {
  const scene = await webScene(t);
  await signIn(scene);
  const send = async (method: string, headers: Record<string, string>): Promise<number> =>
    status(page(scene)(scene.browser.request('/', { method, headers })));
  assert.equal(await send('POST', { 'sec-fetch-site': 'same-origin', origin }), 200);
  assert.equal(await send('DELETE', { origin }), 200);
  assert.equal(await send('GET', { 'sec-fetch-site': 'cross-site' }), 200);
  const refused: Record<string, string>[] = [
    {},
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  ];
  for (const headers of refused) assert.equal(await send('POST', headers), 403, JSON.stringify(headers));
  assert.equal(await send('GET', { upgrade: 'websocket' }), 403);
  assert.equal(await send('GET', { upgrade: 'websocket', origin }), 200);
});

test('WEB-8: signing out ends the session and takes the cookie away', async (t) => {
  const scene = await webScene(t);
  const { web, browser, peer } = scene;
  await signIn(scene);
  const outcome = async (init: RequestInit): Promise<unknown> => {
    const { kind, response } = await web.signOut(browser.request('/sign-out', init));
    return [kind, response.status, peer.revoked.length];
  };
  assert.deepEqual(await outcome({ method: 'POST' }), ['refused', 403, 0]);
  assert.deepEqual(await outcome({ headers: { origin } }), ['refused', 403, 0]);
  assert.deepEqual(await outcome({ method: 'HEAD', headers: { origin } }), ['refused', 403, 0]);
  const request = browser.request('/sign-out', { method: 'POST', headers: { origin } });
  const { kind, response } = await web.signOut(request, { returnTo: '/bye' });
  const answer = browser.take(response);
  assert.deepEqual([kind, answer.status, answer.headers.get('location')], ['ended', 303, '/bye']);
  assert.equal(peer.revoked.length, 1);
  assert.equal(browser.cookies.size, 0);
  const left = await web.signOut(request, { atIssuer: true });
  assert.equal(left.atIssuer, 'left');
  assert.match(
    left.response.headers.get('location') ?? '',
    /\/logout\?client_id=app&post_logout_redirect_uri=/,
  );
});

test('WEB-8: where the issuer cannot be told, the cookie goes and the caller hears of it', async (t) => {
  const scene = await webScene(t);
  await signIn(scene);
  const request = scene.browser.request('/sign-out', { method: 'POST', headers: { origin } });
  await scene.peer.close();
  const { kind, response } = await scene.web.signOut(request);
  scene.browser.take(response);
  assert.deepEqual([kind, scene.browser.cookies.size], ['forgotten', 0]);
});

test('WEB-8: where nobody can be sent to the issuer, the caller hears that the person is signed in there', async (t) => {
  for (const [kind, cut] of [
    ['forgotten', (scene: WebScene) => scene.peer.close()],
    ['ended', (scene: WebScene) => delete scene.peer.state.metadata['end_session_endpoint']],
  ] as const) {
    const scene = await webScene(t);
    // Nothing has been read of it yet, as where another server of the application signed the person in.
    delete scene.peer.state.metadata['end_session_endpoint'];
    await signIn(scene);
    await cut(scene);
    const request = scene.browser.request('/sign-out', { method: 'POST', headers: { origin } });
    const out = await scene.web.signOut(request, { atIssuer: true, returnTo: '/bye' });
    const answer = scene.browser.take(out.response);
    assert.deepEqual([out.kind, out.atIssuer, answer.headers.get('location')], [kind, 'unreachable', '/bye']);
    assert.equal(scene.browser.cookies.size, 0);
  }
});

test('WEB-9: a way back that leads elsewhere is refused before anything is ended', async (t) => {
  const scene = await webScene(t);
  await signIn(scene);
  const request = scene.browser.request('/sign-out', { method: 'POST', headers: { origin } });
  await assert.rejects(scene.web.signOut(request, { returnTo: '//evil.example' }), TypeError);
  assert.equal(scene.peer.revoked.length, 0);
  assert.equal(await text(page(scene)(scene.browser.request('/'))), '200');
});

test('WEB-1: however many sign-ins are begun, they fill eight cookies', async (t) => {
  const { web, browser } = await webScene(t);
  for (let begun = 0; begun < 40; begun++) browser.take(await web.signIn());
  assert.ok(browser.cookies.size <= 8, String(browser.cookies.size));
});

test('WEB-9: the way back leads to a path of the application and nowhere else', async (t) => {
  const { web } = await webScene(t);
  const wrong = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/%2e//evil.example',
    'orders',
    '/\tx',
    'javascript:alert(1)',
  ];
  for (const returnTo of wrong) await assert.rejects(web.signIn({ returnTo }), TypeError, returnTo);
  assert.equal((await web.signIn({ returnTo: '/orders/1?x=//evil' })).status, 303);
});

test('WEB-10: with a store the cookie is a name that only its hash is known of', async (t) => {
  const store = webStore();
  const scene = await webScene(t, { store });
  const { browser, clock, options } = scene;
  await signIn(scene);
  assert.deepEqual([...browser.cookies.keys()], ['__Host-session']);
  const value = browser.cookies.get('__Host-session') ?? '';
  assert.match(value, /^[A-Za-z0-9_-]{43}$/);
  const { issuer, clientId, audience } = options;
  const name = await hashText(JSON.stringify([issuer, clientId, audience, 'session', value]));
  assert.deepEqual([...store.kept.keys()], [name]);
  clock.forward(300_000);
  const answer = await page(scene)(browser.request('/'));
  assert.equal(await answer.text(), '200');
  assert.equal((store.kept.get(name) as { generation: number }).generation, 1);
  // The cookie leads to the new pair already: a `Set-Cookie` could only take the place of somebody else's.
  assert.deepEqual(answer.headers.getSetCookie(), ['theme=dark']);
  await signIn(scene);
  assert.notEqual(browser.cookies.get('__Host-session'), value);
  assert.equal(store.kept.has(name), false);
  assert.equal(store.kept.size, 1);
});

test('WEB-11: sealing keys are replaced while people are signed in', async (t) => {
  const scene = await webScene(t);
  const { browser, options, clock } = scene;
  await signIn(scene);
  const next = createWebSessions({ ...options, sealingKeys: [sealingKey('b'), ...options.sealingKeys] });
  clock.forward(300_000);
  browser.take(await page({ ...scene, web: next })(browser.request('/')));
  assert.match(browser.cookies.get('__Host-session') ?? '', /^b\./);
  const none = () => createWebSessions({ ...options, sealingKeys: [] });
  assert.throws(none, TypeError);
  assert.throws(
    () => createWebSessions({ ...options, sealingKeys: [{ id: 'a', secret: new Uint8Array(16) }] }),
    TypeError,
  );
  assert.throws(
    () => createWebSessions({ ...options, sealingKeys: [sealingKey('a'), sealingKey('a')] }),
    TypeError,
  );
});

test('WEB-11: the file of sealing keys is made once, 0600, and never quoted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'seal-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'seal.json');
  const [made, again] = [await fileSealingKeys(path), await fileSealingKeys(path)];
  assert.deepEqual(made, again);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const secret = JSON.parse(await readFile(path, 'utf8')) as unknown;
  await writeFile(path, `${JSON.stringify(secret)}garbage`);
  await assert.rejects(
    fileSealingKeys(path),
    (error) => error instanceof TypeError && !error.message.includes('garbage'),
  );
});
