import assert from 'node:assert/strict';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { BrowserStart, RenewResult } from '../../src/storage/port/browser-storage.ts';
import type { Issue } from '../../src/storage/port/decisions.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import {
  hour,
  id,
  minute,
  newClient,
  second,
  signWith,
  started,
  type StoreLab,
  type StoreTest,
} from './lab.ts';

const own = 'symbolon';
const audience = 'https://issuer.example/account';
const deviceKey = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const bound = { idleLife: 7 * 24 * hour, absoluteLife: 30 * 24 * hour, signWith };

/** An operator's account, and the issuer's own client. */
export async function addPerson({ a, run }: Pick<StoreLab, 'a' | 'run'>, name = 'Ada'): Promise<string> {
  const subject = id();
  await a.addClient(newClient({ id: own, kind: 'own', audiences: [] }));
  await run(`INSERT INTO subjects (id, namespace, external_id, handle, enabled, cut_at, created_at)
    VALUES ('${subject}', '', '${subject}', '${id()}', 1, 0, 0)`);
  await run(
    `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', '${name}', '${name.toLowerCase()}', 'operator', 0)`,
  );
  return subject;
}

const newBrowser = (subject: string, over: Partial<BrowserStart> = {}): BrowserStart => ({
  ...{ sid: id(), clientId: own, audience, subject, amr: ['hwk'], device: 'Chromium on Linux' },
  ...{ idleLife: hour, absoluteLife: 8 * hour, signWith, ...over },
});

export async function signIn(
  store: Storage,
  subject: string,
  over: Partial<BrowserStart> = {},
): Promise<SessionRow> {
  const result = await store.startBrowserSession(newBrowser(subject, over));
  assert.equal(result.kind, 'started');
  return sessionOf(result);
}

function sessionOf(result: { kind: string } | Issue): SessionRow {
  assert.ok('session' in result, 'expected a session');
  return result.session;
}

const renew = (store: Storage, { sid, generation: gen }: SessionRow): Promise<RenewResult> =>
  store.renewByCookie({ sid, gen, signWith });

export function browserContract(storeTest: StoreTest): void {
  storeTest('BROWSER-1: a session is started for an enabled account and for nobody else', async (lab) => {
    const { a, b } = lab;
    const subject = await addPerson(lab);
    const session = await signIn(a, subject);
    assert.deepEqual(
      [session.kind, session.clientId, session.audience, session.jkt, session.scope],
      ['browser', own, audience, null, ''],
    );
    const found = await b.findBrowserSession(session.sid);
    assert.deepEqual([found?.name, found?.role, found?.session.sid], ['Ada', 'operator', session.sid]);
    const stranger = (await started(a)).subject;
    for (const start of [
      newBrowser(stranger),
      newBrowser(id()),
      newBrowser(subject, { clientId: 'app' }),
      newBrowser(subject, { clientId: 'machine' }),
    ]) {
      assert.deepEqual(await a.startBrowserSession(start), { kind: 'refused' });
      assert.equal(await a.findSession(start.sid), null);
    }
    await a.disableSubject({ subject, by: 'test' });
    assert.deepEqual(await a.startBrowserSession(newBrowser(subject)), { kind: 'refused' });
    await a.enableSubject({ subject, by: 'test' });
    await signIn(b, subject);
  });

  storeTest(
    'BROWSER-4: a session that is ended, cut, or of a disabled account stands no more',
    async (lab) => {
      const { a, b } = lab;
      const subject = await addPerson(lab);
      const ends: ((sid: string) => Promise<unknown>)[] = [
        (sid) => a.endSession({ sid, reason: 'signed_out', by: 'person', holderKey: 'keep' }),
        () => a.endSessionsOf({ subject, by: 'person' }),
        () => a.disableSubject({ subject, by: 'operator' }),
        () => a.cutEverything({ by: 'operator' }),
      ];
      for (const end of ends) {
        await a.enableSubject({ subject, by: 'operator' });
        const session = await signIn(a, subject);
        assert.ok(await b.findBrowserSession(session.sid));
        await end(session.sid);
        assert.equal(await b.findBrowserSession(session.sid), null);
        assert.deepEqual(await renew(b, session), { kind: 'refused' });
        assert.deepEqual(await b.provePresence({ sid: session.sid, amr: [], signWith }), { kind: 'refused' });
      }
    },
  );

  storeTest('BROWSER-30: of a person’s sessions in browsers fifty stand', async (lab) => {
    const { a, b, clock } = lab;
    const [subject, other] = [await addPerson(lab), await addPerson(lab, 'Bob')];
    const theirs = await signIn(a, other);
    const oldest = await signIn(a, subject, { idleLife: 8 * hour });
    const next = await signIn(a, subject, { idleLife: 8 * hour });
    const over = await signIn(a, subject, { idleLife: minute });
    clock.advance(60);
    assert.equal(await b.findBrowserSession(over.sid), null);
    for (let n = 0; n < 48; n++) await signIn(n % 2 === 0 ? a : b, subject);
    clock.advance(1);
    await renew(a, oldest);
    assert.ok(await a.findBrowserSession(next.sid), 'fifty stand; what ran out does not count');
    const { head } = await a.readFeed({ after: 0, limit: 1000 });
    const last = await signIn(b, subject);
    assert.equal(await a.findBrowserSession(next.sid), null);
    assert.equal((await a.findSession(next.sid))?.endReason, 'evicted');
    const live = await a.listSessions({ subject, only: 'alive', limit: 100 });
    assert.equal(live.length, 50);
    for (const { sid } of [oldest, last, theirs]) assert.ok(await a.findBrowserSession(sid));
    const { entries } = await b.readFeed({ after: head, limit: 10 });
    assert.deepEqual(
      entries.map(({ kind, value }) => [kind, value]),
      [['session', next.sid]],
    );
    const told = await a.listAudit({ sid: next.sid, kind: 'session_ended', limit: 10 });
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ by: 'issuer', reason: 'evicted' }],
    );
    assert.equal((await a.listAudit({ sid: last.sid, limit: 10 })).length, 1, 'the start is told as well');
  });

  storeTest('BROWSER-30: what another version left beyond the bound goes with the next', async (lab) => {
    const { a } = lab;
    const subject = await addPerson(lab);
    for (let n = 0; n < 50; n++) await signIn(a, subject);
    await lab.run(`INSERT INTO sessions (id, kind, subject, client_id, audience, scope, jkt, generation, repeats,
        rotated_at, created_at, last_used_at, started_at, idle_life, idle_expires_at, absolute_expires_at)
      SELECT 'left ' || id, kind, subject, client_id, audience, scope, jkt, generation, repeats, rotated_at, created_at,
        last_used_at, started_at, idle_life, idle_expires_at, absolute_expires_at FROM sessions WHERE kind = 'browser'`);
    await signIn(a, subject);
    assert.equal((await a.listSessions({ subject, only: 'alive', limit: 200 })).length, 50);
    assert.equal((await a.listAudit({ kind: 'session_ended', limit: 200 })).length, 51);
  });

  storeTest('BROWSER-8: the current generation leads to the next', async (lab) => {
    const { a, b, clock } = lab;
    const session = await signIn(a, await addPerson(lab));
    clock.advance(300);
    const next = await renew(b, session);
    assert.equal(next.kind, 'rotated');
    assert.equal(sessionOf(next).generation, session.generation + 1);
    assert.equal(sessionOf(next).idleExpiresAt, session.idleExpiresAt + 300 * second);
    assert.equal((await renew(a, sessionOf(next))).kind, 'rotated');
  });

  storeTest(
    'BROWSER-9: the generation before is answered for 10 seconds once its next has come',
    async (lab) => {
      const { a, b, clock } = lab;
      const session = await signIn(a, await addPerson(lab));
      const next = sessionOf(await renew(a, session));
      await b.noteArrival({ sid: next.sid, gen: next.generation });
      for (const seconds of [0, 4, 6]) {
        clock.advance(seconds);
        const again = await renew(b, session);
        assert.equal(again.kind, 'repeated');
        const { repeats: _repeats, lastUsedAt: _lastUsedAt, ...same } = sessionOf(again);
        assert.deepEqual({ ...next, ...same }, next);
      }
      assert.equal((await renew(a, next)).kind, 'rotated');
    },
  );

  storeTest('BROWSER-9: however late where the answer was lost, each time alike', async (lab) => {
    const { a, b, clock } = lab;
    let session = await signIn(a, await addPerson(lab), { idleLife: 8 * hour });
    for (const minutes of [1, 30, 100]) {
      const lost = sessionOf(await renew(a, session));
      for (let times = 0; times < 2; times++) {
        clock.advance(minutes * 60);
        const again = await renew(b, session);
        assert.equal(again.kind, 'repeated');
        const { repeats: _repeats, lastUsedAt: _lastUsedAt, ...same } = sessionOf(again);
        assert.deepEqual({ ...lost, ...same }, lost);
      }
      session = lost;
    }
  });

  storeTest('BROWSER-40: a cookie has come when a request brings the current generation', async (lab) => {
    const { a, b } = lab;
    const subject = await addPerson(lab);
    const [session, firm, holder] = [await signIn(a, subject), await signIn(a, subject), await started(a)];
    const isAwaited = async ({ sid }: SessionRow): Promise<boolean | undefined> =>
      (await b.findBrowserSession(sid))?.awaited;
    assert.equal(await isAwaited(session), false, 'nothing has renewed it yet');
    for (let gen = 1; gen < 4; gen++) {
      await renew(a, { ...session, generation: gen - 1 });
      for (const another of [gen - 1, gen + 1]) await a.noteArrival({ sid: session.sid, gen: another });
      assert.equal(await isAwaited(session), true);
      await a.noteArrival({ sid: session.sid, gen });
      assert.equal(await isAwaited(session), false);
      assert.equal((await renew(b, { ...session, generation: gen - 1 })).kind, 'repeated');
      assert.equal(await isAwaited(session), false, 'a second tab takes nothing back');
    }
    await a.bindToDevice({ sid: firm.sid, deviceKey, gen: 0, ...bound });
    assert.equal(await isAwaited(firm), false);
    const before = await a.findSession(holder.sid);
    await a.noteArrival({ sid: holder.sid, gen: holder.generation });
    assert.deepEqual(await a.findSession(holder.sid), before);
  });

  storeTest('BROWSER-41: what a cookie stands for is read without changing anything', async (lab) => {
    const { a, b, clock } = lab;
    const subject = await addPerson(lab);
    const [session, firm] = [await signIn(a, subject), await signIn(a, subject)];
    const read = (row: SessionRow, gen = row.generation) => b.readByCookie({ sid: row.sid, gen, signWith });
    const next = sessionOf(await renew(a, session));
    for (const gen of [0, 1]) {
      const found = await read(session, gen);
      assert.equal(found.kind, 'read');
      assert.deepEqual(sessionOf(found), next);
    }
    assert.deepEqual(await read(session, 2), { kind: 'refused' });
    await a.noteArrival({ sid: session.sid, gen: 1 });
    clock.advance(10.001);
    assert.deepEqual(await read(session, 0), { kind: 'refused' }, 'that is reuse, for the renewal to say');
    assert.equal((await read(session, 1)).kind, 'read');
    assert.equal((await read(firm)).kind, 'read');
    await a.bindToDevice({ sid: firm.sid, deviceKey, gen: 0, ...bound });
    for (const gen of [0, 1]) assert.deepEqual(await read(firm, gen), { kind: 'refused' });
    assert.deepEqual(await read(await started(a)), { kind: 'refused' });
    await a.endSession({ sid: session.sid, reason: 'signed_out', by: 'person', holderKey: 'keep' });
    assert.deepEqual(await read(session, 1), { kind: 'refused' });
  });

  storeTest(
    'BROWSER-42: who takes the place of a lost answer is found out when both have gone on',
    async (lab) => {
      const { a, b, clock } = lab;
      const session = await signIn(a, await addPerson(lab));
      const lost = sessionOf(await renew(a, session));
      clock.advance(60);
      assert.equal((await renew(b, session)).kind, 'repeated', 'the thief has copied the one before');
      assert.equal((await renew(a, session)).kind, 'repeated', 'its owner has nothing else');
      const next = sessionOf(await renew(b, lost));
      await b.noteArrival({ sid: next.sid, gen: next.generation });
      clock.advance(11);
      assert.deepEqual(await renew(a, lost), { kind: 'reuse' });
      assert.deepEqual(await renew(b, next), { kind: 'refused' });
    },
  );

  storeTest('BROWSER-10: later it is reuse, which ends the session', async (lab) => {
    const { a, b, clock } = lab;
    const subject = await addPerson(lab);
    const [session, other] = [await signIn(a, subject), await signIn(a, subject)];
    const next = sessionOf(await renew(a, session));
    await a.noteArrival({ sid: next.sid, gen: next.generation });
    clock.advance(10.001);
    assert.deepEqual(await renew(b, session), { kind: 'reuse' });
    assert.deepEqual(await renew(a, next), { kind: 'refused' });
    assert.equal((await a.findSession(session.sid))?.endReason, 'reuse');
    const { entries } = await a.readFeed({ after: 0, limit: 100 });
    assert.deepEqual(
      entries.map(({ kind, value }) => [kind, value]),
      [['session', session.sid]],
    );
    const told = await a.listAudit({ sid: session.sid, limit: 9 });
    assert.deepEqual(
      told.map(({ kind, clientId }) => [kind, clientId]),
      [
        ['session_started', own],
        ['refresh_reuse', own],
      ],
    );
    assert.equal((await renew(a, other)).kind, 'rotated');
  });

  storeTest('BROWSER-10: two generations behind it is reuse at once', async (lab) => {
    const { a } = lab;
    const session = await signIn(a, await addPerson(lab));
    const next = sessionOf(await renew(a, session));
    assert.equal((await renew(a, next)).kind, 'rotated');
    assert.deepEqual(await renew(a, session), { kind: 'reuse' });
    assert.equal(await a.findBrowserSession(session.sid), null);
  });

  storeTest('BROWSER-11: fifty renewals at the same time are one rotation', async (lab) => {
    const { a, b } = lab;
    const session = await signIn(a, await addPerson(lab));
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => renew(turn % 2 === 0 ? a : b, session)),
    );
    assert.equal(results.filter(({ kind }) => kind === 'rotated').length, 1);
    assert.equal(results.filter(({ kind }) => kind === 'repeated').length, 49);
    assert.ok(results.every((result) => sessionOf(result).generation === session.generation + 1));
  });

  storeTest(
    'BROWSER-12: 8 hours after the sign-in it is over, and after an hour without use',
    async (lab) => {
      const { a, clock } = lab;
      const subject = await addPerson(lab);
      let session = await signIn(a, subject);
      for (let half = 1; half < 16; half++) {
        clock.advance(1800);
        session = sessionOf(await renew(a, session));
      }
      clock.advance(1799);
      assert.ok(await a.findBrowserSession(session.sid));
      clock.advance(1);
      assert.deepEqual(await renew(a, session), { kind: 'refused' });
      const idle = await signIn(a, subject);
      clock.advance(3599);
      assert.ok(await a.findBrowserSession(idle.sid));
      clock.advance(1);
      assert.deepEqual(await renew(a, idle), { kind: 'refused' });
    },
  );

  storeTest(
    'BROWSER-13: a holder’s session is not renewed as a browser’s, nor the other way round',
    async (lab) => {
      const { a } = lab;
      const browser = await signIn(a, await addPerson(lab));
      const holder = await started(a);
      assert.deepEqual(await renew(a, holder), { kind: 'refused' });
      assert.equal(await a.findBrowserSession(holder.sid), null);
      for (const jkt of ['', 'holder-key']) {
        const asHolder = { sid: browser.sid, gen: 0, clientId: own, jkt };
        const result = await a.rotate({
          ...asHolder,
          signWith: { session: { [audience]: 'EdDSA' }, refresh: 'EdDSA' },
        });
        assert.deepEqual(result, { kind: 'refused' });
      }
      assert.equal((await renew(a, browser)).kind, 'rotated');
    },
  );

  storeTest('BROWSER-15: only a session that is bound keeps a new proof of presence', async (lab) => {
    const { a, clock } = lab;
    const subject = await addPerson(lab);
    const [loose, firm] = [await signIn(a, subject), await signIn(a, subject)];
    await a.bindToDevice({ sid: firm.sid, deviceKey, gen: 0, ...bound });
    clock.advance(100);
    const prove = async ({ sid }: SessionRow): Promise<SessionRow> =>
      sessionOf(await a.provePresence({ sid, amr: ['pin'], signWith }));
    assert.deepEqual(
      [(await prove(loose)).authenticatedAt, (await prove(loose)).amr],
      [loose.authenticatedAt, ['hwk']],
    );
    const proved = await prove(firm);
    assert.deepEqual(
      [proved.authenticatedAt, proved.amr],
      [(firm.authenticatedAt ?? 0) + 100 * second, ['pin']],
    );
    clock.advance(100);
    const answered = { sid: firm.sid, gen: 1, challengedAt: await a.now(), signWith };
    assert.equal(sessionOf(await a.renewByDevice(answered)).authenticatedAt, proved.authenticatedAt);
    assert.equal(sessionOf(await renew(a, loose)).authenticatedAt, loose.authenticatedAt);
  });

  storeTest('DBSC-8: a session is bound once, within a minute, before it was renewed', async (lab) => {
    const { a, b, clock } = lab;
    const subject = await addPerson(lab);
    const bind = (session: SessionRow, gen = session.generation): Promise<{ kind: string }> =>
      a.bindToDevice({ sid: session.sid, deviceKey, gen, ...bound });
    const session = await signIn(a, subject);
    const late = await signIn(a, subject);
    const renewed = await signIn(a, subject);
    await renew(a, renewed);
    assert.deepEqual(await bind(renewed), { kind: 'refused' });
    assert.deepEqual(await bind(session, 1), { kind: 'refused' });
    assert.deepEqual(await bind(await started(a)), { kind: 'refused' });
    clock.advance(59.9);
    const results = await Promise.all(
      [a, b].map((store) => store.bindToDevice({ sid: session.sid, deviceKey, gen: 0, ...bound })),
    );
    assert.deepEqual(results.map(({ kind }) => kind).sort(), ['bound', 'refused']);
    const row = await a.findSession(session.sid);
    assert.deepEqual(row?.deviceKey, deviceKey);
    assert.deepEqual(await bind(session, 1), { kind: 'refused' });
    clock.advance(0.1);
    assert.deepEqual(await bind(late), { kind: 'refused' });
    const told = await a.listAudit({ kind: 'browser_bound', limit: 9 });
    assert.deepEqual(
      told.map(({ sid }) => sid),
      [session.sid],
    );
  });

  storeTest(
    'DBSC-10: from then on no cookie renews it, and it lasts as a holder’s session does',
    async (lab) => {
      const { a, clock } = lab;
      const session = await signIn(a, await addPerson(lab));
      const row = sessionOf(await a.bindToDevice({ sid: session.sid, deviceKey, gen: 0, ...bound }));
      for (const gen of [0, 1, 2, 3]) {
        assert.deepEqual(await a.renewByCookie({ sid: session.sid, gen, signWith }), { kind: 'refused' });
      }
      assert.equal(row.absoluteExpiresAt, session.createdAt + 30 * 24 * hour);
      clock.advance(6 * 24 * 3600);
      assert.ok(await a.findBrowserSession(session.sid));
      clock.advance(24 * 3600);
      assert.equal(await a.findBrowserSession(session.sid), null);
    },
  );

  storeTest('DBSC-13: an answer counts once, for the current generation, within a minute', async (lab) => {
    const { a, b, clock } = lab;
    const subject = await addPerson(lab);
    const [session, loose] = [await signIn(a, subject), await signIn(a, subject)];
    await a.bindToDevice({ sid: session.sid, deviceKey, gen: 0, ...bound });
    clock.advance(900);
    const now = await a.now();
    const answer = { sid: session.sid, gen: 1, challengedAt: now, signWith };
    assert.deepEqual(await a.renewByDevice({ ...answer, gen: 0 }), { kind: 'refused' });
    assert.deepEqual(await a.renewByDevice({ ...answer, challengedAt: now - minute }), { kind: 'refused' });
    assert.deepEqual(await a.renewByDevice({ ...answer, sid: loose.sid, gen: 0 }), { kind: 'refused' });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? a : b).renewByDevice(answer)),
    );
    assert.equal(results.filter(({ kind }) => kind === 'rotated').length, 1);
    assert.equal((await a.findBrowserSession(session.sid))?.session.generation, 2);
    assert.equal((await a.renewByDevice({ ...answer, gen: 2 })).kind, 'rotated');
  });
}
