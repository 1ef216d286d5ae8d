import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { startDev, stop, symbolon, symbolonJson, temporaryFolder, type Ready } from './command-line.ts';

/** One issuer for all: most commands work the same whether it runs or not. */
const data = temporaryFolder();
let dev: Awaited<ReturnType<typeof startDev>>;
let ready: Ready;

before(async () => {
  dev = await startDev(['--port', '0', '--data', data]);
  ({ ready } = dev);
});

interface Token {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

interface ListedSession {
  readonly sid: string;
  readonly client_id: string;
  readonly alive: boolean;
  readonly end_reason: string | null;
}

const machine = (name: string): string => `--client ${name} --key ${join(data, `${name}.jwk.json`)}`;
const tokenOf = (client: string): Promise<Token> => symbolonJson<Token>(`token ${machine(client)}`, { data });
const sessionsOf = async (client: string): Promise<readonly ListedSession[]> => {
  const { sessions } = await symbolonJson<{ sessions: readonly ListedSession[] }>(
    `session list --all --client ${client}`,
    { data },
  );
  return sessions;
};

test('token prints a token for the demo client, and nothing else', async () => {
  const plain = await symbolon('token', { data });
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const json = await symbolonJson<Token>('token', { data });
  assert.deepEqual(Object.keys(json), ['access_token', 'token_type', 'expires_in']);
  assert.deepEqual([json.token_type, json.expires_in], ['DPoP', 300]);
});

test('CLI-20: a client is changed, what is not named stays, and what is wrong is said with the fix', async () => {
  const old = join(data, 'changing.jwk.json');
  const next = join(data, 'changed.jwk.json');
  await symbolonJson(`client add changing --kind web --generate ${old} --redirect-uri https://a.example/cb`, {
    data,
  });
  await symbolonJson(`client add changed --generate ${next}`, { data });
  const moved = `client change changing --redirect-uri https://b.example/cb --key ${old} --key ${next}`;
  const changed = await symbolonJson<{ changed: string[] }>(moved, { data });
  assert.deepEqual(changed.changed, ['redirect_uris', 'keys']);
  const { clients } = await symbolonJson<{
    clients: { id: string; name: string; redirect_uris: string[]; keys: string[] }[];
  }>('client list', { data });
  const row = clients.find(({ id }) => id === 'changing');
  assert.deepEqual(
    [row?.name, row?.redirect_uris, row?.keys.length],
    ['changing', ['https://b.example/cb'], 2],
  );
  for (const [command, code, said] of [
    ['client change changing', 2, /say what to change/],
    ['client change changing --redirect-uri http://b.example/cb', 2, /is http, and not on loopback/],
    ['client change changing --scope nope', 2, /unexpected scope nope/],
    ['client change nobody --title x', 1, /no client nobody stands/],
  ] as const) {
    const refused = await symbolon(command, { data });
    assert.equal(refused.code, code, command);
    assert.match(refused.stderr, said);
  }
});

test('CLI-33: a client added here calls the API with its own key, and not once it is removed', async () => {
  const file = join(data, 'report.jwk.json');
  const added = await symbolonJson<object>(`client add report --generate ${file} --scope demo:read`, {
    data,
  });
  assert.deepEqual(added, { added: 'report', kind: 'machine' });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const called = await symbolon(`call ${ready.demo_api}/me ${machine('report')}`, { data });
  assert.equal(called.code, 0, called.stderr);
  assert.match(called.stdout, /"client_id":"report"/);

  const { ms, ...removed } = await symbolonJson<Record<string, unknown>>('client remove report', { data });
  const reached = { guards: 1, applied: 1, missing: [] };
  assert.deepEqual(removed, { removed: 'report', live_tokens_expire_within: 300, ...reached });
  assert.equal(typeof ms, 'number');
  const refused = await symbolon(`token ${machine('report')}`, { data });
  assert.equal(refused.code, 1);
  // Which of the two depends on whether the issuer has asked its store since.
  assert.match(refused.stderr, /client_unknown|assertion_key_unknown/);
  const again = await symbolon('client remove nobody', { data });
  assert.equal(again.code, 1);
});

test('of a private key only the public half is taken', async () => {
  const file = join(data, 'taken.jwk.json');
  await symbolon(`client add first --generate ${file} --alg ES256`, { data });
  const { d } = JSON.parse(readFileSync(file, 'utf8')) as { d: string };
  const second = await symbolon(`client add second --key ${file}`, { data });
  assert.equal(second.code, 0, second.stderr);
  for (const store of ['symbolon.db', 'symbolon.db-wal']) {
    assert.ok(!readFileSync(join(data, store), 'latin1').includes(d), store);
  }
});

test('an ended session gets no token, until its key is unblocked', async () => {
  await symbolon(`client add worker --generate ${join(data, 'worker.jwk.json')}`, { data });
  await tokenOf('worker');
  const [session] = await sessionsOf('worker');
  assert.ok(session?.alive);

  const ended = await symbolonJson<Record<string, unknown>>(`session end ${session.sid}`, { data });
  const { live_tokens_expire_within: within, ms, ...rest } = ended;
  const reached = { guards: 1, applied: 1, missing: [] };
  const said = { ended: session.sid, already: false, client_id: 'worker', key_blocked: true };
  assert.deepEqual(rest, { ...said, ...reached });
  assert.equal(typeof ms, 'number');
  assert.ok(typeof within === 'number' && within > 240 && within <= 300);
  const refused = await symbolon(`token ${machine('worker')} --json`, { data });
  assert.equal(refused.code, 1);
  assert.equal((JSON.parse(refused.stderr) as { code: string }).code, 'client_key_blocked');

  const again = await symbolon(`session end ${session.sid}`, { data });
  assert.match(again.stdout, /client unblock worker/);
  const lifted = await symbolonJson<{ unblocked: string[] }>('client unblock worker', { data });
  assert.equal(lifted.unblocked.length, 1);
  await tokenOf('worker');
});

test('every session of a client ends at once, and it may open new ones', async () => {
  await symbolon(`client add batch --generate ${join(data, 'batch.jwk.json')}`, { data });
  await tokenOf('batch');
  const { ms, ...ended } = await symbolonJson<Record<string, unknown>>('session end --client batch', {
    data,
  });
  const reached = { guards: 1, applied: 1, missing: [] };
  assert.deepEqual(ended, { ended: 'batch', live_tokens_expire_within: 300, ...reached });
  assert.equal(typeof ms, 'number');
  await tokenOf('batch');
  assert.deepEqual(
    (await sessionsOf('batch')).map(({ alive }) => alive),
    [true, false],
  );
});

test('CLI-7: a disabled subject has no session and starts none, until it is enabled', async () => {
  await symbolon(`client add desk --generate ${join(data, 'desk.jwk.json')}`, { data });
  await tokenOf('desk');
  const { sessions } = await symbolonJson<{ sessions: readonly { sub: string }[] }>(
    'session list --client desk',
    { data },
  );
  const sub = sessions[0]?.sub ?? '';
  const { ms, ...disabled } = await symbolonJson<Record<string, unknown>>(`subject disable ${sub}`, { data });
  assert.deepEqual(disabled, { disabled: sub, guards: 1, applied: 1, missing: [] });
  assert.equal(typeof ms, 'number');
  assert.equal((await symbolon(`token ${machine('desk')}`, { data })).code, 1);
  const enabled = await symbolonJson<object>(`subject enable ${sub}`, { data });
  assert.deepEqual(enabled, { enabled: sub });
  await tokenOf('desk');
  assert.deepEqual(
    (await sessionsOf('desk')).map(({ alive }) => alive),
    [true, false],
  );
  for (const verb of ['disable', 'enable', 'end']) {
    const unknown = await symbolon(`subject ${verb} nobody`, { data });
    assert.deepEqual([unknown.code, unknown.stderr.includes('no subject nobody')], [1, true]);
  }
});

test('CLI-8: every session is ended at once when that is meant, and new ones start', async () => {
  await symbolon(`client add night --generate ${join(data, 'night.jwk.json')}`, { data });
  await tokenOf('night');
  assert.equal((await symbolon('session end --everything', { data })).code, 2);
  assert.equal((await sessionsOf('night'))[0]?.alive, true, 'nothing was ended');
  const ended = await symbolonJson<Record<string, unknown>>('session end --everything --yes', { data });
  assert.deepEqual([ended['ended'], ended['missing']], ['everything', []]);
  assert.equal((await sessionsOf('night'))[0]?.alive, false);
  await tokenOf('night');
});

test('after a rotation old and new tokens verify, and the next waits until guards hold its key', async () => {
  const old = await symbolonJson<Token>('token', { data });
  const rotated = await symbolonJson<{ rotated: string; current: string }>('key rotate', { data });
  assert.equal(rotated.rotated, 'session');
  const fresh = await symbolonJson<Token>('token', { data });
  const kidOf = ({ access_token: text }: Token): unknown =>
    (JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;
  assert.notEqual(kidOf(old), rotated.current);
  assert.equal(kidOf(fresh), rotated.current);
  for (const { access_token: stdin } of [old, fresh]) {
    const inspected = await symbolon(`inspect --issuer ${ready.issuer} --audience ${ready.audience}`, {
      stdin,
    });
    assert.equal(inspected.code, 0, inspected.stdout);
    assert.match(inspected.stdout, /ok +signature/);
  }
  assert.equal((await symbolon(`call ${ready.demo_api}/me`, { data })).code, 0);

  // First until the demo API's guard says that it holds the next key, then until caches have let go of the old set.
  const early = await symbolon('key rotate --json', { data });
  assert.equal(early.code, 1);
  const refusal = JSON.parse(early.stderr) as { code: string };
  assert.ok(['key_not_held', 'key_not_holdable'].includes(refusal.code), refusal.code);
});

test('a revoked key is gone, and the next one signs', async () => {
  interface Key {
    readonly kid: string;
    readonly purpose: string;
    readonly state: string;
  }
  const list = async (): Promise<readonly Key[]> =>
    (await symbolonJson<{ keys: readonly Key[] }>('key list', { data })).keys;
  const current = (await list()).find(({ purpose, state }) => purpose === 'refresh' && state === 'current');
  const revoked = await symbolonJson<{ revoked: string; current: string }>(
    `key revoke ${current?.kid ?? ''}`,
    { data },
  );
  assert.equal(revoked.revoked, current?.kid);
  const kids = (await list()).map(({ kid }) => kid);
  assert.ok(!kids.includes(revoked.revoked) && kids.includes(revoked.current));
  const unknown = await symbolon(`key revoke ${'-'.repeat(43)}`, { data });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no key -{43}/);
});

test('call sends what it is told, shows what it is asked for, and exits with 1 when refused', async () => {
  const included = await symbolon(['call', `${ready.demo_api}/io`, '-i', '-H', 'Accept: application/json'], {
    data,
  });
  assert.match(included.stdout, /^HTTP 200 OK\n(?:[\w-]+: .*\n)+\n\{"decisions":\d+,"network_calls":0\}\n$/);
  const missing = await symbolon(['call', `${ready.demo_api}/me`, '-X', 'DELETE'], { data });
  assert.deepEqual([missing.code, missing.stdout.includes('not_found')], [0, true]);
  const body = ['call', `${ready.issuer}/sessions`, '-d', '{}', '--audience', `${ready.issuer}/sessions`];
  const refused = await symbolon(body, { data });
  assert.equal(refused.code, 1, 'the demo client may not ask for that audience');
  const foreign = await symbolon('call https://example.com/', { data });
  assert.equal(foreign.code, 2);
  assert.match(foreign.stderr, /a token is shown to no other/);
});

test('wrong calls say what is expected and exit with 2', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['client add x', /give --generate FILE or --key FILE/],
    [`client add x --generate ${join(data, 'x')} --scope nope`, /unexpected scope nope, expected demo:read/],
    [
      `client add x --generate ${join(data, 'x')} --audience http://a.example`,
      /expected http:\/\/localhost:\d+ or/,
    ],
    [`client add demo --generate ${join(data, 'x')}`, /a client demo exists already/],
    ['session end', /give a session id, or --client/],
    ['session end --everything', /this ends every session .*: say --yes/],
    ['session end --everything --client demo', /give a session id, or --client/],
    ['session end --jsno', /unexpected session id --jsno/],
    ['key rotate --purpose identity', /expected session, refresh or feed/],
    ['token --client demo', /--client demo needs --key FILE, its private JWK/],
    ['token --key demo.jwk.json', /--key demo\.jwk\.json needs --client ID/],
    [`token --client demo --key ${join(data, 'nothing')}`, /there is no key file/],
    ['tokn', /unknown command 'tokn'/],
    ['dev --port 70000', /expected a port/],
  ];
  const ended = await Promise.all(wrong.map(([line]) => symbolon(line, { data })));
  ended.forEach(({ code, stderr }, at) => {
    assert.equal(code, 2, `${wrong[at]?.[0] ?? ''}: ${stderr}`);
    assert.match(stderr, wrong[at]?.[1] ?? /never/);
  });
  assert.ok(!existsSync(join(data, 'x')), 'no key is left behind by a client that was not added');
});

test('an application that people link is added with its addresses, and not with one that could be read in two ways', async () => {
  const [add, sane] = [
    'client add photos --kind public --scope demo:read',
    'https://photos.example/callback',
  ];
  const more = `--redirect-uri ${sane} --redirect-uri http://127.0.0.1/cb --consent given --title Photos`;
  assert.deepEqual(await symbolonJson<object>(`${add} ${more}`, { data }), {
    added: 'photos',
    kind: 'public',
  });
  const { clients } = await symbolonJson<{
    clients: { id: string; name: string; redirect_uris: string[] }[];
  }>('client list', { data });
  const listed = clients.find(({ id }) => id === 'photos');
  assert.deepEqual([listed?.name, listed?.redirect_uris], ['Photos', [sane, 'http://127.0.0.1/cb']]);
  for (const [line, said] of [
    ['client add bad --kind public --redirect-uri http://photos.example/cb', /is http, and not on loopback/],
    ['client add bad --kind web', /a web client needs a key/],
    ['client add bad --kind web --public', /not both/],
    ['client add bad --kind robot', /Allowed choices are machine, public, web/],
  ] as const) {
    const { code, stderr } = await symbolon(line, { data });
    assert.deepEqual([code, said.test(stderr)], [2, true], stderr);
  }
});

test('a key that others may read is not used', async () => {
  const file = join(data, 'open.jwk.json');
  writeFileSync(file, readFileSync(ready.client_key_file), { mode: 0o644 });
  const { code, stderr } = await symbolon(`token --client demo --key ${file}`, { data });
  assert.equal(code, 2);
  assert.match(stderr, /run chmod 600/);
});

test('a stopped issuer is managed all the same, and what needs it running is a fault', async () => {
  await symbolon('token', { data });
  await stop(dev.child);
  const live = (await sessionsOf('demo')).find(({ alive }) => alive);
  assert.ok(live);
  const ended = await symbolonJson<{ ended: string }>(`session end ${live.sid}`, { data });
  assert.equal(ended.ended, live.sid);
  const fault = await symbolon('token', { data });
  assert.equal(fault.code, 3);

  const restarted = await startDev(['--data', data]);
  const refused = await symbolon('token', { data });
  assert.deepEqual([refused.code, refused.stderr.includes('client_key_blocked')], [1, true]);
  await symbolon('client unblock demo', { data });
  assert.equal((await symbolon('token', { data })).code, 0);
  assert.equal((await sessionsOf('demo')).filter(({ end_reason }) => end_reason === 'operator').length, 1);
  await stop(restarted.child);
});
