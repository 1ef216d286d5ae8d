import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { importSigningKey, generatePrivateJwk, signProof } from '@symbolon/token';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
  challengeOf,
  codeFor,
  consent,
  get,
  handleOn,
  locationOf,
  openLinkLab,
  redeem,
  redirectUri,
  signIn,
  submit,
  type Browser,
  type LinkLab,
} from './lab.ts';
import { addMachine, issuerUrl, openLab, otherApi, post, refusalOf, tokensOf } from '../support.ts';

let lab: LinkLab;
let browser: Browser;
let app: string;
before(async () => {
  lab = await openLinkLab();
  browser = await signIn(lab);
  app = await addApplication(lab);
});
after(() => lab.issuer.close());

/** What a page for a person says, where nobody is sent anywhere. */
async function codeOnPage(answer: Response): Promise<[number, string | undefined]> {
  assert.equal(answer.headers.get('location'), null);
  return [answer.status, /<code>([a-z_]+)<\/code>/.exec(await answer.text())?.[1]];
}

const errorOf = (to: URL): (string | null)[] => [
  to.origin + to.pathname,
  ...['error', 'state', 'iss', 'code'].map((name) => to.searchParams.get(name)),
];
const toldOf = (error: string): (string | null)[] => [redirectUri, error, 'the state', issuerUrl, null];

const strangeUris = [
  'https://app.example/callback/',
  'https://app.example/Callback',
  'https://app.example/callback?x=1',
  'https://app.example/callback#x',
  'https://APP.example/callback',
  'https://app.example:443/callback',
  'https://app.example:8443/callback',
  'http://app.example/callback',
  'https://app.example/%63allback',
  'https://app.example/callback%2f..',
  'https://app.example/x/../callback',
  'https://app.example%2f@evil.example/callback',
  'https://user@app.example/callback',
  'https://app.example@evil.example/callback',
  'https://evil.example/https://app.example/callback',
  'https://app.example.evil.example/callback',
  'https://app.example\\@evil.example/callback',
  '//app.example/callback',
  ' https://app.example/callback',
  'javascript:alert(1)',
  'data:text/html,x',
];

void test('AUTHORIZE-2: an unknown client or redirect URI is told to the person, and nobody is sent anywhere', async () => {
  const { parameters } = await ask(app);
  assert.equal(locationOf(await get(lab, authorizePath(parameters))).pathname, '/authorize');
  for (const uri of strangeUris) {
    const answer = await get(lab, authorizePath({ ...parameters, redirect_uri: uri }), browser);
    assert.deepEqual(await codeOnPage(answer), [400, 'redirect_uri_unknown'], uri);
  }
  const without = { ...parameters, redirect_uri: '' };
  assert.deepEqual(await codeOnPage(await get(lab, authorizePath(without))), [400, 'redirect_uri_unknown']);
  const machine = await addMachine(lab.issuer);
  for (const client_id of ['nobody', machine.id, 'symbolon', '']) {
    const answer = await get(lab, authorizePath({ ...parameters, client_id }), browser);
    assert.deepEqual(await codeOnPage(answer), [400, 'client_unknown'], client_id);
  }
});

void test('AUTHORIZE-3: only the port of a loopback address may differ, and only by address', async () => {
  const native = await addApplication(lab, {
    redirectUris: [
      'http://127.0.0.1/cb',
      'http://[::1]:1/cb',
      'http://localhost:7/cb',
      'com.example.app:/cb',
    ],
  });
  const tried: [string, boolean][] = [
    ['http://127.0.0.1/cb', true],
    ['http://127.0.0.1:50123/cb', true],
    ['http://[::1]:50123/cb', true],
    ['http://localhost:7/cb', true],
    ['com.example.app:/cb', true],
    ['http://localhost:8/cb', false],
    ['http://127.0.0.1:50123/cb2', false],
    ['http://127.0.0.1:99999/cb', false],
    ['http://127.0.0.1:/cb', false],
    ['http://127.0.0.2:50123/cb', false],
    ['http://127.0.0.1.evil.example:80/cb', false],
    ['http://127.0.0.1:80@evil.example/cb', false],
    ['http://2130706433/cb', false],
    ['https://127.0.0.1:50123/cb', false],
    ['com.example.app:/cb2', false],
  ];
  for (const [redirect_uri, good] of tried) {
    const { parameters } = await ask(native, { redirect_uri });
    assert.equal((await get(lab, authorizePath(parameters))).status, good ? 303 : 400, redirect_uri);
  }
});

void test('AUTHORIZE-4: every other fault is told to the application, with its state and our name', async () => {
  const bends: [Record<string, string>, string][] = [
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: 'code id_token' }, 'unsupported_response_type'],
    [{ response_type: '' }, 'unsupported_response_type'],
    [{ response_mode: 'fragment' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: '' }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ scope: 'read admin' }, 'invalid_scope'],
    [{ scope: 'read  write' }, 'invalid_scope'],
    [{ resource: otherApi }, 'invalid_target'],
    [{ resource: `${issuerUrl}/account` }, 'invalid_target'],
    [{ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    [{ request_uri: 'https://app.example/request.jwt' }, 'request_uri_not_supported'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ prompt: 'sudo' }, 'invalid_request'],
    [{ max_age: '-1' }, 'invalid_request'],
    [{ dpop_jkt: 'x' }, 'invalid_request'],
    [{ acr_values: 'urn:mace:incommon:iap:silver' }, 'unmet_authentication_requirements'],
  ];
  for (const [bend, error] of bends) {
    const { parameters } = await ask(app, bend);
    const answer = await get(lab, authorizePath(parameters), browser);
    assert.deepEqual(errorOf(locationOf(answer)), toldOf(error), JSON.stringify(bend));
  }
});

void test('AUTHORIZE-5: a parameter that comes twice is told to the person', async () => {
  const { parameters } = await ask(app);
  for (const twice of [
    '&resource=https%3A%2F%2Fapi.example&resource=x',
    '&state=1',
    `&redirect_uri=${redirectUri}`,
    '&other=%00',
    '&client_name=a%1bb',
    '&login_hint=ada%0a',
  ]) {
    const answer = await get(lab, authorizePath(parameters) + twice, browser);
    assert.deepEqual(await codeOnPage(answer), [400, 'request_malformed']);
  }
  const line = new URLSearchParams({ ...parameters, login_hint: 'ada\n' });
  const posted = await lab.issuer.fetch(
    new Request(`${issuerUrl}/authorize`, { method: 'POST', body: line }),
  );
  assert.deepEqual(await codeOnPage(posted), [400, 'request_malformed']);
  const pushed = new Request(`${issuerUrl}/par`, { method: 'POST', body: line });
  assert.deepEqual(await refusalOf(await lab.issuer.fetch(pushed)), [400, 'request_malformed']);
});

void test('AUTHORIZE-24: an address leaves so many requests a minute, and each only so large', async () => {
  const { parameters } = await ask(app);
  const from = (address: string): Promise<Response> =>
    lab.issuer.fetch(new Request(`${issuerUrl}${authorizePath(parameters)}`), { address });
  for (let turn = 0; turn < 120; turn++) assert.equal((await from('192.0.2.1')).status, 303);
  const late = await from('192.0.2.1');
  assert.equal(late.headers.get('retry-after'), '60');
  assert.deepEqual(await codeOnPage(late), [429, 'attempts_exceeded']);
  assert.equal((await from('192.0.2.2')).status, 303, 'another address');
  const pushed = await lab.issuer.fetch(
    new Request(`${issuerUrl}/par`, { method: 'POST', body: new URLSearchParams(parameters) }),
    { address: '192.0.2.1' },
  );
  assert.equal(pushed.headers.get('retry-after'), '60');
  assert.deepEqual(await refusalOf(pushed), [429, 'attempts_exceeded']);
  lab.clock.advance(60);
  assert.equal((await from('192.0.2.1')).status, 303, 'a minute later');
  const wide = '\u{20ac}'.repeat(1000);
  const large = await ask(app, { state: wide, nonce: wide, login_hint: wide });
  assert.equal(errorOf(locationOf(await arrive(lab, large.parameters)))[1], 'invalid_request');
});

async function push(form: Record<string, string>, by: { proof?: string } = {}): Promise<Response> {
  return post(lab, '/par', { form, ...(by.proof === undefined ? {} : { proof: by.proof }) });
}

async function pushed(form: Record<string, string>, by: { proof?: string } = {}): Promise<string> {
  const answer = await push(form, by);
  const body = (await answer.json()) as { request_uri?: string; expires_in?: number };
  assert.deepEqual([answer.status, body.expires_in], [201, 60]);
  return body.request_uri ?? '';
}

void test('AUTHORIZE-6: a pushed request is opened once, within 60 s, by its client; what stands beside it counts nothing', async () => {
  const other = await addApplication(lab);
  const { parameters } = await ask(app);
  const open = (request_uri: string, client_id = app, more = {}) =>
    get(lab, authorizePath({ client_id, request_uri, ...more }), browser);
  const uri = await pushed(parameters);
  const opened = locationOf(
    await open(uri, app, { scope: 'read write admin', redirect_uri: 'https://evil.example' }),
  );
  assert.equal(opened.pathname, '/authorize');
  assert.match(await (await get(lab, opened.href, browser)).text(), /app\.example/);
  assert.deepEqual(await codeOnPage(await open(uri)), [400, 'request_uri_unknown']);
  const foreign = await pushed(parameters);
  assert.deepEqual(await codeOnPage(await open(foreign, other)), [400, 'request_uri_unknown']);
  assert.deepEqual(await refusalOf(await push({ ...parameters, redirect_uri: 'https://evil.example/' })), [
    400,
    'redirect_uri_unknown',
  ]);
  assert.deepEqual(await refusalOf(await push({ ...parameters, request_uri: uri })), [
    400,
    'request_uri_unsupported',
  ]);
  const strict = await addApplication(lab, { pushedOnly: true });
  const direct = await get(lab, authorizePath((await ask(strict)).parameters), browser);
  assert.deepEqual(errorOf(locationOf(direct)), toldOf('invalid_request'));
  const late = await pushed(parameters);
  lab.clock.advance(60);
  assert.deepEqual(await codeOnPage(await open(late)), [400, 'request_uri_unknown']);
});

void test('AUTHORIZE-7: a proof beside a pushed request, or dpop_jkt, binds the code to that key', async () => {
  for (const how of ['proof', 'dpop_jkt'] as const) {
    const asked = await ask(app);
    const proof = await signProof(
      { method: 'POST', url: `${issuerUrl}/par`, now: lab.clock.now() / 1000 },
      asked.holder,
    );
    const uri =
      how === 'proof'
        ? await pushed({ ...asked.parameters }, { proof })
        : await pushed({ ...asked.parameters, dpop_jkt: asked.holder.kid });
    const bound = { ...asked, parameters: { client_id: app, request_uri: uri } };
    const code = await codeFor(lab, bound, browser);
    const thief = await importSigningKey(await generatePrivateJwk('ES256'));
    const form = { redirect_uri: redirectUri };
    assert.deepEqual(await refusalOf(await redeem(lab, asked, { code, holder: thief, form })), [
      400,
      'code_refused',
    ]);
    assert.equal((await redeem(lab, asked, { code, form })).status, 200);
    const other = await push({ ...asked.parameters, dpop_jkt: thief.kid }, { proof });
    assert.equal(other.status, 400);
  }
});

void test('AUTHORIZE-8: prompt=none never shows a page', async () => {
  const silent = await ask(await addApplication(lab), { prompt: 'none' });
  assert.deepEqual(errorOf(locationOf(await arrive(lab, silent.parameters))), toldOf('login_required'));
  assert.deepEqual(
    errorOf(locationOf(await arrive(lab, silent.parameters, browser))),
    toldOf('consent_required'),
  );
  await consent(lab, await ask(silent.clientId), browser);
  const answer = locationOf(await arrive(lab, silent.parameters, browser));
  assert.match(answer.searchParams.get('code') ?? '', /^[\w-]{43}$/);
});

void test('AUTHORIZE-9: prompt=login and max_age ask for a proof of presence since then', async () => {
  const client = await addApplication(lab, { consent: 'given' });
  const fresh = await signIn(lab);
  const go = async (over: Record<string, string>, by: Browser) =>
    locationOf(await arrive(lab, (await ask(client, over)).parameters, by));
  assert.equal((await go({ max_age: '60' }, fresh)).origin, 'https://app.example');
  lab.clock.advance(61);
  for (const over of [{ max_age: '60' }, { max_age: '0' }, { prompt: 'login' }]) {
    const to = await go(over, fresh);
    assert.equal(to.pathname, '/presence', JSON.stringify(over));
    assert.match(to.searchParams.get('return_to') ?? '', /^\/authorize\?request=[\w-]{43}$/);
    const silent = await go({ ...over, prompt: 'none' }, fresh);
    if (!('prompt' in over)) assert.deepEqual(errorOf(silent), toldOf('login_required'));
    const again = await signIn(lab, { subject: fresh.subject });
    const back = await get(lab, to.searchParams.get('return_to') ?? '', again);
    assert.equal(locationOf(back).origin, 'https://app.example', 'proved since it was asked');
  }
  assert.equal((await go({}, fresh)).origin, 'https://app.example');
  assert.equal((await go({ acr_values: 'other phr' }, fresh)).origin, 'https://app.example');
  const nobody = locationOf(await arrive(lab, (await ask(client)).parameters));
  assert.equal(nobody.pathname, '/sign-in');
});

void test('AUTHORIZE-10: only a page of ours says yes, for who is signed in, once', async () => {
  const fresh = await addApplication(lab);
  const asked = await ask(fresh);
  const shown = await arrive(lab, asked.parameters, browser);
  assert.equal(shown.headers.get('x-frame-options'), 'DENY');
  const policy = shown.headers.get('content-security-policy') ?? '';
  assert.match(policy, /frame-ancestors 'none'/);
  assert.match(policy, /form-action 'self' https:\/\/app\.example;/);
  assert.match(shown.headers.get('cache-control') ?? '', /private, no-store/);
  const request = await handleOn(shown);
  const say = (decision: string, over: { site?: string; browser?: Browser | undefined } = { browser }) =>
    submit(lab, '/authorize/consent', {
      form: { request, session: browser.sid, decision },
      ...(over.site === undefined ? {} : { site: over.site }),
      ...(over.browser === undefined ? {} : { browser: over.browser }),
    });
  for (const site of ['cross-site', 'same-site', 'none'])
    assert.deepEqual(
      await codeOnPage(await say('allow', { site, browser })),
      [403, 'request_cross_site'],
      site,
    );
  assert.equal(locationOf(await say('allow', { browser: undefined })).pathname, '/sign-in');
  const another = await say('allow', { browser: await signIn(lab) });
  assert.equal(await handleOn(another), request, 'whoever came since is asked himself');
  assert.deepEqual(await codeOnPage(await say('perhaps')), [400, 'request_malformed']);
  assert.equal(locationOf(await say('allow')).searchParams.has('code'), true);
  assert.deepEqual(await codeOnPage(await say('allow')), [400, 'request_uri_unknown']);
  assert.deepEqual(
    errorOf(await consent(lab, await ask(fresh, { prompt: 'consent' }), browser, 'refuse')),
    toldOf('access_denied'),
  );
});

void test('AUTHORIZE-11: what was allowed is not asked again, where the answer surely reaches the same application', async () => {
  const isAsked = async (asked: Awaited<ReturnType<typeof ask>>) =>
    (await arrive(lab, asked.parameters, browser)).status === 200;
  const web = await addApplication(lab);
  await consent(lab, await ask(web), browser);
  assert.equal(await isAsked(await ask(web)), false);
  assert.equal(await isAsked(await ask(web, { scope: 'read write' })), true);
  assert.equal(await isAsked(await ask(web, { prompt: 'consent' })), true);
  assert.equal(await isAsked(await ask(web, { prompt: 'select_account' })), true, 'who is meant is shown');
  const redirect_uri = 'http://127.0.0.1/cb';
  const native = await addApplication(lab, { redirectUris: [redirect_uri] });
  await consent(lab, await ask(native, { redirect_uri }), browser);
  assert.equal(await isAsked(await ask(native, { redirect_uri })), true);
  const own = await addApplication(lab, { consent: 'given', redirectUris: [redirectUri, redirect_uri] });
  assert.equal(await isAsked(await ask(own)), false);
  assert.equal(await isAsked(await ask(own, { redirect_uri })), true, 'another program could listen');
});

void test('AUTHORIZE-12: a code is worth nothing without client, redirect URI, verifier and key; again it is a lost answer, late it ends the session', async () => {
  const other = await addApplication(lab);
  const asked = await ask(app);
  const code = await codeFor(lab, asked, browser);
  const thief = await importSigningKey(await generatePrivateJwk('ES256'));
  const first = await tokensOf(await redeem(lab, asked, { code }));
  const refuseAll = async () => {
    const tries = [
      { code: 'x'.repeat(43) },
      { code, form: { client_id: other } },
      { code, form: { redirect_uri: 'https://app.example/other' } },
      { code, form: { code_verifier: 'x'.repeat(43) } },
      { code, form: { code_verifier: challengeOf(asked.verifier) } },
      { code, form: { resource: otherApi } },
      { code, holder: thief },
    ];
    for (const one of tries)
      assert.deepEqual(await refusalOf(await redeem(lab, asked, one)), [400, 'code_refused']);
    assert.deepEqual(await refusalOf(await redeem(lab, asked, { code, proof: null })), [
      400,
      'proof_missing',
    ]);
    const without = await redeem(lab, asked, { code, form: { code_verifier: '' } });
    assert.deepEqual(await refusalOf(without), [400, 'request_malformed']);
  };
  await refuseAll();
  const again = await tokensOf(await redeem(lab, asked, { code }));
  assert.equal(again.sid, first.sid);
  lab.clock.advance(61);
  await refuseAll();
  assert.equal((await lab.storage.findSession(first.sid))?.alive, true);
  assert.deepEqual(await refusalOf(await redeem(lab, asked, { code })), [400, 'code_reused']);
  assert.equal((await lab.storage.findSession(first.sid))?.endReason, 'code_reuse');
});

void test('AUTHORIZE-13: an issuer without people offers none of this', async () => {
  const plain = await openLab();
  const asked = await ask(await addApplication(plain));
  for (const path of [authorizePath(asked.parameters), '/userinfo', '/logout'])
    assert.equal((await get(plain, path)).status, 404, path);
  assert.equal((await post(plain, '/par', { form: asked.parameters })).status, 404);
  assert.equal((await post(plain, '/register', { form: {} })).status, 404);
  assert.deepEqual(await refusalOf(await redeem(plain, asked, { code: 'x'.repeat(43) })), [
    400,
    'grant_unsupported',
  ]);
  await plain.issuer.close();
});

void test('AUTHORIZE-14: a redirect URI that could be read in two ways is not registered', async () => {
  const bad = [
    'https://app.example/cb#x',
    'https://user@app.example/cb',
    'https://app.example/*',
    'https://app.example/a/../cb',
    'https://APP.example/cb',
    'https://app.example:443/cb',
    ...[";script-src 'unsafe-inline'", ';', ',', "'", '$', '&', '('].map(
      (odd) => `https://app${odd}.example/cb`,
    ),
    'http://app.example/cb',
    'app:/cb',
    'javascript:alert(1)',
    'https://app.example\\cb',
    'https://app.example/c b',
    '/cb',
  ];
  for (const uri of bad) {
    await assert.rejects(addApplication(lab, { redirectUris: [uri] }), TypeError, uri);
    await assert.rejects(addApplication(lab, { postLogoutRedirectUris: [uri] }), TypeError, uri);
  }
  for (const uri of [
    'https://app.example',
    'https://app.example/cb?x=1',
    'http://localhost:3000/cb',
    'com.example.app:/cb',
  ])
    await addApplication(lab, { redirectUris: [uri] });
  await assert.rejects(addApplication(lab, { backchannelLogoutUri: 'http://app.example/logout' }), TypeError);
});
