import assert from 'node:assert/strict';
import type { SessionRow } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { allowed, redemptionOf, sessionOf, subjectOf } from './code-lab.ts';
import { id, newClient, rotationOf, type StoreTest } from './lab.ts';

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
    const subject = await subjectOf(a);
    const client = told(null);
    await a.addClient(client);
    const own = newClient({ kind: 'own' });
    await a.addClient(own);
    await run(
      `INSERT INTO accounts (subject, name, folded, role, created_at) VALUES ('${subject}', 'Ada', 'ada', 'person', 0)`,
    );
    const browserOf = async () => {
      const started = await a.startBrowserSession({
        ...{
          sid: id(),
          clientId: own.id,
          audience: 'https://issuer.example/account',
          subject,
          amr: [],
          device: null,
        },
        ...{ idleLife: 3600e6, absoluteLife: 3600e6, signWith: { session: 'EdDSA', refresh: 'EdDSA' } },
      });
      assert.ok(started.kind === 'started');
      return started.session.sid;
    };
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
    const ended = await a.endSignIn({ sid, by: 'person' });
    assert.ok(ended.kind === 'ended');
    const expected = [sid, ...gone.map((row) => row.sid)].sort();
    assert.deepEqual([...ended.sids].sort(), expected);
    const { entries } = await a.readFeed({ after: before.head, limit: 10 });
    assert.deepEqual(entries.map(({ value }) => value).sort(), expected);
    for (const row of stays) assert.equal((await a.rotate(rotationOf(row))).kind, 'rotated');
    assert.deepEqual(await a.endSignIn({ sid, by: 'person' }), { kind: 'unknown' });
    assert.equal((await a.findSession(elsewhere))?.alive, true);
    for (const code of codes)
      assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'refused' }, code.scopes.join(' '));
    assert.equal((await a.redeemCode(redemptionOf(good))).kind, 'redeemed');
  });
}
