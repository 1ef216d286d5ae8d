import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { androidAttestation } from './android-attestation.ts';
import type { Bend } from './authenticator.ts';
import { createAuthenticator } from './authenticator.ts';
import {
  askedOf,
  codeOf,
  demandOk,
  enrol,
  openBrowser,
  openFirst,
  openPeopleLab,
  provePresence,
  signIn,
  type PeopleLab,
  type TestBrowser,
} from './people-lab.ts';
import { issuerUrl, openLab, refusalOf } from '../support.ts';

/** Another account, signed in. */
async function openAnother(lab: PeopleLab, name = 'Eve'): Promise<TestBrowser> {
  const browser = openBrowser(lab);
  const invited = await lab.issuer.accounts?.invite({ name });
  assert.ok(invited?.kind === 'invited');
  await demandOk(await enrol(browser, invited.link));
  await demandOk(await signIn(browser));
  return browser;
}

const everythingAsked = async (answer: Response): Promise<Record<string, unknown>> =>
  ((await answer.json()) as { options: Record<string, unknown> }).options;

const isSignedIn = async (browser: TestBrowser): Promise<boolean> =>
  (await browser.get('/sign-in')).status === 303;

const refused = [400, 'passkey_refused'];
const foreign: readonly (readonly [string, Bend])[] = [
  ['another origin', { origin: 'https://issuer.example.evil.example' }],
  ['a subdomain', { origin: 'https://a.issuer.example' }],
  ['another port', { origin: 'https://issuer.example:8443' }],
  ['http', { origin: 'http://issuer.example' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['the wrong ceremony', { type: 'payment.get' }],
];

void suite('passkeys', () => {
  void test('ACCOUNT-6: a passkey is made for this host and origin, by a person who was verified', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const first = await lab.issuer.accounts?.inviteFirst();
    const rows: readonly (readonly [string, Bend])[] = [
      ...foreign,
      ['nobody there', { flags: 0x40 }],
      ['nobody verified', { flags: 0x41 }],
      ['an algorithm that was not asked for', { alg: -37 }],
      ['an algorithm that does not exist', { alg: -9999 }],
    ];
    for (const [what, bend] of rows)
      assert.deepEqual(await refusalOf(await enrol(browser, first?.link ?? '', bend)), refused, what);
    assert.equal((await lab.issuer.accounts?.list())?.length, 0);
    await demandOk(await enrol(browser, first?.link ?? ''));
    await lab.issuer.close();
  });

  void test('ACCOUNT-33: a key that is not one of its algorithm is refused at its enrolment', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const first = await lab.issuer.accounts?.inviteFirst();
    const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0x9d);
    const rows: readonly (readonly [string, Bend])[] = [
      ['RS256 with a point', { alg: -257 }],
      ['EdDSA with a point of P-256', { alg: -8 }],
      ['ES256 of the type OKP', { key: [[1, 1]] }],
      ['ES256 on Ed25519', { key: [[-1, 6]] }],
      ['ES256 beside its curve', { key: [[-3, bytes(32)]] }],
      ['ES256 without y', { key: [[-3, bytes(0)]] }],
      ['EdDSA on P-256', { alg: -8, key: [[1, 1]] }],
      [
        'EdDSA of the type EC2',
        {
          alg: -8,
          key: [
            [-1, 6],
            [-2, bytes(32)],
          ],
        },
      ],
      [
        'RS256 of 2040 bits',
        {
          alg: -257,
          key: [
            [1, 3],
            [-1, bytes(255)],
            [-2, new Uint8Array([1, 0, 1])],
          ],
        },
      ],
      [
        'EdDSA too short',
        {
          alg: -8,
          key: [
            [1, 1],
            [-1, 6],
            [-2, bytes(31)],
          ],
        },
      ],
      [
        'RS256 of 1024 bits',
        {
          alg: -257,
          key: [
            [1, 3],
            [-1, bytes(128)],
            [-2, new Uint8Array([1, 0, 1])],
          ],
        },
      ],
    ];
    for (const [what, bend] of rows)
      assert.deepEqual(await refusalOf(await enrol(browser, first?.link ?? '', bend)), refused, what);
    assert.equal((await lab.issuer.accounts?.list())?.length, 0);
    const sound: Bend = {
      alg: -257,
      key: [
        [1, 3],
        [-1, bytes(256)],
        [-2, new Uint8Array([1, 0, 1])],
      ],
    };
    await demandOk(await enrol(browser, first?.link ?? '', sound));
    for (const [name, bend] of [
      ['P-256', {}],
      [
        'Ed25519',
        {
          alg: -8,
          key: [
            [1, 1],
            [-1, 6],
            [-2, bytes(32)],
          ],
        },
      ],
    ] as const satisfies readonly (readonly [string, Bend])[]) {
      const invited = await lab.issuer.accounts?.invite({ name });
      assert.ok(invited?.kind === 'invited');
      await demandOk(await enrol(openBrowser(lab), invited.link, bend));
    }
    await lab.issuer.close();
  });

  void test('ACCOUNT-35: what an authenticator says of itself makes the issuer ask nobody', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const first = await lab.issuer.accounts?.inviteFirst();
    const fetched: (string | undefined)[] = [];
    const inside = createServer(({ url }, answer) => {
      fetched.push(url);
      answer.end();
    })
      .listen(0, '127.0.0.1')
      .unref();
    await new Promise((resolve) => inside.once('listening', resolve));
    const place = inside.address();
    assert.ok(typeof place === 'object' && place !== null);
    const crl = `http://127.0.0.1:${String(place.port)}/secret`;
    const rows: readonly (readonly [string, NonNullable<Bend['attest']>])[] = [
      ['a certificate that names an address', (made) => androidAttestation({ ...made, crl })],
      ['another format', () => ['tpm', new Map()]],
      ['no such format', () => ['', new Map()]],
    ];
    for (const [what, attest] of rows)
      assert.deepEqual(await refusalOf(await enrol(browser, first?.link ?? '', { attest })), refused, what);
    assert.deepEqual(fetched, []);
    await demandOk(await enrol(browser, first?.link ?? ''));
    inside.closeAllConnections();
    await lab.issuer.close();
  });

  void test('ACCOUNT-6: what is asked of an authenticator is a passkey that verifies its user', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const first = await lab.issuer.accounts?.inviteFirst();
    const code = codeOf(first?.link ?? '');
    const options = await everythingAsked(await browser.post('/enrol/options', { code }));
    assert.deepEqual(options['rp'], { name: 'Example', id: 'issuer.example' });
    assert.deepEqual(
      (options['pubKeyCredParams'] as { alg: number }[]).map(({ alg }) => alg),
      [-8, -7, -257],
    );
    assert.equal(options['attestation'], 'none');
    const { residentKey, userVerification } = options['authenticatorSelection'] as Record<string, unknown>;
    assert.deepEqual([residentKey, userVerification], ['required', 'required']);
    await demandOk(await enrol(browser, first?.link ?? ''));
    const proof = await everythingAsked(await browser.post('/sign-in/options', {}));
    assert.deepEqual(
      [proof['rpId'], proof['userVerification'], proof['allowCredentials']],
      ['issuer.example', 'required', []],
      'nobody is told who may sign in',
    );
    await lab.issuer.close();
  });

  void test('ACCOUNT-6: a passkey proves this host and origin, by a person who was verified', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    await browser.submit('/sign-out', {});
    const rows: readonly (readonly [string, Bend])[] = [
      ...foreign,
      ['nobody there', { flags: 0x04 }],
      ['nobody verified', { flags: 0x01 }],
      ['another signature', { spoilSignature: true }],
      ['a page that shows ours', { crossOrigin: true }],
      ['another person’s handle', { userHandle: Buffer.from('somebody').toString('base64url') }],
      ['no handle', { userHandle: undefined }],
    ];
    for (const [what, bend] of rows) {
      assert.deepEqual(await refusalOf(await signIn(browser, bend)), refused, what);
      assert.equal(browser.cookies.size, 0);
    }
    await demandOk(await signIn(browser));
    assert.equal(await isSignedIn(browser), true);
    await lab.issuer.close();
  });

  void test('ACCOUNT-7: a challenge is answered once, in five minutes, for what it was given for', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const again = [400, 'challenge_refused'];
    const rows = async (): Promise<number> => {
      const [row] = await lab.engine.read({ sql: 'SELECT count(*) AS many FROM one_time_codes', values: [] });
      return Number(row?.['many']);
    };
    const before = await rows();
    const asked = await askedOf(await browser.post('/sign-in/options', {}));
    assert.equal(await rows(), before, 'asking writes nothing');
    const response = browser.device.prove(asked);
    const twice = await Promise.all([1, 2, 3].map(() => browser.post('/sign-in/verify', { response })));
    assert.deepEqual(twice.map(({ status }) => status).sort(), [200, 400, 400]);
    assert.deepEqual(await refusalOf(await browser.post('/sign-in/verify', { response })), again);

    const late = browser.device.prove(await askedOf(await browser.post('/sign-in/options', {})));
    lab.clock.advance(301);
    assert.deepEqual(await refusalOf(await browser.post('/sign-in/verify', { response: late })), again);
    await demandOk(await signIn(browser));

    const forSignIn = await askedOf(await browser.post('/sign-in/options', {}));
    const forPresence = await askedOf(await browser.post('/presence/options', {}));
    const crossed = [
      await browser.post('/presence/verify', { response: browser.device.prove(forSignIn) }),
      await browser.post('/sign-in/verify', { response: browser.device.prove(forPresence) }),
    ];
    for (const answer of crossed) assert.deepEqual(await refusalOf(answer), again);
    const made = { challenge: Buffer.from('made up').toString('base64url') };
    assert.deepEqual(await refusalOf(await signIn(browser, made)), again);
    await demandOk(await browser.post('/presence/verify', { response: browser.device.prove(forPresence) }));

    const other = openBrowser(lab, { device: browser.device });
    await demandOk(await signIn(other));
    const elsewhere = await askedOf(await other.post('/presence/options', {}));
    const stolen = { response: browser.device.prove(elsewhere) };
    assert.deepEqual(await refusalOf(await browser.post('/presence/verify', stolen)), again);
    await lab.issuer.close();
  });

  void test('ACCOUNT-7: a challenge that was given for one link answers for no other', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab);
    const links = [];
    for (const name of ['Ada', 'Eve']) {
      const invited = await lab.issuer.accounts?.invite({ name });
      assert.ok(invited?.kind === 'invited');
      links.push(codeOf(invited.link));
    }
    const [one, two] = links;
    const asked = await askedOf(await browser.post('/enrol/options', { code: one }));
    const response = browser.device.make(asked);
    const crossed = await browser.post('/enrol/verify', { code: two, name: 'Phone', response });
    assert.deepEqual(await refusalOf(crossed), [400, 'challenge_refused']);
    await demandOk(await browser.post('/enrol/verify', { code: one, name: 'Phone', response }));
    await lab.issuer.close();
  });

  void test('ACCOUNT-8: a counter that goes back is refused and told; one that does not count is taken', async () => {
    const lab = await openPeopleLab();
    const browser = openBrowser(lab, { device: createAuthenticator({ origin: issuerUrl, counts: true }) });
    const first = await lab.issuer.accounts?.inviteFirst();
    await demandOk(await enrol(browser, first?.link ?? ''));
    await demandOk(await signIn(browser));
    await demandOk(await signIn(browser));
    for (const counter of [2, 1, 0]) {
      assert.deepEqual(await refusalOf(await signIn(browser, { counter })), refused);
      assert.deepEqual(await refusalOf(await provePresence(browser, { counter })), refused);
    }
    const told = await lab.storage.listAudit({ kind: 'passkey_refused', limit: 10 });
    assert.equal(told.length, 6);
    assert.equal(told[0]?.fields['reason'], 'counter');
    const subject = String(told[0].fields['subject']);
    const events = await lab.storage.listEvents({ subject, limit: 50 });
    assert.equal(events.filter(({ kind }) => kind === 'passkey_refused').length, 6);
    await demandOk(await signIn(browser, { counter: 100 }));
    const still = await openAnother(lab);
    for (let n = 0; n < 3; n++) await demandOk(await signIn(still, { counter: 0 }));
    await lab.issuer.close();
  });

  void test('ACCOUNT-9: a refusal says nothing about whether there is a passkey or an account', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const disabled = await openAnother(lab);
    const subject = (await lab.issuer.accounts?.find({ name: 'Eve' }))?.subject ?? '';
    await lab.issuer.accounts?.disable({ subject });
    const answers = [
      await signIn(browser, { id: 'AAAAAAAAAAAAAAAAAAAAAA' }),
      await signIn(browser, { spoilSignature: true }),
      await signIn(disabled),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400, 400],
    );
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    assert.equal(new Set(bodies).size, 1);
    assert.match(bodies[0] ?? '', /"passkey_refused"/);
    const named = [
      { account: 'operator', code: 'AAAA-AAAA-AAAA-AAAA-AAAA' },
      { account: 'operatorx', code: 'AAAA-AAAA-AAAA-AAAA-AAAA' },
    ];
    const guest = openBrowser(lab);
    const pages = await Promise.all(named.map(async (form) => guest.submit('/sign-in/recovery', form)));
    assert.deepEqual(
      pages.map(({ status }) => status),
      [400, 400],
    );
    assert.equal(new Set(await Promise.all(pages.map((answer) => answer.text()))).size, 1);
    await demandOk(await signIn(browser));
    await lab.issuer.close();
  });

  void test('ACCOUNT-11: after a sign-in or a proof of presence a person goes on to one of our pages for people', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const rows: readonly (readonly [string, string])[] = [
      ['/account', '/account'],
      ['/account/recovery-codes', '/account/recovery-codes'],
      ['/console/keys?x=1', '/console/keys?x=1'],
      ['/authorize?request=abc', '/authorize?request=abc'],
      ['/account/../token', '/account'],
      ['/account/%2e%2e/token', '/account'],
      ['https://evil.example/account', '/account'],
      ['//evil.example/console', '/account'],
      ['/\\evil.example/account', '/account'],
      ['/\t/evil.example/account', '/account'],
      ['/account\r\nset-cookie: x=y', '/account'],
      ['javascript:alert(1)', '/account'],
      ['account', '/account'],
      ['/token', '/account'],
      ['/sign-out', '/account'],
      ['', '/account'],
    ];
    for (const [asked, expected] of rows) {
      const answer = await browser.get(`/sign-in?${String(new URLSearchParams({ return_to: asked }))}`);
      assert.equal(answer.headers.get('location'), expected, asked);
      const shown = await browser.get(`/presence?${String(new URLSearchParams({ return_to: asked }))}`);
      const onPage = /data-return-to="([^"]*)"/.exec(await shown.text())?.[1];
      assert.equal(onPage?.replaceAll('&amp;', '&'), expected, asked);
      const challenge = await askedOf(await browser.post('/presence/options', {}));
      const response = browser.device.prove(challenge);
      const proved = await browser.post('/presence/verify', { response, return_to: asked });
      assert.deepEqual(await proved.json(), { location: expected });
    }
    const signedIn = await signIn(browser, { return_to: '//evil.example' });
    assert.deepEqual(await signedIn.json(), { location: '/account' });
    await lab.issuer.close();
  });

  void test('ACCOUNT-12: presence is proved by a passkey of the account that is signed in', async () => {
    const lab = await openPeopleLab();
    const [browser, eve] = [await openFirst(lab), await openAnother(lab)];
    const away = openBrowser(lab);
    assert.equal(
      (await away.get('/presence?return_to=/console')).headers.get('location'),
      '/sign-in?return_to=%2Fconsole',
    );
    assert.deepEqual(await refusalOf(await away.post('/presence/options', {})), [400, 'session_ended']);
    lab.clock.advance(299);
    assert.equal((await browser.get('/account/recovery-codes')).status, 200);
    lab.clock.advance(302);
    const absent = await browser.get('/account/recovery-codes');
    assert.equal(absent.headers.get('location'), '/presence?return_to=%2Faccount%2Frecovery-codes');
    assert.equal((await browser.get('/presence')).status, 200);
    const asked = await askedOf(await browser.post('/presence/options', {}));
    const foreignKey = { ...asked, allowCredentials: [] };
    const byEve = await browser.post('/presence/verify', { response: eve.device.prove(foreignKey) });
    assert.deepEqual(await refusalOf(byEve), refused);
    assert.equal((await browser.get('/account/recovery-codes')).status, 303);
    await demandOk(await provePresence(browser));
    assert.equal((await browser.get('/account/recovery-codes')).status, 200);
    await lab.issuer.close();
  });

  void test('ACCOUNT-16: only a page of the issuer may ask for any of it', async () => {
    const lab = await openPeopleLab();
    const browser = await openFirst(lab);
    const stranger = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } };
    for (const path of [
      ...['/sign-in/options', '/sign-in/verify', '/enrol/options', '/enrol/verify'],
      ...['/presence/options', '/presence/verify', '/account/passkeys/options', '/account/passkeys'],
    ])
      assert.deepEqual(
        await refusalOf(await browser.post(path, {}, stranger)),
        [403, 'request_cross_site'],
        path,
      );
    for (const path of ['/sign-in/recovery', '/sign-out', '/account/recovery-codes'])
      assert.equal((await browser.submit(path, {}, stranger)).status, 403, path);
    assert.equal(await isSignedIn(browser), true);
    await lab.issuer.close();
  });

  void test('ACCOUNT-17: people need an issuer with a host name', async () => {
    for (const issuer of ['http://127.0.0.1:4080', 'http://[::1]:4080', 'https://192.0.2.7'])
      await assert.rejects(
        openLab({ issuer, people: {} }),
        /browsers make no passkeys for the address .* host name/,
      );
    const lab = await openLab({ issuer: 'http://localhost:4080', people: {} });
    await lab.issuer.close();
  });
});
