import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { AuthError } from '@symbolon/token';
import { Client } from 'pg';
import type { Storage } from '../../src/storage/port/storage.ts';
import { allowanceOf, allowed, kept, redemptionOf, subjectOf } from './code-lab.ts';
import { addPerson, signIn } from './contract-browsers.ts';
import { openPostgresLab } from './postgres-lab.ts';
import {
  api,
  app,
  furnish,
  hour,
  id,
  machine,
  newAssertion,
  newClient,
  newKey,
  newOpening,
  newStart,
  opened,
  rotationOf,
  started,
} from './lab.ts';

const lab = await openPostgresLab('database');
const by = 'test';
const end = (sid: string) => ({ sid, reason: 'operator', by, holderKey: 'keep' }) as const;

if (typeof lab === 'string') test('races on PostgreSQL', { skip: lab });
else {
  const { a, b } = lab;
  /** One replica and the other, by turns. */
  const each = <T>(count: number, work: (store: Storage, turn: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, turn) => work(turn % 2 === 0 ? a : b, turn)));
  /** An end that is asked for while a code is being redeemed, and not committed yet. */
  const endingDuring = async <E>(code: Parameters<typeof redemptionOf>[0], end: () => Promise<E>) => {
    const [holder, watcher] = [lab.url, lab.url].map((connectionString) => new Client({ connectionString }));
    assert.ok(holder && watcher);
    await Promise.all([holder.connect(), watcher.connect()]);
    const waiting = async (count: number): Promise<void> => {
      const text = `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
      for (;;) if (Number((await watcher.query<{ n: string }>(text)).rows[0]?.n) >= count) return;
    };
    // Whatever is told in the log waits here.
    await holder.query('BEGIN');
    await holder.query('UPDATE audit_head SET seq = seq');
    const redeeming = a.redeemCode(redemptionOf(code));
    await waiting(1);
    const ending = end();
    await waiting(2);
    await holder.query('COMMIT');
    await Promise.all([holder.end(), watcher.end()]);
    const redeemed = await redeeming;
    assert.ok(redeemed.kind === 'redeemed');
    return [redeemed, await ending] as const;
  };
  /** A person in a browser. */
  const signedIn = async (): Promise<{ sid: string; subject: string }> => {
    const subject = await subjectOf(a);
    await lab.run(
      `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', 'Ada', 'ada', 'person', 0)`,
    );
    const own = newClient({ kind: 'own' });
    await a.addClient(own);
    const session = await a.startBrowserSession({
      ...{ sid: id(), clientId: own.id, audience: 'https://issuer.example/account', subject, amr: [] },
      ...{ device: null, idleLife: hour, absoluteLife: hour },
      signWith: { session: 'EdDSA', refresh: 'EdDSA' },
    });
    assert.ok(session.kind === 'started');
    return { sid: session.session.sid, subject };
  };
  after(() => lab.close());
  beforeEach(async () => {
    await lab.open();
    await furnish(a);
  });

  test('POSTGRES-3: fifty refreshes at two replicas are one rotation', async () => {
    const session = await started(a);
    const kinds = await each(50, async (store) => (await store.rotate(rotationOf(session))).kind);
    assert.equal(kinds.filter((kind) => kind === 'rotated').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'repeated').length, 49);
    const row = await b.findSession(session.sid);
    assert.deepEqual([row?.generation, row?.repeats, row?.alive], [1, 49, true]);
  });

  test('POSTGRES-3: fifty refreshes by one assertion are one refresh', async () => {
    const session = await opened(a);
    const assertion = newAssertion();
    const kinds = await each(
      50,
      async (store) => (await store.rotate(rotationOf(session, { assertion }))).kind,
    );
    assert.equal(kinds.filter((kind) => kind === 'rotated').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'assertion_replayed').length, 49);
  });

  test('POSTGRES-3: refreshes and an end at once: nothing is refreshed after the end', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const session = await started(a);
      const [result, ended] = await Promise.all([
        b.rotate(rotationOf(session)),
        a.endSession(end(session.sid)),
      ]);
      assert.equal(ended.kind, 'ended');
      assert.ok(result.kind === 'rotated' || result.kind === 'refused');
      assert.deepEqual(await b.rotate(rotationOf(session, { gen: 1 })), { kind: 'refused' });
      const row = await a.findSession(session.sid);
      assert.deepEqual([row?.alive, row?.endReason], [false, 'operator']);
    }
  });

  test('POSTGRES-4: what starts while its subject is disabled is refused or caught by the cut', async () => {
    for (let turn = 0; turn < 15; turn++) {
      const externalId = `person ${turn}`;
      const { subject } = await started(a, { externalId });
      const starting = each(8, (store) => store.startSession(newStart({ externalId })));
      const cut = await b.disableSubject({ subject, by });
      assert.ok(cut.kind === 'cut');
      for (const result of await starting) {
        if (result.kind === 'started') assert.ok(result.session.startedAt <= cut.position);
        else assert.deepEqual(result, { kind: 'refused', reason: 'subject_disabled' });
      }
    }
  });

  test('POSTGRES-4: what opens while the client is removed is refused or caught by the cut', async () => {
    const opening = each(20, (store, key) => store.openMachineSession(newOpening({ jkt: `key ${key}` })));
    const cut = await b.removeClient({ id: machine, by });
    assert.ok(cut.kind === 'cut');
    for (const result of await opening) {
      if (result.kind === 'opened') assert.ok(result.session.startedAt <= cut.position);
      else assert.deepEqual(result, { kind: 'refused', reason: 'client_removed' });
    }
  });

  test('POSTGRES-4: a key that is blocked with its session opens no other', async () => {
    for (let turn = 0; turn < 15; turn++) {
      const jkt = `key ${turn}`;
      // Its own key makes the assertions, too, as machines mostly do.
      const fresh = () => ({ jkt, assertion: newAssertion({ kid: jkt }) });
      const session = await opened(a, fresh());
      const opening = each(6, (store) => store.openMachineSession(newOpening(fresh())));
      await b.endSession({ ...end(session.sid), holderKey: 'block' });
      await opening;
      const live = await a.listSessions({ clientId: machine, only: 'alive', limit: 10 });
      assert.deepEqual(live, []);
    }
  });

  test('POSTGRES-4: however many sessions a machine opens at once, a thousand stand', async () => {
    await each(1000, (store, key) => opened(store, { jkt: `key ${key}` }));
    await each(40, (store, key) => opened(store, { jkt: `another ${key}` }));
    await opened(a, { jkt: 'the last' });
    const live = await a.listSessions({ clientId: machine, only: 'alive', limit: 2000 });
    assert.equal(live.length, 1000);
  });

  test('POSTGRES-12: what a session decides while it is ended is decided before its end, or not at all', async () => {
    const subject = await addPerson(lab, 'Ada');
    const other = await addPerson(lab, 'Bob');
    let done = 0;
    for (let turn = 0; turn < 20; turn++) {
      const { sid } = await signIn(a, subject);
      const acting = { sid, as: 'operator', name: 'operator:ada' } as const;
      const deciding = each(6, (store) =>
        store.endSessionsOf({ subject: other, by: acting }).catch((error: unknown) => {
          assert.ok(error instanceof AuthError && error.code === 'session_ended');
        }),
      );
      const ended = await b.endSession(end(sid));
      assert.ok(ended.kind === 'ended');
      for (const cut of await deciding) {
        if (cut === undefined) continue;
        assert.ok(cut.kind === 'cut' && cut.position < ended.position, 'the head puts them in one order');
        done += 1;
      }
    }
    assert.ok(done > 0, 'some came first');
  });

  test('POSTGRES-12: however many sign in at once, fifty browser sessions of a person stand', async () => {
    const subject = await addPerson(lab, 'Ada');
    await each(50, (store) => signIn(store, subject));
    for (let turn = 0; turn < 15; turn++) {
      await each(2 + (turn % 5), (store) => signIn(store, subject));
      const live = await a.listSessions({ subject, only: 'alive', limit: 200 });
      assert.equal(live.length, 50);
    }
    assert.equal((await a.listAudit({ kind: 'session_ended', limit: 200 })).length, 60);
  });

  test('POSTGRES-5: keys promoted, revoked and added at once leave one current and one next', async () => {
    const current = async () =>
      (await a.listKeys()).find(
        ({ purpose, alg, state }) => purpose === 'session' && alg === 'EdDSA' && state === 'current',
      )?.kid ?? '';
    for (let turn = 0; turn < 6; turn++) {
      const kid = await current();
      await Promise.all([
        a.promoteKey({ next: newKey('session'), when: 'forced', by }),
        b.promoteKey({ next: newKey('session'), when: 'forced', by }),
        b.revokeKey({ kid, next: newKey('session'), by }),
        a.addKey(newKey('session'), 'next'),
      ]);
      const states = (await a.listKeys())
        .filter(({ purpose, alg }) => purpose === 'session' && alg === 'EdDSA')
        .map(({ state }) => state)
        .filter((state) => state !== 'retired');
      assert.deepEqual(states.sort(), ['current', 'next']);
    }
  });

  test('POSTGRES-6: no entry ever appears at or below a head that was read', async () => {
    const sessions = await each(240, (store, turn) => started(store, { externalId: `person ${turn}` }));
    const known = new Map<string, number>();
    let head = 0;
    let reading = true;
    const reader = async (store: Storage) => {
      while (reading) {
        const seen = head;
        const feed = await store.readFeed({ after: 0, limit: 10_000 });
        for (const { kind, value, position } of feed.entries) {
          const name = `${kind} ${value} ${position}`;
          if (!known.has(name)) assert.ok(position > seen, `${name} came at or below the head ${seen}`);
          known.set(name, position);
        }
        head = Math.max(head, feed.head);
      }
    };
    const readers = [reader(a), reader(b)];
    const ended = await each(240, async (store, turn) => {
      const session = sessions[turn];
      assert.ok(session);
      if (turn % 12 === 0) return store.endSessionsOf({ subject: session.subject, by });
      return store.endSession(end(session.sid));
    });
    reading = false;
    await Promise.all(readers);
    const positions = ended.map((result) => ('position' in result ? result.position : 0));
    assert.equal(new Set(positions).size, 240, 'each at a position of its own');
    const feed = await a.readFeed({ after: 0, limit: 10_000 });
    assert.deepEqual(new Set(feed.entries.map(({ position }) => position)), new Set(positions));
    assert.equal(feed.head, Math.max(...positions));
    assert.equal((await b.verifyAudit()).kind, 'intact');
  });

  test('POSTGRES-6: a cut after a failover to a slower clock misses no session', async () => {
    const future = (Date.now() + 3_600_000) * 1000;
    const session = await started(a);
    await lab.run(`UPDATE sessions SET started_at = ${future} WHERE id = '${session.sid}'`);
    const cut = await b.endSessionsOf({ clientId: app, by });
    assert.ok(cut.kind === 'cut' && cut.position >= future);
    assert.deepEqual(await a.sessionAlive({ sid: session.sid }), { kind: 'not_alive' });
    assert.ok((await started(b)).startedAt > cut.position, 'and the next start is past it');
  });

  test('POSTGRES-2: the clock is the database’s, one for a batch, and never below the head', async () => {
    const before = Date.now() * 1000;
    const shown = await a.now();
    assert.ok(shown >= before && shown <= Date.now() * 1000 + 1000);
    await lab.run(`UPDATE head SET position = ${shown + hour}`);
    assert.equal(await b.now(), shown + hour);
  });

  test('GRANT-4: a grant that ends waits for a code that is being redeemed, and ends what it gave', async () => {
    const code = await allowed(a);
    const [redeemed, ended] = await endingDuring(code, () =>
      b.endGrant({ grantId: code.grantId, reason: 'person', by }),
    );
    assert.ok(ended.kind === 'ended');
    assert.equal(ended.sessions, 1);
    const { entries } = await a.readFeed({ after: 0, limit: 10 });
    assert.deepEqual(
      entries.map(({ value, position }) => [value, position]),
      [[redeemed.session.sid, ended.position]],
    );
  });

  test('CODE-8: a code that is made while a cut commits is caught by it, or made after it', async () => {
    for (const what of ['subject', 'client', 'everything'] as const) {
      const first = await allowed(a, { signIn: null });
      const { subject } = first;
      const requestName = await kept(a);
      const [holder, watcher] = [lab.url, lab.url].map(
        (connectionString) => new Client({ connectionString }),
      );
      assert.ok(holder && watcher);
      await Promise.all([holder.connect(), watcher.connect()]);
      // Whatever is told in the log waits here: the cut has its time, and is not committed yet.
      await holder.query('BEGIN');
      await holder.query('UPDATE audit_head SET seq = seq');
      const text = `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
      const waiting = async (count: number): Promise<void> => {
        for (;;) if (Number((await watcher.query<{ n: string }>(text)).rows[0]?.n) >= count) return;
      };
      const cutting =
        what === 'everything'
          ? b.cutEverything({ by })
          : b.endSessionsOf(what === 'subject' ? { subject, by } : { clientId: app, by });
      await waiting(1);
      const allowance = allowanceOf({ requestName, subject, consent: 'covered' });
      const making = a.allow(allowance);
      const madeBefore = await Promise.race([making.then(() => true), waiting(2).then(() => false)]);
      await holder.query('COMMIT');
      await Promise.all([holder.end(), watcher.end()]);
      await Promise.all([cutting, making]);
      assert.equal((await a.redeemCode(redemptionOf(first))).kind, 'refused', what);
      const kind = (await a.redeemCode(redemptionOf(allowance))).kind;
      assert.equal(kind, madeBefore ? 'refused' : 'redeemed', `${what}, made before the cut: ${madeBefore}`);
    }
  });

  test('CODE-13: a sign-in that ends while its person says yes takes the whole yes with it', async () => {
    const { sid, subject } = await signedIn();
    const requestName = await kept(a);
    const [holder, watcher] = [lab.url, lab.url].map((connectionString) => new Client({ connectionString }));
    assert.ok(holder && watcher);
    await Promise.all([holder.connect(), watcher.connect()]);
    const waiting = async (): Promise<void> => {
      const text = `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
      for (;;) if (Number((await watcher.query<{ n: string }>(text)).rows[0]?.n) >= 1) return;
    };
    // The same grant, being made by somebody else: the yes has taken its request, and waits here.
    await holder.query('BEGIN');
    await holder.query(
      `INSERT INTO grants (id, subject, client_id, created_at) VALUES ('another', '${subject}', '${app}', 0)`,
    );
    const allowance = allowanceOf({ requestName, subject, signIn: sid });
    const allowing = a.allow(allowance);
    await waiting();
    assert.equal((await b.endSignIn({ sid, by, ends: 'sign_in' })).kind, 'ended');
    await holder.query('ROLLBACK');
    await Promise.all([holder.end(), watcher.end()]);
    assert.deepEqual(await allowing, { kind: 'refused' });
    const question = { subject, clientId: app, audience: api, scopes: ['read'], consentLife: 3600e6 };
    assert.equal(await b.grantCovers(question), false);
    assert.deepEqual(await b.listAudit({ kind: 'grant_made', limit: 10 }), []);
    const again = allowanceOf({ requestName, subject });
    assert.equal((await b.allow(again)).kind, 'allowed', 'the request was left as it was');
    assert.equal(await b.grantCovers(question), true);
  });

  test('CODE-8: a cut after a failover to a slower clock misses no code', async () => {
    const code = await allowed(a);
    const future = (Date.now() + 3_600_000) * 1000;
    await lab.run(
      `UPDATE authorization_codes SET created_at = ${future}, expires_at = ${future + 60_000_000}`,
    );
    const cut = await b.endSessionsOf({ clientId: app, by });
    assert.ok(cut.kind === 'cut' && cut.position >= future);
    assert.equal((await a.redeemCode(redemptionOf(code))).kind, 'refused');
  });

  test('LOGOUT-5: a sign-in that ends waits for a code that is being redeemed, and ends what it gave', async () => {
    const { sid, subject } = await signedIn();
    const code = await allowed(a, { subject, signIn: sid, scopes: ['openid'] });
    const [redeemed, ended] = await endingDuring(code, () => b.endSignIn({ sid, by, ends: 'sign_in' }));
    assert.ok(ended.kind === 'ended');
    assert.deepEqual([...ended.sids].sort(), [sid, redeemed.session.sid].sort());
  });

  test('LOGOUT-6: a theft that is seen while a code is being redeemed takes what it gave, and its link', async () => {
    const { sid, subject } = await signedIn();
    const code = await allowed(a, { subject, signIn: sid, scopes: ['read'] });
    const renewal = { sid, signWith: { session: 'EdDSA', refresh: 'EdDSA' } };
    for (const gen of [0, 1]) await a.renewByCookie({ ...renewal, gen });
    const [redeemed, ended] = await endingDuring(code, () => b.renewByCookie({ ...renewal, gen: 0 }));
    assert.deepEqual(ended, { kind: 'reuse' });
    assert.equal((await a.findSession(redeemed.session.sid))?.endReason, 'reuse');
    const question = { subject, clientId: app, audience: api, scopes: ['read'], consentLife: 3600e6 };
    assert.equal(await a.grantCovers(question), false);
  });
}
