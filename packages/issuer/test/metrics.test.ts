import assert from 'node:assert/strict';
import { request as ask } from 'node:http';
import { test, type TestContext } from 'node:test';
import { createGuard } from '@symbolon/guard';
import { openSqlite, serveMetrics, type Issuer, type Storage } from '../src/index.ts';
import {
  addMachine,
  addPublicClient,
  api,
  askForToken,
  createClock,
  issuerUrl,
  openLab,
  refresh,
  startPerson,
  tokensOf,
  type Lab,
} from './support.ts';

async function lab(t: TestContext, options: Parameters<typeof openLab>[0] = {}): Promise<Lab> {
  const opened = await openLab(options);
  t.after(() => opened.issuer.close());
  return opened;
}

/** Every line of the text, held against the exposition format. */
async function figuresOf(issuer: Pick<Issuer, 'metrics'>): Promise<ReadonlyMap<string, number>> {
  const text = await issuer.metrics();
  assert.ok(text.endsWith('\n'));
  const figures = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      assert.ok(!typed.has(type[1] ?? ''), `${line} twice`);
      typed.add(type[1] ?? '');
      continue;
    }
    if (/^# HELP \w+ \S/.test(line)) continue;
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\]|\\.)*",?)+\})? (\d[\d.e+-]*)$/.exec(line);
    assert.ok(sample !== null, line);
    const [, name = '', labels = '', value] = sample;
    assert.ok(typed.has(name.replace(/_(bucket|sum|count)$/, '')) || typed.has(name), line);
    assert.ok(!figures.has(name + labels), `${line} twice`);
    figures.set(name + labels, Number(value));
  }
  return figures;
}

void test('ISSUER-100: what was refreshed, signed, ended and refused is counted', async (t) => {
  const at = await lab(t);
  const before = await figuresOf(at.issuer);
  assert.equal(before.get('symbolon_refreshes_total{outcome="rotated"}'), undefined);
  const person = await startPerson(at);
  const asked = {
    clientId: person.clientId,
    holder: person.holder,
    refreshToken: person.tokens.refresh_token,
  };
  for (const _ of [1, 2]) await tokensOf(await refresh(at, asked));
  const machine = await addMachine(at.issuer);
  await tokensOf(await askForToken(at, machine));
  assert.equal((await askForToken(at, machine, { form: { scope: 'nope' } })).status, 400);
  assert.equal((await at.issuer.sessions.end({ sid: person.tokens.sid })).kind, 'ended');
  assert.equal((await at.issuer.sessions.end({ sid: person.tokens.sid })).kind, 'already_ended');
  assert.equal((await refresh(at, asked)).status, 400);
  await at.issuer.sessions.endAll({ clientId: machine.id });
  await at.issuer.sessions.endAll({ everything: true });
  const figures = await figuresOf(at.issuer);
  const expected: readonly (readonly [string, number])[] = [
    ['symbolon_refreshes_total{outcome="rotated"}', 1],
    ['symbolon_refreshes_total{outcome="repeated"}', 1],
    ['symbolon_refreshes_total{outcome="refused"}', 1],
    [`symbolon_tokens_issued_total{audience="${api}"}`, 4],
    ['symbolon_ends_total{what="session"}', 1],
    ['symbolon_ends_total{what="client"}', 1],
    ['symbolon_ends_total{what="everything"}', 1],
    ['symbolon_refusals_total{code="scope_invalid"}', 1],
    ['symbolon_refusals_total{code="refresh_refused"}', 1],
    ['symbolon_signing_keys{purpose="session",alg="ES256",state="current"}', 1],
    ['symbolon_store_seconds_count{operation="refresh"}', 3],
    ['symbolon_store_seconds_bucket{operation="refresh",le="+Inf"}', 3],
    ['symbolon_store_up', 1],
    ['symbolon_feed_live', 1],
    ['symbolon_faults_total', 0],
  ];
  for (const [name, value] of expected) assert.equal(figures.get(name), value, name);
  const buckets = [...figures].filter(([name]) =>
    name.startsWith('symbolon_store_seconds_bucket{operation="end"'),
  );
  assert.deepEqual(
    buckets.map(([, value]) => value),
    buckets.map(([, value]) => value).toSorted((a, b) => a - b),
  );
  assert.ok((figures.get('process_resident_memory_bytes') ?? 0) > 1_000_000);
});

void test('ISSUER-101: the feed, guards and their lag are shown, and what an interface of its own refuses is counted', async (t) => {
  const at = await lab(t);
  const { head } = await at.storage.readFeed({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  const said = { clientId: 'guards', audience: api, keys: [] };
  const instance = (letter: string) => letter.repeat(22);
  await at.storage.acknowledge({
    ...said,
    instance: instance('a'),
    name: 'eu "1"\n\\',
    to: head - 3_000_000,
  });
  await at.storage.acknowledge({ ...said, instance: instance('b'), name: 'eu "1"\n\\', to: head });
  await at.storage.acknowledge({ ...said, instance: instance('c'), name: 'us', to: head });
  at.clock.advance(2);
  assert.equal((await at.issuer.fetch(new Request(`${issuerUrl}/sessions`))).status, 401);
  const figures = await figuresOf(at.issuer);
  const now = at.clock.now() * 1000;
  const near = (name: string, value: number): void => {
    assert.ok(Math.abs((figures.get(name) ?? -1) - value) < 2, `${name} ${String(figures.get(name))}`);
  };
  near(`symbolon_guard_lag_seconds{guard="eu \\"1\\"\\n\\\\",audience="${api}"}`, (now - head) / 1e6 + 3);
  near(`symbolon_guard_lag_seconds{guard="us",audience="${api}"}`, (now - head) / 1e6);
  near('symbolon_feed_head_seconds', head / 1e6);
  assert.equal(figures.get('symbolon_guards{state="heard"}'), 3);
  assert.equal(figures.get('symbolon_guards{state="silent"}'), 0);
  assert.equal(figures.get('symbolon_refusals_total{code="token_missing"}'), 1);
  assert.equal(figures.get('symbolon_streams_open'), 0);
});

void test('ISSUER-102: no figure names a session, subject, client, key or device', async (t) => {
  const at = await lab(t);
  const clientId = await addPublicClient(at.issuer, 'the-client');
  const person = await startPerson(at, { clientId, subject: 'alice@example.com' });
  await at.issuer.sessions.end({ sid: person.tokens.sid });
  const text = await at.issuer.metrics();
  const keys = (await at.issuer.keys.list()).map(({ kid }) => kid);
  const [row] = await at.issuer.sessions.list({ clientId });
  const names = [
    person.tokens.sid,
    row?.subject ?? '-',
    row?.handle ?? '-',
    clientId,
    'alice',
    person.holder.kid,
  ];
  for (const name of [...names, ...keys]) assert.ok(!text.includes(name), name);
});

void test('ISSUER-103: figures are read from a listener of its own, and never from the public one', async (t) => {
  const at = await lab(t);
  const server = await serveMetrics(at.issuer, { port: 0 });
  t.after(() => server.close());
  assert.equal(server.host, '127.0.0.1');
  const url = `http://127.0.0.1:${String(server.port)}`;
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await answer.text(), /^symbolon_store_up 1$/m);
  assert.equal((await fetch(url)).status, 404);
  assert.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 404);
  const odd = await new Promise<number | undefined>((resolve, reject) => {
    ask(url, { path: '//', method: 'GET' }, (response) => {
      resolve(response.resume().statusCode);
    })
      .on('error', reject)
      .end();
  });
  assert.equal(odd, 404);
  assert.equal((await at.issuer.fetch(new Request(`${issuerUrl}/metrics`))).status, 404);
});

void test('ISSUER-104: a store that does not answer is told, and the rest with it', async (t) => {
  const clock = createClock();
  const real = openSqlite({ file: ':memory:', clock: clock.now });
  let away = false;
  const storage: Storage = {
    ...real,
    listGuards: () => (away ? Promise.reject(new Error('away')) : real.listGuards()),
  };
  const at = await lab(t, { storage, clock: clock.now });
  assert.equal((await figuresOf(at.issuer)).get('symbolon_store_up'), 1);
  away = true;
  const figures = await figuresOf(at.issuer);
  assert.equal(figures.get('symbolon_store_up'), 0);
  assert.equal(figures.get('symbolon_feed_head_seconds'), undefined);
  assert.equal(figures.get('symbolon_faults_total'), 0);
});

void test('GUARD-67: a guard tells its figures in the same form', async (t) => {
  const at = await lab(t);
  const guard = createGuard({
    issuer: issuerUrl,
    audience: api,
    name: 'door "1"',
    staleFeed: 'accept',
    clock: at.clock.now,
    fetch: (input, init) => at.issuer.fetch(new Request(input, init)),
  });
  t.after(() => {
    guard.close();
  });
  await guard.ready();
  await assert.rejects(guard.authenticate({ method: 'GET', url: '/', headers: new Headers() }));
  const labels = `guard="door \\"1\\"",audience="${api}"`;
  const figures = await figuresOf({ metrics: () => Promise.resolve(guard.metrics()) });
  assert.equal(figures.get(`symbolon_guard_decisions_total{${labels}}`), 1);
  assert.equal(figures.get(`symbolon_guard_refused_total{${labels},code="token_missing"}`), 1);
  assert.equal(figures.get(`symbolon_guard_key_set_fetches_total{${labels}}`), 1);
  const { to } = guard.stats().feed;
  assert.ok(to > 0);
  assert.equal(figures.get(`symbolon_guard_feed_position_seconds{${labels}}`), to / 1e6);
});
