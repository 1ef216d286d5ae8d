import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createGuard } from '@symbolon/guard';
import { keySetHash, readKeySet, revocationName, type Revocation } from '@symbolon/token';
import type { IssuerOptions } from '../src/index.ts';
import { openSqlite } from '../src/storage/sqlite/sqlite.ts';
import type { Storage } from '../src/storage/port/storage.ts';
import {
  askFeed,
  callerOf,
  currentOf,
  eventsOf,
  feedAudience,
  feedKeysOf,
  openStream,
  reaching,
  sleep,
  statementOf,
  type Caller,
} from './feed-support.ts';
import {
  addMachine,
  addPublicClient,
  api,
  askForToken,
  createClock,
  issuerUrl,
  openLab,
  refresh,
  refusalOf,
  startPerson,
  tokensOf,
  type Lab,
} from './support.ts';
import { createFolder } from './storage/lab.ts';

async function lab(t: TestContext, options: Partial<IssuerOptions> = {}): Promise<Lab> {
  const opened = await openLab(options);
  t.after(() => opened.issuer.close());
  return opened;
}

async function newFollower(of: Lab): Promise<Caller> {
  return callerOf(of, await addMachine(of.issuer, { audiences: [{ audience: feedAudience }] }));
}

const nameOf = (kind: Revocation['kind'], value: string) => revocationName(issuerUrl, { kind, value });

void test('ISSUER-80: anybody gets one signed statement of every end since the last page, through caches of a second', async (t) => {
  const { issuer, ...rest } = await lab(t);
  const at = { issuer, ...rest };
  const before = await askFeed(at);
  assert.equal(before.headers.get('content-type'), 'application/jwt');
  assert.equal(before.headers.get('cache-control'), 'public, max-age=1');
  assert.equal(before.headers.get('vary'), 'accept');
  const empty = await statementOf(at, await before.text());
  assert.deepEqual(empty.entries, []);
  const set: unknown = await (await issuer.fetch(new Request(`${issuerUrl}/jwks`))).json();
  assert.equal(empty.keys, await keySetHash((await readKeySet(set)).map(({ kid }) => kid)));

  const person = await startPerson(at);
  const ended = await issuer.sessions.end({ sid: person.tokens.sid });
  assert.ok(ended.kind === 'ended');
  const after = await reaching(at, ended.position);
  const [entry, ...more] = after.entries;
  assert.deepEqual(more, []);
  assert.deepEqual([entry?.kind, entry?.name], ['session', await nameOf('session', person.tokens.sid)]);
  const life = (entry?.until ?? 0) - at.clock.now() / 1000;
  assert.ok(life >= 600 + 300 && life <= 602 + 300, 'for the longest token life and five minutes');
});

void test('ISSUER-80: an unchanged statement is answered by its tag alone', async (t) => {
  const at = await lab(t);
  const first = await askFeed(at);
  const etag = first.headers.get('etag') ?? '';
  assert.match(etag, /^"[\w-]{43}"$/);
  const again = await askFeed(at, { headers: { 'if-none-match': `W/${etag}, "other"` } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
  const other = await askFeed(at, { headers: { 'if-none-match': '"other"' } });
  assert.equal(other.status, 200);
});

void test('ISSUER-81: each way to end has its entry, and the feed names nobody', async (t) => {
  const at = await lab(t);
  const alice = await startPerson(at);
  const machine = await addMachine(at.issuer);
  const { sub } = JSON.parse(
    Buffer.from(alice.tokens.access_token.split('.')[1] ?? '', 'base64url').toString(),
  ) as { sub: string };
  const subject = await at.storage.findSubject({
    namespace: alice.clientId,
    externalId: 'alice@example.com',
  });
  const [key] = (await at.issuer.keys.list()).filter(({ state }) => state === 'current');
  const ended = await at.issuer.sessions.end({ sid: alice.tokens.sid });
  const bySubject = await at.issuer.sessions.endAll({ subject: sub });
  const byClient = await at.issuer.clients.remove(machine.id);
  const revoked = await at.issuer.keys.revoke(key?.kid ?? '', 'test');
  const all = await at.issuer.sessions.endAll({ everything: true, by: 'operator' });
  assert.ok(all.kind === 'cut' && bySubject.kind === 'cut' && byClient.kind === 'cut');
  assert.ok(ended.kind === 'ended' && revoked.kind === 'revoked');
  const { entries } = await reaching(at, all.position);
  assert.deepEqual(
    entries.map(({ kind, name, cutAt }) => [kind, name, cutAt]),
    [
      ['session', await nameOf('session', alice.tokens.sid), 0],
      ['subject', await nameOf('subject', subject?.handle ?? ''), bySubject.position],
      ['client', await nameOf('client', machine.id), byClient.position],
      ['key', await nameOf('key', key?.kid ?? ''), 0],
      ['everything', await nameOf('everything', ''), all.position],
    ],
  );
  const text = Buffer.from((await (await askFeed(at)).text()).split('.')[1] ?? '', 'base64url').toString();
  for (const secret of [alice.tokens.sid, sub, subject?.handle ?? 'x', machine.id, 'alice', key?.kid ?? 'x'])
    assert.ok(!text.includes(secret));
});

void test('ISSUER-82: a closed page never changes, joins on to the window, and may be kept by caches for an hour', async (t) => {
  const clock = createClock();
  const storage = openSqlite({ file: ':memory:', clock: clock.now });
  const before = await openLab({ storage, clock: clock.now });
  const old = await startPerson({ ...before, clock });
  const end = await before.issuer.sessions.end({ sid: old.tokens.sid });
  assert.ok(end.kind === 'ended');
  clock.advance(16 * 60);
  await storage.closePages();
  t.after(() => before.issuer.close());
  const at = { ...before, clock };
  const fresh = await startPerson(at);
  const second = await at.issuer.sessions.end({ sid: fresh.tokens.sid });
  assert.ok(second.kind === 'ended');
  const window = await reaching(at, second.position);
  assert.deepEqual([window.from, window.entries.length], [end.position, 1]);
  const page = await askFeed(at, { path: `/pages/${String(window.from)}` });
  assert.deepEqual(
    [page.status, page.headers.get('cache-control')],
    [200, 'public, max-age=3600, immutable'],
  );
  const text = await page.text();
  const closed = await statementOf(at, text);
  assert.deepEqual([closed.from, closed.to, closed.entries.length], [0, window.from, 1]);
  assert.equal(await (await askFeed(at, { path: `/pages/${String(window.from)}` })).text(), text);
  for (const none of [
    String(window.from - 1),
    '0',
    `0${String(window.from)}`,
    '-1',
    'x',
    '1e3',
    '9'.repeat(17),
  ])
    assert.equal((await askFeed(at, { path: `/pages/${none}` })).status, 404, none);
});

void test('ISSUER-82: whoever starts anew on a store with pages says the same window', async (t) => {
  const clock = createClock();
  const { file, remove } = createFolder();
  const one = await openLab({ storage: openSqlite({ file, clock: clock.now }), clock: clock.now });
  const client = await addPublicClient(one.issuer);
  const ends: number[] = [];
  for (let count = 0; count < 5; count++) {
    const person = await startPerson({ ...one, clock }, { clientId: client });
    const ended = await one.issuer.sessions.end({ sid: person.tokens.sid });
    ends.push(ended.kind === 'ended' ? ended.position : 0);
  }
  const whole = await reaching(one, ends.at(-1) ?? 0);
  const two = await openLab({ storage: openSqlite({ file, clock: clock.now }), clock: clock.now });
  t.after(async () => {
    await Promise.all([one.issuer.close(), two.issuer.close()]);
    remove();
  });
  const again = await currentOf(two);
  assert.deepEqual([again.from, again.entries], [whole.from, whole.entries]);
});

void test('ISSUER-82: more ends than one statement holds are closed into pages at once', async (t) => {
  const many = 10_050;
  const flood = withFeed(openSqlite({ file: ':memory:' }), many);
  const at = await lab(t, { storage: flood.storage });
  const until = performance.now() + 10_000;
  for (;;) {
    const window = await currentOf(at);
    if (window.from > 0 && window.to >= flood.last()) break;
    assert.ok(performance.now() < until, 'the pages were closed');
    await sleep(20);
  }
  const window = await currentOf(at);
  assert.ok(window.entries.length < 10_000);
  const page = await statementOf(
    at,
    await (await askFeed(at, { path: `/pages/${String(window.from)}` })).text(),
  );
  assert.equal(page.entries.length + window.entries.length, many);
});

void test('ISSUER-82: while pages cannot be closed a statement holds what it can, and no position in part', async (t) => {
  const flood = withFeed(openSqlite({ file: ':memory:' }), 10_050);
  const storage = { ...flood.storage, closePages: () => Promise.resolve() };
  const window = await currentOf(await lab(t, { storage }));
  assert.deepEqual([window.from, window.entries.length], [0, 10_000]);
  assert.equal(window.to, flood.last() - 50);
});

/** A store in whose feed somebody has said `count` ends before anybody looks. */
function withFeed(storage: Storage, count: number): { storage: Storage; last: () => number } {
  let last = 0;
  let pageEnd = 0;
  const fill = (head: number) => {
    const first = head - count;
    return Array.from({ length: count }, (_, n) => ({
      position: first + n + 1,
      kind: 'session' as const,
      value: `session ${String(n)}`,
      cutAt: 0,
      until: head + 3_600_000_000,
    }));
  };
  let entries: ReturnType<typeof fill> = [];
  return {
    last: () => last,
    storage: {
      ...storage,
      readFeed: async ({ after, limit }) => {
        const reading = await storage.readFeed({ after, limit });
        if (entries.length === 0) {
          entries = fill(reading.head);
          last = reading.head;
        }
        const found = entries.filter(({ position }) => position > after).slice(0, limit);
        const head = found.length === limit ? (found.at(-1)?.position ?? 0) : reading.head;
        return { ...reading, head, pageEnd, entries: found };
      },
      closePages: () => {
        if (entries.length - entries.findIndex(({ position }) => position > pageEnd) > 10_000)
          pageEnd = entries[9_999]?.position ?? 0;
        return Promise.resolve();
      },
      readPage: (to) => {
        const inside = entries.filter(({ position }) => position <= to);
        return Promise.resolve(to === pageEnd ? { from: 0, to, floor: 0, entries: inside } : null);
      },
    },
  };
}

void test('ISSUER-83: a stream begins with the window, and every statement joins on to the one before', async (t) => {
  const at = await lab(t);
  const caller = await newFollower(at);
  const early = await startPerson(at);
  await at.issuer.sessions.end({ sid: early.tokens.sid });
  const answer = await openStream(at, caller);
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')],
    [200, 'text/event-stream', 'no-store'],
  );
  const events = eventsOf(answer);
  const window = await statementOf(at, (await events.next()).value ?? '');
  assert.equal(window.from, 0);
  const late = await startPerson(at);
  const ended = await at.issuer.sessions.end({ sid: late.tokens.sid });
  assert.ok(ended.kind === 'ended');
  const said = [...window.entries];
  let to = window.to;
  while (to < ended.position) {
    const statement = await statementOf(at, (await events.next()).value ?? '');
    assert.equal(statement.from, to);
    said.push(...statement.entries);
    to = statement.to;
  }
  const names = await Promise.all([early, late].map(({ tokens }) => nameOf('session', tokens.sid)));
  assert.deepEqual(
    said.map(({ name }) => name),
    names,
  );
  // The head moves though nobody ends anything.
  const beat = await statementOf(at, (await events.next()).value ?? '');
  assert.ok(beat.from === to && beat.to > to && beat.entries.length === 0);
  await events.return();
});

void test('ISSUER-83: streams opened at any moment between ends miss none of them', async (t) => {
  const at = await lab(t);
  const caller = await newFollower(at);
  const clientId = await addPublicClient(at.issuer);
  const people = await Promise.all(Array.from({ length: 24 }, () => startPerson(at, { clientId })));
  const streams: AsyncGenerator<string, void>[] = [];
  let last = 0;
  for (const { tokens } of people) {
    streams.push(eventsOf(await openStream(at, caller)));
    const ended = await at.issuer.sessions.end({ sid: tokens.sid });
    last = ended.kind === 'ended' ? ended.position : 0;
    await sleep(7);
  }
  for (const events of streams) {
    let to = 0;
    let count = 0;
    while (to < last) {
      const statement = await statementOf(at, (await events.next()).value ?? '');
      assert.ok(statement.from <= to && statement.to >= to, 'no gap');
      count += statement.entries.length;
      to = statement.to;
    }
    assert.equal(count, people.length);
    await events.return();
  }
});

void test('ISSUER-84: stream and acknowledgements are for machines with a token for the feed', async (t) => {
  const at = await lab(t);
  const caller = await newFollower(at);
  const other = await callerOf(at, await addMachine(at.issuer));
  const body = report();
  for (const stranger of [undefined, other]) {
    const asked = stranger === undefined ? {} : { caller: stranger };
    assert.equal((await openStream(at, stranger)).status, 401);
    const answer = await askFeed(at, { path: '/acknowledgements', method: 'POST', body, ...asked });
    assert.equal(answer.status, 401);
  }
  assert.deepEqual((await at.issuer.guards.list()).heard, []);
  const accepted = await askFeed(at, { path: '/acknowledgements', method: 'POST', body, caller });
  assert.equal(accepted.status, 204);
  const { heard } = await at.issuer.guards.list();
  assert.deepEqual(heard, [{ ...body, clientId: caller.machine.id, silentFor: 0 }]);
  const stream = await openStream(at, caller);
  assert.equal(stream.status, 200);
  await stream.body?.cancel();
});

const report = (change: object = {}) => ({
  instance: 'a'.repeat(22),
  name: 'eu-1',
  audience: api,
  to: 17,
  keys: ['k'.repeat(43)],
  ...change,
});

void test('ISSUER-84: an acknowledgement of another shape is refused and kept nowhere', async (t) => {
  const at = await lab(t);
  const caller = await newFollower(at);
  const bent = [
    { instance: 'short' },
    { to: -1 },
    { to: 1.5 },
    { keys: ['k'] },
    { name: '' },
    { name: 'eu\0' },
    { audience: `${api}\0` },
    { more: 1 },
  ];
  for (const change of [...bent, { keys: Array.from({ length: 65 }, () => 'k'.repeat(43)) }]) {
    const body = report(change);
    const answer = await askFeed(at, { path: '/acknowledgements', method: 'POST', body, caller });
    assert.deepEqual(await refusalOf(answer), [400, 'request_malformed']);
  }
  assert.deepEqual((await at.issuer.guards.list()).heard, []);
});

void test('ISSUER-85: a stream is closed when the session that opened it ends, and that session opens no other', async (t) => {
  const at = await lab(t);
  const [caller, other] = [await newFollower(at), await newFollower(at)];
  const events = eventsOf(await openStream(at, caller));
  const others = eventsOf(await openStream(at, other));
  await Promise.all([events.next(), others.next()]);
  await at.issuer.sessions.end({ sid: caller.sid });
  const heard: string[] = [];
  for await (const event of events) heard.push(event);
  assert.ok(heard.length < 50, 'the end of the stream was read');
  assert.equal((await others.next()).done, false);
  const again = await openStream(at, caller);
  assert.equal(again.status, 401);
  // Not even in the moment before the issuer's own guards have heard of it.
  await at.issuer.sessions.end({ sid: other.sid });
  assert.equal((await openStream(at, other)).status, 401);
  await others.return();
});

void test('ISSUER-38: HEAD opens no stream that nobody reads', async (t) => {
  const at = await lab(t);
  const caller = await newFollower(at);
  const open = async (): Promise<string | undefined> =>
    /^symbolon_streams_open (\d+)$/m.exec(await at.issuer.metrics())?.[1];
  const events = eventsOf(await openStream(at, caller));
  assert.equal((await events.next()).done, false);
  assert.equal(await open(), '1');
  const headers = { accept: 'text/event-stream' };
  const headed = await askFeed(at, { method: 'HEAD', caller, headers });
  assert.deepEqual([headed.status, headed.headers.get('content-type')], [200, 'text/event-stream']);
  assert.equal(await open(), '1');
  await events.return();
});

void test('ISSUER-86: a reader too far behind is hung up on, and nobody else', async (t) => {
  const clock = createClock();
  const flood = bigEvents(openSqlite({ file: ':memory:', clock: clock.now }));
  const at = { ...(await lab(t, { storage: flood.storage, clock: clock.now })), clock };
  const caller = await newFollower(at);
  const slow = (await openStream(at, caller)).body?.getReader();
  const events = eventsOf(await openStream(at, caller));
  await slow?.read();
  flood.start();
  let count = 0;
  for await (const event of events) if (event.length > 100_000 && ++count === 20) break;
  assert.equal(count, 20);
  await assert.rejects(async () => {
    for (let part = await slow?.read(); part?.done === false; part = await slow?.read());
  }, /too far behind/);
});

/** A store whose feed says, once started, thousands of ends at every look. */
function bigEvents(storage: Storage): { storage: Storage; start: () => void } {
  let started = false;
  return {
    start: () => (started = true),
    storage: {
      ...storage,
      readFeed: async (reading) => {
        const found = await storage.readFeed(reading);
        if (!started || found.head <= reading.after) {
          if (started) await storage.beat();
          return found;
        }
        const entries = Array.from({ length: 4_900 }, (_, n) => ({
          position: found.head,
          kind: 'session' as const,
          value: `${String(found.head)} ${String(n)}`,
          cutAt: 0,
          until: found.head + 3_600_000_000,
        }));
        return { ...found, pageEnd: reading.after, entries };
      },
      closePages: () => Promise.resolve(),
    },
  };
}

void test('ISSUER-87: feed keys are published apart: none of them is a session key', async (t) => {
  const at = await lab(t);
  const answer = await askFeed(at, { path: '/keys' });
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=300');
  const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] };
  const set = (await (await at.issuer.fetch(new Request(`${issuerUrl}/jwks`))).json()) as typeof answer & {
    keys: Record<string, unknown>[];
  };
  assert.deepEqual(new Set(keys.map((key) => key['purpose'])), new Set(['feed']));
  const kids = new Set(keys.map((key) => key['kid']));
  assert.equal(kids.size, 2, 'the current one and the next');
  for (const key of set.keys) assert.ok(!kids.has(key['kid']));
  for (const key of keys) assert.ok(!('d' in key));
});

void test('ISSUER-88: issuers on one store say each other’s ends', async (t) => {
  const clock = createClock();
  const { file, remove } = createFolder();
  const options = () => ({ storage: openSqlite({ file, clock: clock.now }), clock: clock.now });
  const one = { ...(await openLab(options())), clock };
  const two = { ...(await openLab(options())), clock };
  t.after(async () => {
    await Promise.all([one.issuer.close(), two.issuer.close()]);
    remove();
  });
  const caller = await newFollower(two);
  const events = eventsOf(await openStream(two, caller));
  await events.next();
  const person = await startPerson(one);
  const ended = await one.issuer.sessions.end({ sid: person.tokens.sid });
  assert.ok(ended.kind === 'ended');
  const name = await nameOf('session', person.tokens.sid);
  const heard: Revocation[] = [];
  for await (const event of events) {
    const statement = await statementOf(two, event);
    heard.push(...statement.entries);
    if (statement.to >= ended.position) break;
  }
  assert.deepEqual(
    heard.map((entry) => entry.name),
    [name],
  );
  const polled = await reaching(two, ended.position);
  assert.deepEqual(
    polled.entries.map((entry) => entry.name),
    [name],
  );
  const revoked = await one.issuer.keys.revoke([...(await feedKeysOf(one)).values()][0]?.kid ?? '', 'test');
  assert.ok(revoked.kind === 'revoked');
  const after = await reaching(two, revoked.position);
  assert.ok(after.entries.some(({ kind }) => kind === 'key'));
});

/** A store that can be cut off: its reads and writes hang until it is joined again. */
function cuttable(storage: Storage): { storage: Storage; cut: () => void; join: () => void } {
  let gate: PromiseWithResolvers<void> | undefined;
  const behind =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await gate?.promise;
      return call(...given);
    };
  return {
    storage: {
      ...storage,
      readFeed: behind((reading) => storage.readFeed(reading)),
      beat: behind(() => storage.beat()),
    },
    cut: () => (gate = Promise.withResolvers()),
    join: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}

void test('ISSUER-89: a process that has not seen the head move for two seconds signs nothing, until it sees it again', async (t) => {
  const clock = createClock();
  const line = cuttable(openSqlite({ file: ':memory:', clock: clock.now }));
  let held = 0;
  const elapsed = () => performance.now() + held;
  const at = { ...(await openLab({ storage: line.storage, clock: clock.now, elapsed })), clock };
  t.after(() => at.issuer.close());
  const machine = await addMachine(at.issuer);
  const person = await startPerson(at);
  const asked = { ...person, refreshToken: person.tokens.refresh_token };
  await tokensOf(await askForToken(at, machine));
  const ready = async () => (await at.issuer.fetch(new Request(`${issuerUrl}/readyz`))).status;
  assert.equal(await ready(), 200);

  line.cut();
  held += 2_100;
  const refused = await askForToken(at, machine);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.deepEqual(await refusalOf(refused), [503, 'issuer_cut_off']);
  assert.deepEqual(await refusalOf(await refresh(at, asked)), [503, 'issuer_cut_off']);
  await assert.rejects(startPerson(at), { code: 'issuer_cut_off' });
  assert.equal(await ready(), 503);
  const before = await currentOf(at);

  line.join();
  await tokensOf(await askForToken(at, machine));
  // The refresh was decided and its answer lost: the same token is answered by the same generation.
  const next = await tokensOf(await refresh(at, asked));
  assert.equal(next.generation, 1);
  assert.equal(await ready(), 200);
  assert.ok((await reaching(at, before.to + 1)).to > before.to);
});

void test('ISSUER-89: a process that was itself held up looks first, and then signs', async (t) => {
  let held = 0;
  const at = await lab(t, { elapsed: () => performance.now() + held });
  const machine = await addMachine(at.issuer);
  held += 60_000;
  await tokensOf(await askForToken(at, machine));
});

void test('ISSUER-89: an outage is reported once, not at every look', async (t) => {
  const storage = openSqlite({ file: ':memory:' });
  let broken = false;
  const readFeed: Storage['readFeed'] = (reading) =>
    broken ? Promise.reject(new Error('no line to the store')) : storage.readFeed(reading);
  const at = await lab(t, { storage: { ...storage, readFeed } });
  broken = true;
  await sleep(500);
  assert.deepEqual(
    at.faults.map((fault) => (fault as Error).message),
    ['no line to the store'],
  );
});

void test('ISSUER-90: draining ends the streams and opens no more; closing leaves nothing running', async () => {
  const at = await openLab();
  const caller = await newFollower(at);
  const events = eventsOf(await openStream(at, caller));
  await events.next();
  at.issuer.drain();
  for await (const _ of events);
  const refused = await openStream(at, caller);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  await at.issuer.close();
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  await sleep(100);
  const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  assert.ok(after <= before);
  assert.deepEqual(at.faults, []);
});

void test('ISSUER-90: closing without draining ends the streams as well', async () => {
  const at = await openLab();
  const events = eventsOf(await openStream(at, await newFollower(at)));
  await events.next();
  await at.issuer.close();
  for await (const _ of events);
});

void test('ISSUER-90: a store that does not answer does not hold up the end of the feed', async () => {
  const line = cuttable(openSqlite({ file: ':memory:' }));
  const at = await openLab({ storage: line.storage });
  line.cut();
  await sleep(60);
  await at.issuer.close();
  line.join();
  await sleep(60);
  assert.deepEqual(at.faults, []);
});

void test('ISSUER-91: an end says where it stands in the feed, and who has applied it', async (t) => {
  const at = await lab(t);
  const person = await startPerson(at);
  const say = (change: object) => at.storage.acknowledge({ ...report(change), clientId: 'guards' });
  await say({ instance: 'gone', name: 'old-eu', to: 0 });
  await say({ instance: 'before', name: 'eu-2', to: 0 });
  at.clock.advance(601);
  await say({ instance: 'one', name: 'eu-1', to: 0 });
  await say({ instance: 'two', name: 'eu-2', to: 0 });
  await say({ instance: 'quiet', name: 'eu-3', to: 0 });
  at.clock.advance(20);
  const ended = await at.issuer.sessions.end({ sid: person.tokens.sid });
  assert.ok(ended.kind === 'ended');
  await say({ instance: 'one', name: 'eu-1', to: ended.position });
  await say({ instance: 'two', name: 'eu-2', to: 0 });
  const waiting = at.issuer.waitUntilApplied(ended.position, 60_000);
  await sleep(50);
  await say({ instance: 'two', name: 'eu-2', to: ended.position });
  const { ms, ...told } = await waiting;
  assert.ok(ms < 60_000);
  // Whoever was started anew under its name is not missed; whoever is silent is named and not waited for.
  assert.deepEqual(told, {
    guards: 3,
    applied: 2,
    missing: [
      { name: 'eu-3', instance: 'quiet', silentFor: 20 },
      { name: 'old-eu', instance: 'gone', silentFor: 621 },
    ],
  });
  const patience = await at.issuer.waitUntilApplied(ended.position + 1, 50);
  assert.deepEqual([patience.guards, patience.applied], [3, 0]);
  assert.deepEqual((await at.issuer.sessions.end({ sid: person.tokens.sid })).kind, 'already_ended');
  assert.deepEqual((await at.issuer.sessions.endAll({ clientId: 'nobody' })).kind, 'unknown');
});

void test('ISSUER-80: a guard that polls the feed refuses an ended session', async (t) => {
  const at = await lab(t, { clock: Date.now, storage: openSqlite({ file: ':memory:' }) });
  const clientId = await addPublicClient(at.issuer);
  const person = await startPerson(
    { ...at, clock: { now: Date.now, advance: () => undefined } },
    { clientId },
  );
  const own: typeof fetch = (input, init) => at.issuer.fetch(new Request(input, init));
  const guard = createGuard({ issuer: issuerUrl, audience: api, staleFeed: 'refuse', fetch: own });
  t.after(guard.close);
  await guard.ready();
  const ended = await at.issuer.sessions.end({ sid: person.tokens.sid });
  assert.ok(ended.kind === 'ended');
  while (guard.stats().feed.to < ended.position) await sleep(20);
  assert.equal(guard.stats().feed.entries, 1);
});
