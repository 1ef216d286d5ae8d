import assert from 'node:assert/strict';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { StartResult } from '../../src/storage/port/session-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import {
  app,
  hour,
  id,
  machine,
  minute,
  newClient,
  newStart,
  opened,
  rotationOf,
  second,
  started,
  type StoreTest,
} from './lab.ts';

const alive = async (store: Storage, sid: string) => (await store.sessionAlive({ sid })).kind;
const end = (sid: string) => ({ sid, reason: 'operator', by: 'test', holderKey: 'keep' }) as const;

export function sessionContract(storeTest: StoreTest): void {
  storeTest('STORE-13: a subject is made once and lives in its namespace', async ({ a, b }) => {
    const racing = await Promise.all([a, b, a, b].map((store) => started(store, { externalId: 'grace' })));
    assert.equal(new Set(racing.map(({ subject }) => subject)).size, 1);
    assert.equal(new Set(racing.map(({ handle }) => handle)).size, 1);
    assert.equal(new Set(racing.map(({ sid }) => sid)).size, 4);
    const other = newClient();
    await a.addClient(other);
    const there = await started(a, { externalId: 'grace', clientId: other.id, namespace: other.id });
    assert.notEqual(there.subject, racing[0]?.subject);
    assert.notEqual(there.handle, racing[0]?.handle);
    const found = await b.findSubject({ namespace: app, externalId: 'grace' });
    assert.deepEqual([found?.id, found?.enabled], [racing[0]?.subject, true]);
    assert.equal(await a.findSubject({ namespace: app, externalId: 'nobody' }), null);
  });

  storeTest('STORE-13: no start can ask for a client’s own subject', async ({ a }) => {
    await assert.rejects(a.startSession(newStart({ externalId: '' })), TypeError);
  });

  storeTest('STORE-13: a start says all that was asked', async ({ a }) => {
    const start = newStart({ device: 'laptop', amr: ['pwd', 'otp'], scope: 'read write' });
    const result = await a.startSession(start);
    assert.ok(result.kind === 'started');
    const { session, now } = result;
    assert.deepEqual(
      { ...session, handle: '', subject: '' },
      {
        sid: start.sid,
        kind: 'person',
        subject: '',
        handle: '',
        clientId: app,
        audience: start.audience,
        scope: 'read write',
        jkt: start.jkt,
        generation: 0,
        rotatedAt: now,
        startedAt: now,
        createdAt: now,
        authenticatedAt: now,
        amr: ['pwd', 'otp'],
        device: 'laptop',
        lastUsedAt: now,
        idleExpiresAt: now + hour,
        absoluteExpiresAt: now + 24 * hour,
        repeats: 0,
        endedAt: null,
        endReason: null,
        grantId: null,
        signIn: null,
        deviceKey: null,
      },
    );
    assert.deepEqual(await a.findSession(start.sid), { ...session, alive: true });
    assert.deepEqual(await a.sessionAlive({ sid: start.sid }), { kind: 'alive', session, now });
  });

  storeTest('STORE-14: a start is refused with its reason and leaves nothing', async ({ a }) => {
    const gone = newClient();
    await a.addClient(gone);
    await a.removeClient({ id: gone.id, by: 'test' });
    const disabled = await started(a, { externalId: 'disabled' });
    await a.disableSubject({ subject: disabled.subject, by: 'test' });
    const refusals: [string, Partial<Parameters<typeof newStart>[0]>][] = [
      ['client_unknown', { clientId: 'nobody' }],
      ['client_unknown', { clientId: machine }],
      ['client_removed', { clientId: gone.id }],
      ['subject_disabled', { externalId: 'disabled' }],
      ['key_required', { jkt: null }],
    ];
    for (const [reason, over] of refusals) {
      const start = newStart({ externalId: `for ${reason}`, ...over });
      const refused: StartResult = await a.startSession(start);
      assert.deepEqual(refused, { kind: 'refused', reason });
      assert.equal(await a.findSession(start.sid), null);
    }
    assert.equal(await a.findSubject({ namespace: app, externalId: 'for client_removed' }), null);
    const bearer = newClient({ bearer: true });
    await a.addClient(bearer);
    const session = await started(a, { clientId: bearer.id, namespace: bearer.id, jkt: null });
    assert.equal(session.jkt, null, 'a bearer client needs no key');
  });

  storeTest(
    'STORE-19: a cut of a subject ends what started before, in the same microsecond too',
    async ({ a, b }) => {
      const before = [await started(a), await started(a)];
      const neighbour = await started(a, { externalId: 'grace' });
      const cut = await b.endSessionsOf({ subject: before[0]?.subject ?? '', by: 'test' });
      assert.ok(cut.kind === 'cut');
      const after = await started(a);
      assert.ok(after.startedAt > cut.position);
      for (const { sid } of before) assert.equal(await alive(a, sid), 'not_alive');
      assert.equal(await alive(a, after.sid), 'alive');
      assert.equal(await alive(a, neighbour.sid), 'alive');
      await a.endSessionsOf({ subject: after.subject, by: 'test' });
      assert.equal(await alive(a, after.sid), 'not_alive', 'the next cut catches the start past the clock');
      assert.deepEqual(await a.endSessionsOf({ subject: 'nobody', by: 'test' }), { kind: 'unknown' });
    },
  );

  storeTest(
    'STORE-19: a cut by a process whose clock is behind ends what started before',
    async ({ a, b, clock }) => {
      const cuts = [
        () => b.endSessionsOf({ clientId: app, by: 'test' }),
        () => b.cutEverything({ by: 'test' }),
      ];
      for (const cut of cuts) {
        clock.advance(7200);
        const session = await started(a);
        clock.setBack(3600);
        const result = await cut();
        assert.ok(result.kind === 'cut' && result.position >= session.startedAt);
        assert.equal((await a.findSession(session.sid))?.alive, false);
        assert.equal((await b.findSession((await started(b)).sid))?.alive, true);
      }
    },
  );

  storeTest(
    'STORE-19: a cut of a client, and of everything, in the same microsecond too',
    async ({ a, b }) => {
      const other = newClient();
      await a.addClient(other);
      const elsewhere = await started(a, { clientId: other.id, namespace: other.id });
      const first = await started(a);
      await a.endSessionsOf({ clientId: app, by: 'test' });
      const second_ = await started(b);
      assert.deepEqual(
        [await alive(a, first.sid), await alive(a, second_.sid), await alive(a, elsewhere.sid)],
        ['not_alive', 'alive', 'alive'],
      );
      const cut = await a.cutEverything({ by: 'test' });
      assert.ok(cut.position >= second_.startedAt);
      const third = await started(b);
      assert.deepEqual(
        [await alive(a, second_.sid), await alive(a, elsewhere.sid), await alive(a, third.sid)],
        ['not_alive', 'not_alive', 'alive'],
      );
      assert.deepEqual(await a.endSessionsOf({ clientId: 'nobody', by: 'test' }), { kind: 'unknown' });
    },
  );

  storeTest('STORE-21: disabling a subject ends its sessions and enabling revives none', async ({ a, b }) => {
    const session = await started(a);
    assert.equal((await a.disableSubject({ subject: session.subject, by: 'test' })).kind, 'cut');
    assert.equal(await alive(b, session.sid), 'not_alive');
    assert.equal((await b.startSession(newStart())).kind, 'refused');
    assert.equal((await b.enableSubject({ subject: session.subject, by: 'test' })).kind, 'enabled');
    assert.equal(await alive(a, session.sid), 'not_alive');
    assert.equal((await started(a)).subject, session.subject);
    assert.deepEqual(await a.disableSubject({ subject: 'nobody', by: 'test' }), { kind: 'unknown' });
    assert.deepEqual(await a.enableSubject({ subject: 'nobody', by: 'test' }), { kind: 'unknown' });
  });

  storeTest('STORE-22: a session is ended once, and others stay', async ({ a, b, clock }) => {
    const session = await started(a);
    const other = await started(a);
    clock.advance(1);
    const results = await Promise.all([a, b, a, b].map((store) => store.endSession(end(session.sid))));
    assert.deepEqual(results.map(({ kind }) => kind).sort(), [
      'already_ended',
      'already_ended',
      'already_ended',
      'ended',
    ]);
    const row = await b.findSession(session.sid);
    assert.deepEqual([row?.endedAt, row?.endReason], [session.startedAt + second, 'operator']);
    assert.equal(await alive(a, session.sid), 'not_alive');
    assert.equal(await alive(a, other.sid), 'alive');
    assert.deepEqual(await a.endSession(end(id())), { kind: 'unknown' });
  });

  storeTest('STORE-22: only the client named can end its session', async ({ a }) => {
    const session = await started(a);
    assert.deepEqual(await a.endSession({ ...end(session.sid), clientId: machine }), { kind: 'unknown' });
    assert.equal((await a.rotate(rotationOf(session))).kind, 'rotated');
    assert.equal((await a.endSession({ ...end(session.sid), clientId: app })).kind, 'ended');
    assert.deepEqual(await a.endSession({ ...end(session.sid), clientId: machine }), { kind: 'unknown' });
    assert.deepEqual(await a.endSession({ ...end(session.sid), clientId: app }), { kind: 'already_ended' });
  });

  storeTest('STORE-23: lists are newest first, in pages, by client and subject', async ({ a, b, clock }) => {
    const made: SessionRow[] = [];
    for (let turn = 0; turn < 7; turn++) {
      made.push(await started(a, { externalId: turn % 2 === 0 ? 'ada' : 'grace' }));
      if (turn % 3 === 0) clock.advance(1);
    }
    const own = await opened(a);
    const pages = [];
    for (let after: { after?: string } = {}; ;) {
      const page = await b.listSessions({ clientId: app, limit: 3, ...after });
      pages.push(page);
      const last = page.at(-1);
      if (!last || page.length < 3) break;
      after = { after: last.sid };
    }
    assert.deepEqual(
      pages.map((page) => page.length),
      [3, 3, 1],
    );
    const listed = pages.flat();
    assert.deepEqual(new Set(listed.map(({ sid }) => sid)), new Set(made.map(({ sid }) => sid)));
    assert.ok(
      listed.every((row, index) => index === 0 || row.startedAt <= (listed[index - 1]?.startedAt ?? 0)),
    );
    const ofGrace = await a.listSessions({ subject: made[1]?.subject ?? '', limit: 10 });
    assert.deepEqual(
      new Set(ofGrace.map(({ sid }) => sid)),
      new Set([1, 3, 5].map((turn) => made[turn]?.sid)),
    );
    assert.equal((await a.listSessions({ clientId: app, subject: own.subject, limit: 10 })).length, 0);
    assert.equal((await a.listSessions({ limit: 100 })).length, 8);
  });

  storeTest('STORE-23: a list knows what is alive as a refresh does', async ({ a, clock }) => {
    const idle = await started(a);
    clock.advance(3000);
    const ended = await started(a);
    await a.endSession(end(ended.sid));
    const cut = await started(a, { externalId: 'grace' });
    await a.endSessionsOf({ subject: cut.subject, by: 'test' });
    const live = await started(a);
    clock.advance(600);
    const rows = await a.listSessions({ limit: 10 });
    assert.deepEqual(
      new Map(rows.map(({ sid, alive }) => [sid, alive])),
      new Map([
        [live.sid, true],
        [cut.sid, false],
        [ended.sid, false],
        [idle.sid, false],
      ]),
    );
    const only = await a.listSessions({ limit: 10, only: 'alive' });
    assert.deepEqual(
      only.map(({ sid }) => sid),
      [live.sid],
    );
  });

  storeTest('STORE-24: expiries and authentication are bounded', async ({ a, clock }) => {
    const short = await started(a, { idleLife: 2 * hour, absoluteLife: hour });
    assert.equal(short.idleExpiresAt, short.absoluteExpiresAt);
    const now = clock.now() * 1000;
    assert.equal((await started(a, { authenticatedAt: now + minute })).authenticatedAt, now);
    assert.equal((await started(a, { authenticatedAt: now - minute })).authenticatedAt, now - minute);
    for (const life of [0, -1, 1.5, NaN, Infinity]) {
      await assert.rejects(a.startSession(newStart({ idleLife: life })), TypeError);
      await assert.rejects(a.startSession(newStart({ absoluteLife: life })), TypeError);
    }
  });
}
