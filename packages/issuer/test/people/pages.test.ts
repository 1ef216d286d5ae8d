import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { formTarget, page } from '../../src/http/page-answer.ts';
import { consentPage } from '../../src/pages/authorize/consent-page.ts';
import { html } from '../../src/pages/markup.ts';
import { plainName } from '../../src/pages/shown-name.ts';
import { leadsTo, linkApp, openPageLab, type PageLab } from './page-lab.ts';
import { issuerUrl } from '../support.ts';
import { id } from '../storage/lab.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const consolePages = [
  '',
  '/clients',
  '/clients/add',
  '/accounts',
  '/accounts/invite',
  '/sessions',
  '/keys',
  '/guards',
  '/audit',
];
const accountPages = ['', '/events', '/end-others', '/recovery-codes'];

suite('every page', () => {
  let lab: PageLab;
  before(async () => {
    lab = await openPageLab();
    await linkApp(lab, lab.adaSubject);
  });
  after(async () => {
    await lab.issuer.close();
    deepEqual(lab.faults, []);
  });

  test('PAGE-1: policy, frame, caches, and no script, style or handler in the markup', async () => {
    const answers = [
      ...consolePages.map((path) => lab.operator.get(`/console${path}`)),
      ...accountPages.map((path) => lab.ada.get(`/account${path}`)),
      lab.ada.get('/presence'),
      lab.operator.get('/enrol'),
      lab.ada.get('/nothing-here'),
    ];
    for (const answer of await Promise.all(answers)) {
      const text = await answer.text();
      if (answer.headers.get('content-type') === 'application/json') continue;
      match(text, /^<!doctype html>/);
      equal(answer.headers.get('content-security-policy'), policy);
      equal(answer.headers.get('x-frame-options'), 'DENY');
      equal(answer.headers.get('cache-control'), 'private, no-store');
      equal(answer.headers.get('referrer-policy'), 'same-origin');
      match(answer.headers.get('vary') ?? '', /Cookie/);
      doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc="\/assets\/)/i);
    }
  });

  test('PAGE-1: a form may lead besides to one origin, and nothing else gets into the policy', async () => {
    const sent = await page(html``, { formAction: [formTarget('https://app.example/cb?a=b;c')] });
    match(sent.headers.get('content-security-policy') ?? '', /form-action 'self' https:\/\/app\.example;/);
    deepEqual(['com.example.app:/cb', 'http://[::1]:3000/cb', 'http://127.0.0.1:80/x'].map(formTarget), [
      'com.example.app:',
      'http:',
      'http://127.0.0.1',
    ]);
    for (const source of ["'self'; script-src *", 'https://a.example https://b.example', '*']) {
      await page(html``, { formAction: [source] }).then(
        () => Promise.reject(new Error(`expected ${source} to be refused`)),
        (error: unknown) => {
          ok(error instanceof TypeError && error.message.startsWith('unexpected form target'));
        },
      );
    }
  });

  test('PAGE-3: nobody is sent to sign in and back, a person gets no console', async () => {
    const stranger = await lab.issuer.fetch(new Request(`${issuerUrl}/account/events?after=x`));
    equal(stranger.status, 303);
    equal(leadsTo(stranger), `/sign-in?return_to=${encodeURIComponent('/account/events?after=x')}`);
    const late = await lab.issuer.fetch(
      new Request(`${issuerUrl}/account/end-others`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin' },
      }),
    );
    const signIn = leadsTo(late);
    equal(signIn, '/sign-in?return_to=%2Faccount&problem=session_over');
    const said = await lab.issuer.fetch(new Request(`${issuerUrl}${signIn}`));
    match(await said.text(), /Your session has ended, and nothing of what you sent was done/);
    for (const path of consolePages) {
      equal((await lab.ada.get(`/console${path}`)).status, 403, path);
      equal((await lab.operator.get(`/console${path}`)).status, 200, path);
    }
    const acts = [
      '/clients',
      '/clients/app/remove',
      '/accounts/invite',
      `/accounts/${lab.adaSubject}/role`,
      '/keys/rotate',
    ];
    for (const path of acts) {
      const refused = await lab.ada.submit(`/console${path}`, { role: 'operator', name: 'x' });
      deepEqual([path, refused.status], [path, 403]);
    }
    equal((await lab.storage.findAccount({ subject: lab.adaSubject }))?.role, 'person');
    equal((await lab.storage.findClient('app'))?.removedAt, null);
  });

  test('PAGE-4: a form that another site sends does nothing', async () => {
    const { grantId, sid } = await linkApp(lab, lab.adaSubject);
    const path = `/account/applications/${grantId}/end`;
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'https://sub.issuer.example' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'none' },
    ]) {
      const refused = await lab.ada.submit(path, {}, { headers: { ...headers, accept: 'text/html' } });
      equal(refused.status, 403);
      match(await refused.text(), /This did not come from here/);
    }
    equal((await lab.storage.findSession(sid))?.alive, true);
    equal((await lab.ada.submit(path, {})).status, 303);
    equal((await lab.storage.findSession(sid))?.alive, false);
  });

  test('PAGE-5: a message is shown to the session that it was sealed for, and to no other', async () => {
    const { grantId } = await linkApp(lab, lab.adaSubject);
    const to = leadsTo(await lab.ada.submit(`/account/applications/${grantId}/end`, {}));
    const said = /no longer linked/;
    match(await (await lab.ada.get(to)).text(), said);
    doesNotMatch(await (await lab.operator.get(to)).text(), said);
    for (const forged of [to.replace('application', 'others'), to.replace(/\.\d+\./, '.1.'), `${to}x`]) {
      doesNotMatch(await (await lab.ada.get(forged)).text(), /class="notice/);
    }
  });

  test('PAGE-6: a browser gets pages, a program JSON', async () => {
    const browser = { headers: { accept: 'text/html,*/*' } };
    const page = await lab.issuer.fetch(new Request(`${issuerUrl}/nothing`, browser));
    deepEqual([page.status, page.headers.get('content-type')], [404, 'text/html; charset=utf-8']);
    const json = await lab.issuer.fetch(new Request(`${issuerUrl}/nothing`));
    deepEqual([json.status, await json.json()], [404, { error: 'not_found' }]);
  });

  test('PAGE-7: files come by ETag, and nothing lies beside them', async () => {
    const get = (name: string, headers = {}): Promise<Response> =>
      lab.issuer.fetch(new Request(`${issuerUrl}/assets/${name}`, { headers }));
    for (const [name, type] of [
      ['style.css', 'text/css; charset=utf-8'],
      ['webauthn.js', 'text/javascript; charset=utf-8'],
      ['icon.svg', 'image/svg+xml'],
      ...['ask', 'prove', 'enrol', 'passkeys', 'live'].map(
        (name) => [`${name}.js`, 'text/javascript; charset=utf-8'] as const,
      ),
    ] as const) {
      const file = await get(name);
      deepEqual([file.status, file.headers.get('content-type')], [200, type]);
      const again = await get(name, { 'if-none-match': file.headers.get('etag') });
      deepEqual([again.status, await again.text()], [304, '']);
    }
    for (const name of ['package.json', '..%2Fmarkup.ts', 'constructor', 'style.css%00']) {
      equal((await get(name)).status, 404, name);
    }
  });
});

test('PAGE-2: names from outside are text, however they are made', async () => {
  const hostile = `"><script>alert(1)</script>\u202Egpj.exe\u2066'onload=x\u0000\u{e0041}${'W'.repeat(10_000)}`;
  const lab = await openPageLab(hostile);
  await linkApp(lab, lab.adaSubject);
  await lab.storage.startBrowserSession({
    ...{
      sid: id(),
      clientId: 'symbolon',
      audience: `${issuerUrl}/account`,
      subject: lab.adaSubject,
      amr: [],
    },
    ...{ device: hostile, idleLife: 3600e6, absoluteLife: 7200e6 },
    signWith: { session: 'EdDSA', refresh: 'EdDSA' },
  });
  await lab.storage.acknowledge({
    ...{ instance: '<b>instance', clientId: 'app', name: hostile, audience: hostile, to: 1, keys: [] },
  });
  const consent = consentPage({
    site: { base: '', host: 'issuer.example' },
    request: hostile,
    session: hostile,
    person: { name: hostile },
    application: { id: hostile, name: hostile, by: 'document', bearer: false },
    asked: [{ audience: hostile, scope: hostile, words: null, allowed: true }],
    redirectUri: 'javascript:alert(1)',
    lasts: { absolute: 1, idle: 1 },
  });
  const pages = await Promise.all(
    [
      lab.ada.get('/account'),
      lab.operator.get('/console'),
      lab.operator.get('/console/clients'),
      lab.operator.get('/console/clients/app/remove'),
      lab.operator.get('/console/sessions'),
      lab.operator.get(`/console/sessions?device=${encodeURIComponent(hostile.slice(0, 200))}`),
      lab.operator.get(`/console/audit?client=${encodeURIComponent('"><script>alert(1)</script>')}`),
      lab.operator.get(`/console/accounts?search=${encodeURIComponent('"><script>alert(1)</script>')}`),
      page(consent),
    ].map(async (answer) => (await answer).text()),
  );
  for (const text of pages) {
    match(text, /^<!doctype html>/);
    doesNotMatch(text, /<script>|<b>instance|href="javascript|"onload|'onload/);
    doesNotMatch(
      text.replaceAll(/<input[^>]*>/g, ''),
      /[\u202A-\u202E\u2066-\u2069\u{e0000}-\u{e007f}]|W{90}/u,
    );
  }
  ok(pages[0]?.includes('&lt;script&gt;alert(1)'));
  deepEqual(['\u202Ea', ' a \n b ', '', '\u200b', 'é', '👨‍👩‍👧', 'x'.repeat(81)].map(plainName), [
    'a',
    'a b',
    'unnamed',
    'unnamed',
    'é',
    '👨👩👧',
    `${'x'.repeat(79)}…`,
  ]);
  await lab.issuer.close();
  deepEqual(lab.faults, []);
});
