import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { signAssertion, signProof, type SigningKey } from '@symbolon/token';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
  codeFor,
  consent,
  get,
  handleOn,
  locationOf,
  openLinkLab,
  signIn,
  submit,
  type Asked,
  type Browser,
  type LinkLab,
} from './lab.ts';
import { readDocument } from '../../src/clients/client-document.ts';
import { openDocuments, type Documents } from './document-lab.ts';
import { api, issuerUrl, newKey, openLab, refusalOf, tokensOf } from '../support.ts';

const audiences = [{ audience: api, scope: ['read'] }];
const url = 'http://localhost';
const callback = 'https://app.example/callback';
const goodbye = 'https://app.example/goodbye';
let documents: Documents;
before(async () => {
  documents = await openDocuments();
});
after(() => {
  documents.close();
});

const open = (people: Parameters<typeof openLinkLab>[0] = {}): Promise<LinkLab> =>
  openLinkLab({
    issuer: url,
    people: { registration: { dynamic: { audiences }, documents: { audiences } } },
    ...people,
  });

function register(lab: LinkLab, over: Record<string, unknown> = {}, address?: string): Promise<Response> {
  const body = JSON.stringify({
    ...{ redirect_uris: [callback], client_name: 'A stranger', post_logout_redirect_uris: [goodbye] },
    ...over,
  });
  const headers = { 'content-type': 'application/json' };
  return lab.issuer.fetch(new Request(`${issuerUrl}/register`, { method: 'POST', headers, body }), {
    address,
  });
}

async function registered(lab: LinkLab, over: Record<string, unknown> = {}): Promise<string> {
  const body = (await (await register(lab, over)).json()) as Record<string, unknown>;
  return String(body['client_id']);
}

const authorize = (lab: LinkLab, { parameters }: Asked, address?: string): Promise<Response> =>
  lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters)), { address });

async function codeOnPage(answer: Response): Promise<[number, string | undefined]> {
  assert.equal(answer.headers.get('location'), null, 'nobody is sent anywhere');
  return [answer.status, /<code>(\w+)<\/code>/.exec(await answer.text())?.[1]];
}

/** The one link out of this host on a page, and the page. */
async function linkOn(answer: Response): Promise<[string | undefined, string]> {
  assert.equal(answer.headers.get('location'), null, 'nobody is sent anywhere');
  const text = await answer.text();
  const links = [...text.matchAll(/<a class="button[^"]*" href="(https?:[^"]*)"/g)];
  assert.equal(links.length, 1);
  return [links[0]?.[1]?.replaceAll('&amp;', '&'), text];
}

void test('AUTHORIZE-45: an address that a stranger registered is not gone to without a word of the person', async () => {
  const lab = await open();
  const stranger = await registered(lab);
  const own = await addApplication(lab, { postLogoutRedirectUris: [goodbye] });
  const document = documents.describe('/stranger', { client_name: 'A page' });
  const browser = await signIn(lab, { url });

  const faulty = { response_type: 'token' };
  const [href, text] = await linkOn(await authorize(lab, await ask(stranger, faulty)));
  const to = new URL(href ?? '');
  assert.deepEqual(
    [to.origin + to.pathname, to.searchParams.get('error'), to.searchParams.get('state')],
    [callback, 'unsupported_response_type', 'the state'],
  );
  assert.match(text, /A stranger<\/bdi> registered itself/);
  assert.match(text, /Continue to <bdi class="host">app\.example<\/bdi>/);
  const at = { ...faulty, redirect_uri: `${documents.origin}/cb` };
  const [, ofDocument] = await linkOn(await authorize(lab, await ask(document, at)));
  assert.match(ofDocument, /Nobody here has looked at <bdi class="name">A page/);
  assert.equal(locationOf(await authorize(lab, await ask(own, faulty))).origin, 'https://app.example');

  for (const [who, error] of [
    [undefined, 'login_required'],
    [browser, 'consent_required'],
  ] as const) {
    const silent = { prompt: 'none' };
    const asked = await ask(stranger, silent);
    const [back] = await linkOn(await arrive(lab, asked.parameters, who));
    assert.equal(new URL(back ?? '').searchParams.get('error'), error);
    const sent = locationOf(await arrive(lab, (await ask(own, silent)).parameters, who));
    assert.deepEqual([sent.origin, sent.searchParams.get('error')], ['https://app.example', error]);
  }

  const posted = await authorize(lab, await ask(stranger, { ...faulty, response_mode: 'form_post' }));
  assert.match(posted.headers.get('content-security-policy') ?? '', /form-action https:\/\/app\.example;/);
  const page = await posted.text();
  assert.match(page, /<form method="post" action="https:\/\/app\.example\/callback">/);
  assert.match(page, /name="error" value="unsupported_response_type"/);
  assert.doesNotMatch(page, /<script[^>]*form-post/, 'sent by the person alone');
  assert.match(
    await (await authorize(lab, await ask(own, { ...faulty, response_mode: 'form_post' }))).text(),
    /form-post/,
  );

  const said = await consent(lab, await ask(stranger), browser, 'refuse');
  assert.deepEqual([said.origin, said.searchParams.get('error')], ['https://app.example', 'access_denied']);
  await lab.issuer.close();
});

void test('AUTHORIZE-45: whose address it is stands there whole, however long it is', async () => {
  const lab = await open();
  const host = `accounts.bank.example.${'sign-in.'.repeat(20)}evil.example`;
  const long = await registered(lab, { redirect_uris: [`https://${host}/cb`] });
  const at = { redirect_uri: `https://${host}/cb` };
  const [, text] = await linkOn(await authorize(lab, await ask(long, { ...at, response_type: 'token' })));
  assert.ok(text.includes(`<span>Continue to <bdi class="host">${host}</bdi></span>`));
  const shown = await arrive(lab, (await ask(long, at)).parameters, await signIn(lab, { url }));
  assert.ok((await shown.text()).includes(`<bdi class="host">${host}</bdi>`));
  await lab.issuer.close();
});

void test('AUTHORIZE-45: after a sign-out, too, only the person leads to an address of a stranger', async () => {
  const lab = await open();
  const stranger = await registered(lab);
  const own = await addApplication(lab, { postLogoutRedirectUris: [goodbye] });
  const leave = (client_id: string, browser?: Browser): Promise<Response> => {
    const wanted = new URLSearchParams({ client_id, post_logout_redirect_uri: goodbye, state: 's' });
    return get(lab, `/logout?${wanted.toString()}`, browser);
  };
  const confirm = (client_id: string, browser: Browser, cookie = browser.cookie): Promise<Response> => {
    const form = { client_id, post_logout_redirect_uri: goodbye, state: 's', session: browser.sid };
    return submit(lab, '/logout/confirm', { form, ...(cookie === '' ? {} : { browser: { cookie } }) });
  };
  assert.equal((await linkOn(await leave(stranger)))[0], `${goodbye}?state=s`);
  assert.equal(locationOf(await leave(own)).href, `${goodbye}?state=s`);
  const browser = await signIn(lab, { url });
  assert.equal((await linkOn(await confirm(stranger, browser, '')))[0], `${goodbye}?state=s`);
  const asked = await leave(stranger, browser);
  assert.match(await asked.text(), /You will be sent to <bdi class="host">app\.example/);
  assert.equal(locationOf(await confirm(stranger, browser)).href, `${goodbye}?state=s`, 'said on a page');
  await lab.issuer.close();
});

void test('AUTHORIZE-42: no sender uses up what everybody may register, and a network is one sender', async () => {
  const lab = await open({
    people: { registration: { dynamic: { audiences, perHour: 12, perSender: 3 } } },
  });
  const from = async (address: string): Promise<number> => (await register(lab, {}, address)).status;
  const greedy: number[] = [];
  for (let turn = 0; turn < 20; turn++) greedy.push(await from(`2001:db8:0:1::${turn.toString(16)}`));
  assert.deepEqual(
    greedy,
    greedy.map((_, turn) => (turn < 3 ? 201 : 429)),
  );
  assert.equal(await from('2001:db8:0:2::1'), 201, 'another network');
  assert.equal(await from('192.0.2.1'), 201);
  const malformed = await register(lab, { redirect_uris: [] }, '192.0.2.2');
  assert.deepEqual(await refusalOf(malformed), [400, 'redirect_uri_refused']);
  const refused = await register(lab, {}, '2001:db8:0:1::1');
  assert.equal(refused.headers.get('retry-after'), '3600');
  assert.deepEqual(await refusalOf(refused), [429, 'registration_limit']);
  lab.clock.advance(3601);
  assert.equal(await from('2001:db8:0:1::1'), 201);
  await lab.issuer.close();
});

const atHome = (): Record<string, string> => ({ redirect_uri: `${documents.origin}/cb` });

void test('AUTHORIZE-46: new documents are read so often for a sender, and known ones by no replica before their time', async () => {
  const lab = await open({
    people: { registration: { documents: { audiences, perHour: 100, perSender: 3 } } },
  });
  const go = async (path: string, address: string): Promise<Response> =>
    authorize(lab, await ask(documents.origin + path, atHome()), address);
  documents.describe('/early');
  assert.equal((await go('/early', '192.0.2.1')).status, 303);
  for (const path of ['/nothing-1', '/nothing-2'])
    assert.deepEqual(await codeOnPage(await go(path, '192.0.2.1')), [400, 'client_unknown']);
  documents.describe('/late');
  assert.deepEqual(await codeOnPage(await go('/late', '192.0.2.1')), [429, 'registration_limit']);
  assert.equal(documents.reads('/late'), 0);
  assert.equal((await go('/late', '192.0.2.2')).status, 303, 'another sender');
  assert.equal((await go('/early', '192.0.2.1')).status, 303, 'known: it costs nothing');
  assert.equal((await go('/late', '192.0.2.1')).status, 303);
  lab.clock.advance(1800);
  assert.equal((await go('/early', '192.0.2.3')).status, 303);
  assert.deepEqual([documents.reads('/early'), documents.reads('/late')], [1, 1]);
  await lab.issuer.close();
});

void test('AUTHORIZE-46: where no more may register, or the store fails, it is said, and nothing is held against the document', async () => {
  const lab = await open({ people: { registration: { documents: { audiences, perHour: 2 } } } });
  const [first, second, third] = ['/one', '/two', '/three'].map((path) => documents.describe(path));
  const go = async (id = ''): Promise<Response> => authorize(lab, await ask(id, atHome()));
  const batch = lab.engine.batch.bind(lab.engine);
  const full = { batch: () => Promise.reject(new Error('disk full')) };
  Object.assign(lab.engine, full);
  assert.equal((await go(first)).status, 500);
  assert.deepEqual(lab.faults.splice(0).map(String), ['Error: disk full']);
  Object.assign(lab.engine, { batch });
  assert.equal((await go(first)).status, 303, 'read again at once');
  assert.equal((await go(second)).status, 303);
  assert.deepEqual(await codeOnPage(await go(third)), [429, 'registration_limit']);
  lab.clock.advance(3600);
  assert.equal((await go(third)).status, 303);
  assert.deepEqual(lab.faults, []);
  await lab.issuer.close();
});

void test('AUTHORIZE-46: one host has so many new documents read in an hour, and the others go on', async () => {
  const lab = await open();
  const go = async (origin: string, turn: number): Promise<Response> => {
    const asked = await ask(`${origin}/absent-${String(turn)}`, atHome());
    return authorize(lab, asked, `192.0.2.${String(Math.floor(turn / 10))}`);
  };
  for (let turn = 0; turn < 60; turn++)
    assert.deepEqual(await codeOnPage(await go(documents.origin, turn)), [400, 'client_unknown']);
  assert.deepEqual(await codeOnPage(await go(documents.origin, 60)), [429, 'registration_limit']);
  assert.deepEqual(
    await codeOnPage(await go('http://127.0.0.1:9', 60)),
    [429, 'registration_limit'],
    'a port',
  );
  assert.deepEqual(await codeOnPage(await go('http://[::1]:9', 61)), [400, 'client_unknown'], 'another host');
  await lab.issuer.close();
});

void test('AUTHORIZE-55: of one host two documents are read at once and two wait, and those known and unknown take each other no place', async (t) => {
  const lab = await open();
  const known = documents.describe('/known');
  assert.equal((await authorize(lab, await ask(known, atHome()))).status, 303);
  lab.clock.advance(3601);
  const { promise: gate, resolve: release } = Promise.withResolvers<undefined>();
  t.after(() => {
    release(undefined);
  });
  const paths = ['/slow-1', '/slow-2', '/slow-3', '/slow-4'];
  for (const path of paths) {
    documents.describe(path);
    documents.set(path, { ...documents.served(path), after: gate });
  }
  const go = async (id: string): Promise<Response> => authorize(lab, await ask(id, atHome()));
  const slow = Promise.all(paths.map((path) => go(documents.origin + path)));
  const begun = () => paths.filter((path) => documents.reads(path) > 0).length;
  while (begun() < 2) await setImmediate();
  const refused = await go(documents.describe('/fifth'));
  assert.equal(refused.headers.get('retry-after'), '5');
  assert.deepEqual(await codeOnPage(refused), [503, 'readings_exceeded']);
  assert.deepEqual(
    await codeOnPage(await go('http://[::1]:9/client')),
    [400, 'client_unknown'],
    'another host',
  );
  assert.equal((await go(known)).status, 303);
  assert.equal(documents.reads('/known'), 2, 'read again meanwhile');
  assert.equal(begun(), 2, 'the others wait');
  release(undefined);
  assert.deepEqual(
    (await slow).map(({ status }) => status),
    [303, 303, 303, 303],
  );
  assert.equal((await go(`${documents.origin}/fifth`)).status, 303, 'it comes again');
  await lab.issuer.close();
});

void test('AUTHORIZE-43: a document at another port than 443 is not read, but on a developer’s machine', async () => {
  const local = await open();
  const at = async (lab: LinkLab, id: string) => codeOnPage(await authorize(lab, await ask(id)));
  const refused = [400, 'client_document_port'];
  assert.deepEqual(await at(local, 'https://app.example:8443/client'), refused);
  const id = documents.describe('/with-a-port');
  assert.equal((await authorize(local, await ask(id, atHome()))).status, 303, 'on loopback');
  await local.issuer.close();
  const lab = await open({ issuer: issuerUrl });
  assert.deepEqual(await at(lab, 'https://localhost:8443/client'), refused);
  assert.deepEqual(
    await at(lab, 'https://127.0.0.1/client'),
    [400, 'client_unknown'],
    'it could not be read',
  );
  const pushed = { client_id: 'https://app.example:444/client' };
  const answer = await lab.issuer.fetch(
    new Request(`${issuerUrl}/par`, { method: 'POST', body: new URLSearchParams(pushed) }),
  );
  assert.deepEqual(await refusalOf(answer), [401, 'client_document_port']);
  await lab.issuer.close();
});

void test('AUTHORIZE-43: neither is one that is known from before, nor its keys', async () => {
  const called: string[] = [];
  const read = (id: string, loopback: boolean) =>
    readDocument(id, {
      ...{ loopback, policy: { audiences, perHour: 1, perSender: 1 } },
      outbound: ({ url }) => {
        called.push(url);
        return Promise.reject(new Error('no answer'));
      },
    });
  for (const port of ['8443', '80']) {
    await assert.rejects(read(`https://app.example:${port}/client`, false), /unexpected port/);
    await assert.rejects(read(`https://app.example:${port}/client`, true), /unexpected port/);
  }
  assert.equal(called.length, 0);
  for (const [id, loopback] of [
    ['https://app.example/client', false] as const,
    [`${url}:8443/client`, true] as const,
  ]) {
    await assert.rejects(read(id, loopback), /no answer/);
    assert.equal(called.at(-1), id);
  }
});

async function askToken(
  lab: LinkLab,
  { form, holder }: { form: Record<string, string>; holder?: SigningKey },
): Promise<Response> {
  const made = { method: 'POST', url: `${url}/token`, now: lab.clock.now() / 1000 };
  const headers = holder === undefined ? {} : { dpop: await signProof(made, holder) };
  const body = new URLSearchParams(form);
  return lab.issuer.fetch(new Request(`${issuerUrl}/token`, { method: 'POST', headers, body }));
}

/** An application known by its document that somebody has linked. */
async function linked(lab: LinkLab, path: string): Promise<{ renew: () => Promise<Response>; id: string }> {
  const id = documents.describe(path, { dpop_bound_access_tokens: true });
  const browser = await signIn(lab, { url });
  const { holder, verifier, ...asked } = await ask(id, atHome());
  const code = await codeFor(lab, { holder, verifier, ...asked }, browser);
  const given = { client_id: id, grant_type: 'authorization_code', code, code_verifier: verifier };
  const redeemed = await askToken(lab, { form: { ...given, ...atHome() }, holder });
  let { refresh_token: refreshToken = '' } = await tokensOf(redeemed);
  const renew = async (): Promise<Response> => {
    const form = { client_id: id, grant_type: 'refresh_token', refresh_token: refreshToken };
    const answer = await askToken(lab, { form, holder });
    if (answer.status === 200) ({ refresh_token: refreshToken = '' } = await tokensOf(answer.clone()));
    return answer;
  };
  return { renew, id };
}

const day = 24 * 3600;

void test('AUTHORIZE-47: the token endpoint reads a document again, and trusts none that was not read for a week', async () => {
  const lab = await open();
  const { renew } = await linked(lab, '/linked');
  assert.deepEqual([(await renew()).status, documents.reads('/linked')], [200, 1]);
  lab.clock.advance(3601);
  assert.deepEqual([(await renew()).status, documents.reads('/linked')], [200, 2]);
  documents.set('/linked', { body: 'broken', status: 500 });
  for (const days of [3, 3]) {
    lab.clock.advance(days * day);
    assert.equal((await renew()).status, 200, 'a host may be down for some days');
  }
  assert.equal(documents.reads('/linked'), 4);
  lab.clock.advance(day);
  assert.deepEqual(await refusalOf(await renew()), [401, 'client_document_lapsed']);
  const asked = await ask(`${documents.origin}/linked`, atHome());
  assert.deepEqual(await codeOnPage(await authorize(lab, asked)), [400, 'client_document_lapsed']);
  documents.describe('/linked', { dpop_bound_access_tokens: true });
  lab.clock.advance(239);
  assert.equal((await renew()).status, 401, 'after three failures it is not asked for four minutes');
  lab.clock.advance(7);
  assert.equal((await renew()).status, 200, 'the session has waited');
  await lab.issuer.close();
});

void test('AUTHORIZE-48: without the switch no document makes a client, and who registered before stays', async () => {
  const lab = await open();
  const { renew, id } = await linked(lab, '/switched');
  assert.equal((await renew()).status, 200);
  const dynamic = await registered(lab);
  const storage = { ...lab.storage, close: () => Promise.resolve() };
  const { issuer } = await openLab({ issuer: url, people: {}, storage, clock: lab.clock.now });
  const off = { ...lab, issuer };
  const at = await ask(id, atHome());
  assert.deepEqual(await codeOnPage(await authorize(off, at)), [400, 'client_unknown']);
  const form = { client_id: id, grant_type: 'refresh_token', refresh_token: 'x' };
  assert.deepEqual(await refusalOf(await askToken(off, { form })), [401, 'client_unknown']);
  assert.deepEqual(await refusalOf(await askToken(lab, { form })), [400, 'proof_missing'], 'where it is on');
  const pushed = { ...at.parameters };
  const push = await off.issuer.fetch(
    new Request(`${issuerUrl}/par`, { method: 'POST', body: new URLSearchParams(pushed) }),
  );
  assert.deepEqual(await refusalOf(push), [401, 'client_unknown']);
  const browser = await signIn(off, { url });
  assert.equal((await arrive(off, (await ask(dynamic)).parameters, browser)).status, 200);
  await issuer.close();
  await lab.issuer.close();
});

/** As many requests as that stand, of one client. */
const fill = (
  lab: LinkLab,
  { clientId, many, as = '' }: { clientId: string; many: number; as?: string },
): Promise<unknown> =>
  lab.engine.batch([
    {
      sql: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
        INSERT INTO authorization_requests (hash, client_id, parameters, created_at, expires_at)
        SELECT $3 || $1 || i, $1, '{}', now_us(), now_us() + 1800000000 FROM n`,
      values: [clientId, many, as],
    },
  ]);

void test('AUTHORIZE-53: so many requests wait, and then newcomers are told to come later, while those that wait go on', async () => {
  const lab = await open();
  const browser = await signIn(lab, { url });
  const [one, two, third] = [await addApplication(lab), await addApplication(lab), await addApplication(lab)];
  const running = await ask(third);
  const handle = await handleOn(await arrive(lab, running.parameters, browser));
  await fill(lab, { clientId: one, many: 49_999 });
  await fill(lab, { clientId: two, many: 49_998 });
  lab.clock.advance(1);
  const go = async (id: string): Promise<string | null> =>
    locationOf(await authorize(lab, await ask(id))).searchParams.get('error');
  assert.equal(await go(one), null);
  assert.equal(await go(one), 'temporarily_unavailable', 'its own places are taken');
  assert.equal(await go(third), null);
  assert.equal(await go(third), 'temporarily_unavailable', 'all places are taken');
  lab.clock.advance(1);
  assert.equal(await go(third), 'temporarily_unavailable', 'counted anew');
  const form = { request: handle, session: browser.sid, decision: 'allow' };
  const said = await submit(lab, '/authorize/consent', { form, browser });
  assert.notEqual(locationOf(said).searchParams.get('code'), null, 'nobody loses a running sign-in');
  lab.clock.advance(1);
  assert.equal(await go(third), null, 'and leaves a place');
  lab.clock.advance(1801);
  assert.equal(await go(one), null);
  await lab.issuer.close();
});

void test('AUTHORIZE-53: a client that registered itself takes few places', async () => {
  const lab = await open();
  const stranger = await registered(lab);
  await fill(lab, { clientId: stranger, many: 1999 });
  assert.equal((await authorize(lab, await ask(stranger))).status, 303);
  assert.deepEqual(await codeOnPage(await authorize(lab, await ask(stranger))), [503, 'requests_exceeded']);
  assert.equal((await authorize(lab, await ask(await addApplication(lab)))).status, 303);
  await lab.issuer.close();
});

/** An application with a key, and what it pushes. */
async function keyed(
  lab: LinkLab,
  add: (own: { jwk: Record<string, unknown> }) => Promise<string>,
): Promise<{ id: string; push: () => Promise<Response> }> {
  const own = await newKey();
  const id = await add({ jwk: { ...own.jwk, kid: 'k' } });
  const push = async (): Promise<Response> => {
    const now = lab.clock.now() / 1000;
    const form = new URLSearchParams({
      ...(await ask(id)).parameters,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion({ clientId: id, issuer: url, now }, own),
    });
    return lab.issuer.fetch(new Request(`${issuerUrl}/par`, { method: 'POST', body: form }));
  };
  return { id, push };
}

const keyedStranger = (lab: LinkLab) =>
  keyed(lab, ({ jwk }) =>
    registered(lab, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } }),
  );

void test('AUTHORIZE-53: what a client proved by its key, and what strangers open in its name, are counted apart', async () => {
  const lab = await open();
  const { id, push } = await keyedStranger(lab);
  await fill(lab, { clientId: id, many: 2000 });
  assert.deepEqual(await codeOnPage(await authorize(lab, await ask(id))), [503, 'requests_exceeded']);
  const pushed = await push();
  assert.equal(pushed.status, 201, 'strangers take none of its places');
  const { request_uri = '' } = (await pushed.json()) as Record<string, string>;
  const go = new URLSearchParams({ client_id: id, request_uri });
  const opened = await lab.issuer.fetch(new Request(`${issuerUrl}/authorize?${go.toString()}`));
  assert.equal(opened.status, 303, 'and it is opened');
  await fill(lab, { clientId: id, many: 2000, as: 'k.' });
  lab.clock.advance(2);
  assert.deepEqual(await refusalOf(await push()), [503, 'requests_exceeded'], 'its own number');
  await lab.issuer.close();
});

void test('AUTHORIZE-56: of what was proved by keys so many wait, the last of them for clients that somebody has linked, and for operators’', async () => {
  const lab = await open();
  const browser = await signIn(lab, { url });
  const [stranger, linked] = [await keyedStranger(lab), await keyedStranger(lab)];
  const own = await keyed(lab, async ({ jwk: { kid: _, ...jwk } }) =>
    addApplication(lab, { kind: 'web', keys: [jwk] }),
  );
  const asked = await ask(linked.id);
  const at = locationOf(await authorize(lab, asked));
  const request = await handleOn(await get(lab, at.href, browser));
  const form = { request, session: browser.sid, decision: 'allow' };
  assert.notEqual(
    locationOf(await submit(lab, '/authorize/consent', { form, browser })).searchParams.get('code'),
    null,
  );
  const many = await addApplication(lab);
  const seen = async (): Promise<readonly number[]> => {
    lab.clock.advance(2);
    const answers = [await stranger.push(), await linked.push(), await own.push()];
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      assert.equal(answer.headers.get('retry-after'), '60');
      assert.deepEqual(await refusalOf(answer), [503, 'requests_exceeded']);
    }
    return answers.map(({ status }) => status);
  };
  const waiting = (more: number) => fill(lab, { clientId: many, many: more, as: `k.${String(more)}.` });
  await waiting(49_999);
  assert.deepEqual(await seen(), [201, 201, 201]);
  assert.deepEqual(await seen(), [503, 201, 201], 'nobody has linked it');
  await waiting(49_994);
  assert.deepEqual(await seen(), [503, 201, 201]);
  assert.deepEqual(await seen(), [503, 503, 201], 'the last places are for those that operators added');
  await waiting(50_000);
  assert.deepEqual(await seen(), [503, 503, 503]);
  lab.clock.advance(1801);
  assert.deepEqual(await seen(), [201, 201, 201]);
  await lab.issuer.close();
});

void test('AUTHORIZE-53: a sender has only so many of one client open, and so many in all', async () => {
  const lab = await open();
  const [stranger, another] = [await registered(lab), await registered(lab)];
  const browser = await signIn(lab, { url });
  const go = async (client: string, address: string, cookie?: string): Promise<Response> => {
    const { parameters } = await ask(client, cookie === undefined ? {} : { prompt: 'none' });
    const headers = cookie === undefined ? {} : { cookie };
    return lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters), { headers }), { address });
  };
  const refused = [503, 'requests_exceeded'];
  for (let turn = 0; turn < 50; turn++)
    assert.equal((await go(stranger, `2001:db8:0:1::${String(turn)}`)).status, 303);
  assert.deepEqual(await codeOnPage(await go(stranger, '2001:db8:0:1::aa')), refused);
  assert.equal((await go(another, '2001:db8:0:1::aa')).status, 303, 'another client');
  assert.equal((await go(stranger, '192.0.2.1')).status, 303, 'another sender');
  assert.equal((await authorize(lab, await ask(stranger))).status, 303, 'a sender that nobody knows');
  lab.clock.advance(60);
  for (let turn = 0; turn < 60; turn++) {
    const silent = await go(stranger, '192.0.2.2', browser.cookie);
    assert.equal(silent.status, 303, 'what is kept');
    await get(lab, new URL(silent.headers.get('location') ?? '', url).href.slice(url.length));
  }
  const own = [await addApplication(lab), await addApplication(lab)];
  for (let turn = 0; turn < 200; turn++) {
    if (turn % 100 === 0) lab.clock.advance(60);
    assert.equal((await go(own[turn % 2] ?? '', '192.0.2.3')).status, 303);
  }
  const full = locationOf(await go(own[0] ?? '', '192.0.2.3')).searchParams.get('error');
  assert.equal(full, 'temporarily_unavailable');
  lab.clock.advance(1800);
  assert.equal((await go(stranger, '2001:db8:0:1::aa')).status, 303, 'their time is over');
  await lab.issuer.close();
});

void test('AUTHORIZE-53: what another process has answered holds no place any more', async () => {
  const lab = await open();
  const stranger = await registered(lab);
  const people = { registration: { dynamic: { audiences } } };
  const other = await openLab({ issuer: url, people, storage: lab.storage, clock: lab.clock.now });
  const browser = await signIn(lab, { url });
  const [address, headers] = ['192.0.2.9', { cookie: browser.cookie }];
  const go = async (): Promise<Response> => {
    const { parameters } = await ask(stranger, { prompt: 'none' });
    return lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters), { headers }), { address });
  };
  const waiting = await Promise.all(Array.from({ length: 50 }, go));
  assert.deepEqual(await codeOnPage(await go()), [503, 'requests_exceeded']);
  for (const kept of waiting.slice(0, 2)) {
    const opened = new URL(kept.headers.get('location') ?? '', url).href.slice(url.length);
    const led = await other.issuer.fetch(new Request(issuerUrl + opened, { headers }));
    assert.match((await linkOn(led))[0] ?? '', /error=/);
  }
  assert.equal((await go()).status, 303);
  assert.equal((await go()).status, 303);
  assert.deepEqual(await codeOnPage(await go()), [503, 'requests_exceeded']);
  await other.issuer.close();
  await lab.issuer.close();
});

void test('AUTHORIZE-53: what a page embeds or its script fetches is refused before anything is kept', async () => {
  const lab = await open();
  const { parameters } = await ask(await addApplication(lab));
  const from = (destination: string, site = 'cross-site'): Promise<Response> => {
    const headers = { 'sec-fetch-dest': destination, 'sec-fetch-site': site };
    return lab.issuer.fetch(new Request(issuerUrl + authorizePath(parameters), { headers }));
  };
  for (const embedded of ['image', 'iframe', 'empty', 'script'])
    assert.deepEqual(await codeOnPage(await from(embedded)), [400, 'request_malformed'], embedded);
  assert.deepEqual(await codeOnPage(await from('iframe', 'cross-site')), [400, 'request_malformed']);
  assert.deepEqual(await codeOnPage(await from('image', 'same-site')), [400, 'request_malformed']);
  const [[row] = []] = await lab.engine.batch([
    { sql: 'SELECT count(*) AS many FROM authorization_requests', values: [] },
  ]);
  assert.equal(row?.['many'], 0);
  assert.equal((await from('document')).status, 303, 'a window');
  assert.equal((await from('iframe', 'same-site')).status, 303, 'an application that asks again in silence');
  await lab.issuer.close();
});
