import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIssuer } from '../src/index.ts';
import {
  addApplication,
  arrive,
  ask,
  authorizePath,
  consent,
  get,
  handleOn,
  locationOf,
  openLinkLab,
  redirectUri,
  signIn,
  submit,
} from './authorize/lab.ts';
import { asksForPasskey, leadsTo, openPageLab, submitAndFollow } from './people/page-lab.ts';
import { provePresence } from './people/people-lab.ts';
import { newClient } from './storage/lab.ts';
import { addMachine, api, askForToken, issuerUrl, newKey, openLab, testKeyring } from './support.ts';

const elsewhere = 'https://new.example/callback';

void test('ISSUER-107: a client gets another name, address, scope or key, judged as when it was added, and the audit log says what', async () => {
  const lab = await openLinkLab();
  const { clients } = lab.issuer;
  const app = await addApplication(lab);
  const before = (await clients.list()).find(({ id }) => id === app);
  const done = await clients.change(app, { name: 'Album', redirectUris: [elsewhere] }, 'test');
  assert.ok(done.kind === 'changed');
  assert.deepEqual(done.changed, ['name', 'redirect_uris']);
  const registration = { ...before?.registration, redirectUris: [elsewhere] };
  assert.deepEqual({ ...done.client }, { ...before, name: 'Album', registration });
  const again = await clients.change(app, { name: 'Album' }, 'test');
  assert.deepEqual(again.kind === 'changed' && again.changed, [], 'what is so already is no change');
  for (const [change, fault] of [
    [{ redirectUris: ['http://new.example/cb'] }, /is http, and not on loopback/],
    [{ audiences: [{ audience: 'https://nowhere.example' }] }, /unknown audience/],
    [{ keys: [{ ...(await newKey('ES256')).jwk }] }, /a public client has no keys/],
    [{ name: '' }, /expected/i],
    [{ name: 'Album\nof yours' }, /one line of text/],
  ] as const)
    await assert.rejects(clients.change(app, change as never, 'test'), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, fault);
      return true;
    });
  const made = newClient({ id: '-made.up', audiences: [{ audience: api, scope: ['read'] }] });
  await lab.storage.addClient(made);
  const renamed = await clients.change('-made.up', { name: 'Made up' });
  assert.ok(renamed.kind === 'changed' && renamed.client.id === '-made.up');
  await assert.rejects(clients.change('symbolon', { name: 'Mine' }), /issuer's own client/);
  for (const [by, why] of [
    ['document', /change it there/],
    ['dynamic', /registered itself/],
  ] as const) {
    const subject = { id: `subject-${by}`, handle: `handle-${by}` };
    const stranger = newClient({ id: `https://${by}.example/app`, kind: 'public', keys: [], bearer: true });
    const strange = { ...stranger, registration: { ...stranger.registration, by }, subject, by };
    assert.equal((await lab.storage.registerClient(strange, 10)).kind, 'registered');
    await assert.rejects(clients.change(stranger.id, { name: 'Mine' }), why);
  }
  assert.deepEqual(await clients.change('nobody', { name: 'x' }), { kind: 'unknown' });
  const lines = await lab.storage.listAudit({ kind: 'client_changed', limit: 10 });
  assert.deepEqual(
    lines.slice(0, 1).map(({ clientId, fields }) => ({ clientId, ...fields })),
    [{ clientId: app, by: 'test', changed: ['name', 'redirect_uris'] }],
  );
  await lab.issuer.close();
});

void test('ISSUER-108: what was taken away is refused at once, also of requests that are open, and what was allowed stands', async () => {
  const lab = await openLinkLab();
  const { clients } = lab.issuer;
  const app = await addApplication(lab, { redirectUris: [redirectUri, elsewhere] });
  const browser = await signIn(lab);
  const first = await ask(app);
  assert.ok((await consent(lab, first, browser)).searchParams.has('code'));
  for (const [change, over, refused, put] of [
    [{ redirectUris: [elsewhere] }, {}, /^redirect_uri_unknown$/, { redirectUris: [redirectUri, elsewhere] }],
    [
      { audiences: [{ audience: api, scope: ['read'] }] },
      { scope: 'read write' },
      /^scope_invalid$/,
      { audiences: [{ audience: api, scope: ['read', 'write'] }] },
    ],
  ] as const) {
    const asked = await ask(app, { ...over, prompt: 'consent' });
    const request = await handleOn(await arrive(lab, asked.parameters, browser));
    const form = { request, session: browser.sid, decision: 'allow' };
    assert.equal((await clients.change(app, change as never)).kind, 'changed');
    const answer = await submit(lab, '/authorize/consent', { form, browser });
    assert.equal(answer.headers.get('location'), null, 'nobody is sent to where it was');
    assert.equal(answer.headers.get('x-symbolon-refusal'), 'request_uri_unknown');
    assert.match(
      (await get(lab, authorizePath(asked.parameters))).headers.get('x-symbolon-refusal') ?? '',
      refused,
    );
    await clients.change(app, put as never);
    const back = locationOf(await submit(lab, '/authorize/consent', { form, browser }));
    assert.ok(back.searchParams.has('code'), 'only by that');
  }
  assert.ok(
    (await arrive(lab, first.parameters, browser)).headers.get('location')?.includes('code='),
    'unasked',
  );
  await lab.issuer.close();
});

void test('ISSUER-109: every process on the store forgets what it knew of a client as soon as it has read the feed', async () => {
  const lab = await openLab();
  const other = await createIssuer({
    ...{ issuer: issuerUrl, storage: { ...lab.storage, close: () => Promise.resolve() } },
    ...{
      audiences: [{ audience: api, scopes: ['read', 'write'] }],
      keyring: testKeyring,
      clock: lab.clock.now,
    },
  });
  const there = { ...lab, issuer: other };
  const machine = await addMachine(lab.issuer);
  assert.equal((await askForToken(there, machine)).status, 200, 'the old key, known to both');
  const next = await newKey('ES256');
  assert.equal((await lab.issuer.clients.change(machine.id, { keys: [{ ...next.jwk }] })).kind, 'changed');
  assert.equal((await askForToken(lab, machine)).status, 401);
  // Its clock stands still, so what it knows would never grow old.
  const deadline = performance.now() + 10_000;
  while ((await askForToken(there, machine)).status === 200 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal((await askForToken(there, machine)).status, 401);
  assert.equal((await askForToken(there, { ...machine, key: next })).status, 200, 'and the new one counts');
  await other.close();
  await lab.issuer.close();
});

void test('PAGE-60: the console changes a client with presence, and keeps what was typed where it is wrong', async () => {
  const lab = await openPageLab();
  const path = '/console/clients/app/change';
  const seen = seenIn(await (await lab.operator.get(path)).text());
  const typed = {
    seen,
    name: 'Album',
    redirect_uris: elsewhere,
    post_logout_redirect_uris: '',
    consent: 'ask',
    [`may ${api} read`]: 'yes',
  };
  const row = async () => lab.storage.findClient('app');
  const before = await row();
  lab.clock.advance(301);
  assert.ok(await asksForPasskey(await lab.operator.submit(path, typed)));
  assert.match(leadsTo(await lab.operator.get(path)), /^\/presence/);
  assert.deepEqual(await row(), before);
  await provePresence(lab.operator);
  const form = await (await lab.operator.get(path)).text();
  assert.match(form, /value="Fieldnotes"/);
  assert.ok(
    form.includes('https://app.example/cb') && !form.includes('name="id"') && !form.includes('name="kind"'),
  );
  const wrong = await lab.operator.submit(path, { ...typed, redirect_uris: 'http://new.example/cb' });
  assert.equal(wrong.status, 400);
  const said = await wrong.text();
  assert.match(said, /It was not changed/);
  assert.match(said, /value="Album"/);
  assert.deepEqual(await row(), before);
  assert.match(await submitAndFollow(lab.operator, path, typed), /The client is changed/);
  const after = await row();
  assert.deepEqual(
    [after?.name, after?.registration.redirectUris, after?.audiences],
    ['Album', [elsewhere], [{ audience: api, scope: ['read'] }]],
  );
  const [line] = await lab.storage.listAudit({ kind: 'client_changed', limit: 10 });
  assert.match(String(line?.fields['by']), /^operator:/);
  const elder = newClient({
    id: 'elder',
    audiences: [
      { audience: api, scope: ['read', 'gone'] },
      { audience: 'https://left.example', scope: ['all'] },
      { audience: `${issuerUrl}/userinfo`, scope: [] },
    ],
    registration: { ...(before?.registration ?? assert.fail()) },
  });
  await lab.storage.addClient(elder);
  const at = '/console/clients/elder/change';
  const asShown = {
    ...typed,
    seen: seenIn(await (await lab.operator.get(at)).text()),
    [`may ${api} read`]: '',
  };
  assert.match(await submitAndFollow(lab.operator, at, asShown), /The client is changed/);
  const kept = (await lab.storage.findClient('elder'))?.audiences ?? [];
  assert.deepEqual(
    new Map(kept.map(({ audience, scope }) => [audience, scope])),
    new Map<string, unknown>([
      [api, ['gone']],
      ['https://left.example', ['all']],
      [`${issuerUrl}/userinfo`, []],
    ]),
    'what the form does not show stays, and what it shows is taken away',
  );
  assert.equal((await lab.ada.submit(path, typed)).status, 403);
  assert.equal((await lab.operator.submit('/console/clients/symbolon/change', typed)).status, 400);
  await lab.issuer.close();
});

/** The version of a client that its form carries. */
function seenIn(form: string): string {
  return /name="seen" value="([\w-]{43})"/.exec(form)?.[1] ?? '';
}

void test('PAGE-62: of two operators who change what both have opened the second changes nothing, and sees what stands and what he typed', async () => {
  const lab = await openPageLab();
  const path = '/console/clients/app/change';
  const open = async () => (await lab.operator.get(path)).text();
  const fields = { consent: 'ask', [`may ${api} read`]: 'yes', [`may ${api} write`]: 'yes' };
  const [seen, same] = [seenIn(await open()), seenIn(await open())];
  assert.equal(seen, same);
  const first = { ...fields, seen, name: '<b>Album', redirect_uris: `${elsewhere}?first` };
  const second = { ...fields, seen, name: 'Diary', redirect_uris: 'https://app.example/cb' };
  assert.match(await submitAndFollow(lab.operator, path, first), /The client is changed/);
  const stands = await lab.storage.findClient('app');
  const refused = await lab.operator.submit(path, second);
  const page = await refused.text();
  assert.equal(refused.status, 409);
  assert.match(page, /It was not changed\.[^]*Somebody else has changed <bdi class="name">&lt;b&gt;Album</);
  assert.match(page, /href="\/console\/audit\?kind=client_changed&amp;client=app"/);
  assert.match(page, /<dt>Name<\/dt>\s*<dd><bdi>&lt;b&gt;Album<\/bdi>/);
  assert.match(page, /<dt>Redirect URIs<\/dt>\s*<dd><bdi>https:\/\/new\.example\/callback\?first<\/bdi>/);
  assert.doesNotMatch(page, /<dt>(What it may ask for|Whether people|Public keys|Where people)/);
  assert.match(page, /value="Diary"[^]*>\s*https:\/\/app\.example\/cb<\/textarea>/);
  assert.deepEqual(await lab.storage.findClient('app'), stands, 'nothing was changed');
  const now = seenIn(page);
  assert.notEqual(now, seen);
  const typedWrong = await lab.operator.submit(path, { ...second, name: '' });
  assert.deepEqual(
    [typedWrong.status, seenIn(await typedWrong.text())],
    [400, seen],
    'a fault makes it no newer',
  );
  assert.match(await submitAndFollow(lab.operator, path, { ...second, seen: now }), /The client is changed/);
  assert.equal((await lab.storage.findClient('app'))?.name, 'Diary');
  assert.match(
    await submitAndFollow(lab.operator, path, second),
    /The client is changed/,
    'it is so already',
  );
  const last = seenIn(await open());
  const both = await Promise.all(
    ['One', 'Two'].map((name) => lab.operator.submit(path, { ...second, seen: last, name })),
  );
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [303, 409], 'at the same moment as well');
  assert.equal(
    (await lab.operator.submit(path, { ...fields, name: 'x' })).status,
    400,
    'a form says of which',
  );
  await lab.issuer.close();
});
