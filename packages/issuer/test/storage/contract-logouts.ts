import assert from 'node:assert/strict';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { allowed, redemptionOf, sessionOf, subjectOf } from './code-lab.ts';
import { api, id, newClient, rotationOf, type StoreLab, type StoreTest } from './lab.ts';

const told = (uri: string | null) =>
  newClient({ registration: { ...newClient().registration, backchannelLogoutUri: uri } });

/** A client that is told, and a person's session there. */
async function signedIn(
  store: Storage,
  {
    scopes = ['openid'],
    uri = 'https://app.example/logout',
  }: { scopes?: string[]; uri?: string | null } = {},
): Promise<SessionRow> {
  const client = told(uri);
  await store.addClient(client);
  const code = await allowed(store, { clientId: client.id, scopes, subject: await subjectOf(store, id()) });
  return sessionOf(await store.redeemCode(redemptionOf(code)));
}

const all = { except: [], atMost: 50 };
const sidsOf = async (store: Storage, taking = {}): Promise<string[]> =>
  (await store.takeDueLogouts({ ...all, ...taking })).map(({ sid }) => sid).sort();

const signWith = { session: 'EdDSA', refresh: 'EdDSA' };

/** Somebody with an account, and browsers to sign in with. */
async function personIn({ a, run }: Pick<StoreLab, 'a' | 'run'>) {
  const subject = await subjectOf(a);
  const own = newClient({ kind: 'own' });
  await a.addClient(own);
  await run(
    `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', 'Ada', 'ada', 'person', 0)`,
  );
  const browserOf = async (): Promise<string> => {
    const audience = 'https://issuer.example/account';
    const started = await a.startBrowserSession({
      ...{ sid: id(), clientId: own.id, audience, subject, amr: [], device: 'Phone' },
      ...{ idleLife: 3600e6, absoluteLife: 3600e6, signWith },
    });
    assert.ok(started.kind === 'started');
    return started.session.sid;
  };
  return { subject, browserOf };
}

/** A client with this name. */
async function added(store: Storage, name: string): Promise<string> {
  const client = newClient({ name });
  await store.addClient(client);
  return client.id;
}

export function logoutContract(storeTest: StoreTest): void {
  const ends: [string, (store: Storage, session: SessionRow) => Promise<unknown>][] = [
    ['one session', (s, { sid }) => s.endSession({ sid, reason: 'operator', by: 'test', holderKey: 'keep' })],
    ['a subject’s', (s, { subject }) => s.endSessionsOf({ subject, by: 'test' })],
    ['a disabled subject’s', (s, { subject }) => s.disableSubject({ subject, by: 'test' })],
    ['a client’s', (s, { clientId }) => s.endSessionsOf({ clientId, by: 'test' })],
    ['everything', (s) => s.cutEverything({ by: 'test' })],
    ['a grant’s', (s, { grantId }) => s.endGrant({ grantId: grantId ?? '', reason: 'person', by: 'test' })],
  ];
  for (const [what, end] of ends) {
    storeTest(`LOGOUT-1: an application is told when what ends is ${what}`, async ({ a, b }) => {
      const session = await signedIn(a);
      const other = await signedIn(a);
      assert.deepEqual(await sidsOf(a), []);
      await end(a, session);
      const due = await b.takeDueLogouts(all);
      const mine = due.filter(({ sid }) => sid !== other.sid);
      assert.deepEqual(
        mine.map(({ sid, subject, clientId }) => [sid, subject, clientId]),
        [[session.sid, session.subject, session.clientId]],
      );
      assert.equal(due.length, what === 'everything' ? 2 : 1);
    });
  }

  storeTest('LOGOUT-2: only an application that asked who it is, and said where, is told', async ({ a }) => {
    await signedIn(a, { scopes: ['read'] });
    await signedIn(a, { uri: null });
    const session = await signedIn(a, { scopes: ['openid', 'read'] });
    await a.cutEverything({ by: 'test' });
    assert.deepEqual(await sidsOf(a), [session.sid]);
  });

  storeTest(
    'LOGOUT-3: each is taken by one process, comes back six times, and no more once told',
    async ({ a, b, clock }) => {
      const [one, two] = [await signedIn(a), await signedIn(a)];
      await a.cutEverything({ by: 'test' });
      const taken = (await Promise.all([sidsOf(a), sidsOf(b), sidsOf(a), sidsOf(b)])).flat();
      assert.deepEqual(taken.sort(), [one.sid, two.sid].sort());
      assert.deepEqual(await sidsOf(a), []);
      await a.settleLogout(one.sid);
      for (let attempt = 2; attempt <= 6; attempt++) {
        clock.advance(3600);
        assert.deepEqual(await sidsOf(b), [two.sid], `attempt ${String(attempt)}`);
      }
      clock.advance(3600);
      assert.deepEqual(await sidsOf(a), []);
      await a.cutEverything({ by: 'test' });
      assert.deepEqual(await sidsOf(a), [], 'told once, whatever ends it again');
    },
  );

  storeTest('LOGOUT-3: nothing of an application that is being told, and so many', async ({ a, clock }) => {
    const [one, two, three] = [await signedIn(a), await signedIn(a), await signedIn(a)];
    for (const { sid } of [one, two, three]) {
      await a.endSession({ sid, reason: 'operator', by: 'test', holderKey: 'keep' });
      await sidsOf(a, { atMost: 0 });
      clock.advance(1);
    }
    const both = { except: [one.clientId, two.clientId] };
    assert.deepEqual(await sidsOf(a, both), [three.sid]);
    clock.advance(1);
    assert.deepEqual(await sidsOf(a, { except: [one.clientId] }), [two.sid]);
    assert.deepEqual(await sidsOf(a, { except: [one.clientId] }), []);
    assert.deepEqual(await sidsOf(a), [one.sid]);
    clock.advance(60);
    assert.deepEqual(await sidsOf(a, { atMost: 1 }), [three.sid], 'whoever has waited for longest');
    assert.deepEqual(await sidsOf(a), [one.sid, two.sid].sort());
  });

  storeTest('LOGOUT-4: signing out ends the sign-ins that came of it, and no more', async ({ a, run }) => {
    const { subject, browserOf } = await personIn({ a, run });
    const client = told(null);
    await a.addClient(client);
    const [sid, elsewhere] = [await browserOf(), await browserOf()];
    const session = async (scopes: string[], signIn: string) =>
      sessionOf(
        await a.redeemCode(redemptionOf(await allowed(a, { subject, clientId: client.id, scopes, signIn }))),
      );
    const gone = [await session(['openid'], sid), await session(['openid', 'read'], sid)];
    const stays = [
      await session(['read'], sid),
      await session(['openid', 'offline_access'], sid),
      await session(['openid'], elsewhere),
    ];
    const out = async (scopes: string[], signIn: string) =>
      allowed(a, { subject, clientId: client.id, scopes, signIn });
    const codes = [await out(['openid'], sid), await out(['openid', 'offline_access'], sid)];
    const good = await out(['openid'], elsewhere);
    const before = await a.readFeed({ after: 0, limit: 10 });
    const ended = await a.endSignIn({ sid, by: 'person', ends: 'sign_in' });
    assert.ok(ended.kind === 'ended');
    const expected = [sid, ...gone.map((row) => row.sid)].sort();
    assert.deepEqual([...ended.sids].sort(), expected);
    const { entries } = await a.readFeed({ after: before.head, limit: 10 });
    assert.deepEqual(entries.map(({ value }) => value).sort(), expected);
    for (const row of stays) assert.equal((await a.rotate(rotationOf(row))).kind, 'rotated');
    assert.deepEqual(await a.endSignIn({ sid, by: 'person', ends: 'sign_in' }), { kind: 'unknown' });
    assert.equal((await a.findSession(elsewhere))?.alive, true);
    for (const code of codes)
      assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'refused' }, code.scopes.join(' '));
    assert.equal((await a.redeemCode(redemptionOf(good))).kind, 'redeemed');
  });

  const thefts = {
    'a cookie that came twice': ['session_stolen', 'reuse'],
    'its person, from another browser': ['session_ended', 'signed_out'],
    'an operator': ['ended_by_operator', 'signed_out'],
  } as const;
  for (const [who, [kind, endReason]] of Object.entries(thefts)) {
    storeTest(
      `LOGOUT-6: a browser that is ended by ${who} takes all with it that was opened and linked in it`,
      async ({ a, b, clock, run }) => {
        const { subject, browserOf } = await personIn({ a, run });
        const old = await added(a, 'Linked before');
        const elsewhere = await browserOf();
        const linked = async (clientId: string, signIn: string | null, scopes: string[] = ['read']) => {
          const code = await allowed(a, {
            subject,
            clientId,
            signIn,
            scopes,
            authenticatedAt: await a.now(),
          });
          return { code, clientId, row: sessionOf(await a.redeemCode(redemptionOf(code))) };
        };
        const before = await linked(old, elsewhere);
        const swept = await added(a, 'Linked long ago');
        const { grantId } = await allowed(a, { subject, clientId: swept, signIn: elsewhere });
        await run(`DELETE FROM authorization_codes WHERE grant_id = '${grantId}'`);
        clock.advance(1);
        const sid = await browserOf();
        const [one, both, later] = [
          await added(a, 'Linked here'),
          await added(a, 'Linked in both'),
          await added(a, 'Linked later'),
        ];
        const gone = [
          await linked(one, sid, ['openid']),
          await linked(one, sid, ['openid', 'offline_access', 'read']),
          await linked(old, sid),
          await linked(swept, sid),
          await linked(both, sid),
        ];
        const stays = [before, await linked(both, elsewhere), await linked(later, elsewhere)];
        const pending = await allowed(a, { subject, clientId: one, signIn: sid });
        const unused = await added(a, 'Never redeemed');
        await allowed(a, { subject, clientId: unused, signIn: sid });
        const { head } = await a.readFeed({ after: 0, limit: 100 });
        const known = new Set((await a.listEvents({ subject, limit: 100 })).map((event) => event.id));
        if (kind === 'session_stolen') {
          for (const gen of [0, 1]) await a.renewByCookie({ sid, gen, signWith });
          assert.deepEqual(await a.renewByCookie({ sid, gen: 0, signWith }), { kind: 'reuse' });
        } else {
          const by =
            kind === 'session_ended'
              ? ({ sid: elsewhere, as: 'person', name: 'person' } as const)
              : 'operator';
          const ended = await a.endSignIn({ sid, by, ends: 'everything' });
          assert.ok(ended.kind === 'ended');
          assert.deepEqual([...ended.sids].sort(), [sid, ...gone.map(({ row }) => row.sid)].sort());
        }
        const { entries } = await b.readFeed({ after: head, limit: 100 });
        assert.deepEqual(
          entries.map(({ value }) => value).sort(),
          [sid, ...gone.map(({ row }) => row.sid)].sort(),
          'guards hear of each, at one position',
        );
        assert.equal(new Set(entries.map(({ position }) => position)).size, 1);
        for (const { row } of gone) {
          assert.equal((await b.findSession(row.sid))?.endReason, endReason);
          assert.equal((await b.rotate(rotationOf(row))).kind, 'refused');
        }
        for (const { row } of stays) assert.equal((await b.rotate(rotationOf(row))).kind, 'rotated');
        assert.equal((await b.redeemCode(redemptionOf(pending))).kind, 'refused');
        const covers = (clientId: string): Promise<boolean> =>
          b.grantCovers({ subject, clientId, audience: api, scopes: ['read'], consentLife: 3600e6 });
        assert.deepEqual(
          await Promise.all([one, unused, old, swept, both, later].map(covers)),
          [false, false, true, true, true, true],
          'what was linked here alone is asked again',
        );
        const events = (await b.listEvents({ subject, limit: 100 })).filter((event) => !known.has(event.id));
        assert.deepEqual(
          events.map(({ kind, fields }) => `${kind} ${Object.values(fields).join()}`).sort(),
          [
            ...['Linked before', 'Linked long ago', 'Linked here', 'Linked in both', 'Never redeemed'].map(
              (application) => `ended_with_browser ${application}`,
            ),
            `${kind} Phone`,
          ].sort(),
        );
        for (const event of events) assert.match(event.id, /^[\w-]{1,64}$/, 'an address can name it');
        assert.equal((await b.verifyAudit()).kind, 'intact');
      },
    );
  }

  storeTest(
    'LOGOUT-6: what a person signed out of before can be ended with all that is left of it',
    async ({ a, run }) => {
      const { subject, browserOf } = await personIn({ a, run });
      const sid = await browserOf();
      const code = await allowed(a, { subject, signIn: sid });
      const row = sessionOf(await a.redeemCode(redemptionOf(code)));
      assert.equal((await a.endSignIn({ sid, by: 'person', ends: 'sign_in' })).kind, 'ended');
      assert.equal((await a.rotate(rotationOf(row))).kind, 'rotated');
      const ended = await a.endSignIn({ sid, by: 'operator', ends: 'everything' });
      assert.deepEqual(ended.kind === 'ended' && ended.sids, [row.sid]);
      assert.deepEqual(await a.endSignIn({ sid, by: 'operator', ends: 'everything' }), { kind: 'unknown' });
    },
  );
}
