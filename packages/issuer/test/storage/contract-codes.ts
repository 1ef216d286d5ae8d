import assert from 'node:assert/strict';
import type { Allowance, CodeRedemption } from '../../src/storage/port/authorization-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { allowanceOf, allowed, kept, redemptionOf, sessionOf, subjectOf } from './code-lab.ts';
import { addPerson, signIn } from './contract-browsers.ts';
import type { StoreTest } from './lab.ts';
import { api, app, holderKey, hour, id, newAssertion, newClient, rotationOf, second } from './lab.ts';

export function codeContract(storeTest: StoreTest): void {
  storeTest('CODE-1: a code leads to one session of what was allowed', async ({ a, b }) => {
    const code = await allowed(a, { scopes: ['read', 'write'] });
    const redemption = redemptionOf(code);
    const result = await b.redeemCode(redemption);
    assert.equal(result.kind, 'redeemed');
    assert.ok('nonce' in result && result.nonce === 'nonce');
    const session = sessionOf(result);
    assert.deepEqual(
      [session.sid, session.kind, session.subject, session.clientId, session.audience, session.scope],
      [redemption.sid, 'person', code.subject, app, api, 'read write'],
    );
    assert.deepEqual([session.jkt, session.grantId, session.generation], [holderKey, code.grantId, 0]);
    assert.equal((await a.rotate(rotationOf(session))).kind, 'rotated');
    const told = await a.listAudit({ sid: session.sid, limit: 10 });
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['session_started'],
    );
  });

  storeTest(
    'CODE-2: again within 60 s it answers the current pair of that session',
    async ({ a, b, clock }) => {
      const code = await allowed(a);
      const first = sessionOf(await a.redeemCode(redemptionOf(code)));
      await a.rotate(rotationOf(first));
      clock.advance(60);
      const again = await b.redeemCode(redemptionOf(code));
      assert.equal(again.kind, 'repeated');
      const { sid, generation, startedAt, repeats } = sessionOf(again);
      assert.deepEqual([sid, generation, startedAt, repeats], [first.sid, 1, first.startedAt, 1]);
    },
  );

  storeTest('CODE-3: again after 60 s it ends the session, and the feed says so', async ({ a, b, clock }) => {
    const code = await allowed(a);
    const session = sessionOf(await a.redeemCode(redemptionOf(code)));
    const other = sessionOf(await a.redeemCode(redemptionOf(await allowed(a, { subject: code.subject }))));
    const before = await a.readFeed({ after: 0, limit: 10 });
    clock.advance(60.001);
    assert.deepEqual(await b.redeemCode(redemptionOf(code)), { kind: 'reuse' });
    const ended = await a.findSession(session.sid);
    assert.deepEqual([ended?.alive, ended?.endReason], [false, 'code_reuse']);
    const feed = await a.readFeed({ after: before.head, limit: 10 });
    assert.deepEqual(
      feed.entries.map(({ kind, value }) => [kind, value]),
      [['session', session.sid]],
    );
    assert.equal((await a.findSession(other.sid))?.alive, true, 'the person’s other session goes on');
    const told = await a.listAudit({ kind: 'code_reuse', limit: 10 });
    assert.deepEqual(
      told.map(({ sid, clientId }) => [sid, clientId]),
      [[session.sid, app]],
    );
    assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'reuse' });
  });

  storeTest(
    'CODE-4: without client, verifier, redirect URI, key or audience it changes nothing',
    async ({ a, clock }) => {
      const other = newClient({ bearer: true });
      await a.addClient(other);
      const code = await allowed(a);
      const strange: Partial<CodeRedemption>[] = [
        { clientId: other.id },
        { codeChallenge: 'another' },
        { redirectUri: 'https://app.example/callback2' },
        { jkt: 'another-key' },
        { jkt: null },
        { audience: 'https://other.example' },
        { codeName: 'another' },
      ];
      const refuseAll = async () => {
        for (const over of strange)
          assert.deepEqual(
            await a.redeemCode(redemptionOf(code, over)),
            { kind: 'refused' },
            JSON.stringify(over),
          );
      };
      await refuseAll();
      const session = sessionOf(await a.redeemCode(redemptionOf(code, { audience: api })));
      await refuseAll();
      clock.advance(120);
      await refuseAll();
      assert.equal((await a.findSession(session.sid))?.alive, true, 'a stranger ends nothing');
    },
  );

  storeTest('CODE-5: a code lives 60 s', async ({ a, clock }) => {
    const [code, late] = [await allowed(a), await allowed(a)];
    clock.advance(59.999);
    assert.equal((await a.redeemCode(redemptionOf(code))).kind, 'redeemed');
    clock.advance(0.001);
    assert.deepEqual(await a.redeemCode(redemptionOf(late)), { kind: 'refused' });
  });

  storeTest('CODE-6: two at once give one session', async ({ a, b }) => {
    for (let turn = 0; turn < 5; turn++) {
      const code = await allowed(a);
      const results = await Promise.all(
        [a, b, a, b, a, b].map((store) => store.redeemCode(redemptionOf(code))),
      );
      const kinds = results.map(({ kind }) => kind).sort();
      assert.deepEqual(kinds, ['redeemed', ...Array.from({ length: 5 }, () => 'repeated')]);
      assert.equal(new Set(results.map((result) => sessionOf(result).sid)).size, 1);
    }
  });

  storeTest('CODE-7: a code that names no key is bound to the one that redeems it', async ({ a, clock }) => {
    const code = await allowed(a, { jkt: null });
    const session = sessionOf(await a.redeemCode(redemptionOf(code, { jkt: 'first-key' })));
    assert.equal(session.jkt, 'first-key');
    clock.advance(120);
    assert.deepEqual(await a.redeemCode(redemptionOf(code, { jkt: 'another' })), { kind: 'refused' });
    assert.deepEqual(await a.redeemCode(redemptionOf(code, { jkt: null })), { kind: 'refused' });
    assert.deepEqual(await a.redeemCode(redemptionOf(code, { jkt: 'first-key' })), { kind: 'reuse' });
  });

  storeTest('CODE-7: only a bearer client redeems without a key', async ({ a }) => {
    const bearer = newClient({ bearer: true });
    await a.addClient(bearer);
    const strict = await allowed(a, { jkt: null });
    assert.deepEqual(await a.redeemCode(redemptionOf(strict)), { kind: 'refused' });
    const code = await allowed(a, { clientId: bearer.id, jkt: null });
    const { sid, jkt } = sessionOf(await a.redeemCode(redemptionOf(code)));
    assert.equal(jkt, null);
    assert.equal((await a.redeemCode(redemptionOf(code))).kind, 'reuse', 'nothing says that it is the same');
    assert.equal((await a.findSession(sid))?.alive, false);
  });

  const cuts: [string, (store: Storage, code: Allowance & { grantId: string }) => Promise<unknown>][] = [
    ['the subject’s sessions end', (s, { subject }) => s.endSessionsOf({ subject, by: 'test' })],
    ['the subject is disabled', (s, { subject }) => s.disableSubject({ subject, by: 'test' })],
    ['the client’s sessions end', (s, { clientId }) => s.endSessionsOf({ clientId, by: 'test' })],
    ['the client is removed', (s, { clientId }) => s.removeClient({ id: clientId, by: 'test' })],
    ['everything ends', (s) => s.cutEverything({ by: 'test' })],
    ['the grant ends', (s, { grantId }) => s.endGrant({ grantId, reason: 'person', by: 'test' })],
  ];
  for (const [when, cut] of cuts) {
    storeTest(`CODE-8: a code that is out is worth nothing when ${when}`, async ({ a }) => {
      const code = await allowed(a);
      await cut(a, code);
      assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'refused' });
    });
  }

  storeTest('CODE-8: a code made right after a cut is good', async ({ a }) => {
    const subject = await subjectOf(a);
    await a.endSessionsOf({ subject, by: 'test' });
    await a.cutEverything({ by: 'test' });
    assert.equal((await a.redeemCode(redemptionOf(await allowed(a, { subject })))).kind, 'redeemed');
  });

  storeTest('CODE-9: one request gives one code, also when it is allowed twice at once', async ({ a, b }) => {
    const subject = await subjectOf(a);
    for (let turn = 0; turn < 5; turn++) {
      const requestName = await kept(a);
      const results = await Promise.all(
        [a, b, a, b].map((store) => store.allow(allowanceOf({ requestName, subject }))),
      );
      assert.deepEqual(results.map(({ kind }) => kind).sort(), ['allowed', 'refused', 'refused', 'refused']);
      assert.equal(await a.findRequest(requestName), null);
    }
  });

  storeTest('CODE-9: a request that is over or refused gives none', async ({ a, clock }) => {
    const subject = await subjectOf(a);
    const [over, refused] = [await kept(a), await kept(a)];
    assert.ok((await a.takeRequest(refused)) !== null);
    assert.equal(await a.takeRequest(refused), null);
    assert.deepEqual(await a.allow(allowanceOf({ requestName: refused, subject })), { kind: 'refused' });
    clock.advance(3600);
    assert.deepEqual(await a.allow(allowanceOf({ requestName: over, subject })), { kind: 'refused' });
    assert.equal(
      (await a.keepRequest({ name: id(), clientId: 'nobody', parameters: '{}', life: hour })).kind,
      'refused',
    );
  });

  storeTest('CODE-13: what cannot give a code any more leaves nothing behind', async ({ a }) => {
    const subject = await subjectOf(a);
    const requestName = await kept(a);
    const covers = () =>
      a.grantCovers({ subject, clientId: app, audience: api, scopes: ['read'], consentLife: hour });
    const told = async () => (await a.listAudit({ kind: 'grant_made', limit: 10 })).length;
    const over: Partial<Allowance>[] = [{ signIn: 'no such session' }, { subject: 'nobody' }];
    for (const one of over) {
      const result = await a.allow(allowanceOf({ requestName, subject, ...one }));
      assert.deepEqual(result, { kind: 'refused' }, JSON.stringify(one));
      assert.deepEqual([await covers(), await told()], [false, 0], 'no grant, and nothing told');
      assert.ok((await a.findRequest(requestName)) !== null, 'the request can still be decided');
    }
    const result = await a.allow(allowanceOf({ requestName, subject }));
    assert.equal(result.kind, 'allowed');
    assert.deepEqual([await covers(), await told()], [true, 1]);
  });

  storeTest('CODE-10: an assertion is used up with the code', async ({ a }) => {
    const [code, other] = [await allowed(a), await allowed(a)];
    const assertion = newAssertion({ clientId: app });
    assert.equal((await a.redeemCode(redemptionOf(code, { assertion }))).kind, 'redeemed');
    const replayed = await a.redeemCode(redemptionOf(other, { assertion }));
    assert.deepEqual(replayed, { kind: 'assertion_replayed' });
    assert.equal((await a.redeemCode(redemptionOf(other))).kind, 'redeemed', 'and left the code as it was');
  });

  storeTest('CODE-11: codes are kept a day, requests until they are over', async ({ a, clock }) => {
    const code = await allowed(a);
    await a.redeemCode(redemptionOf(code));
    clock.advance(24 * 3600);
    assert.equal(await a.sweepAuthorizations(), 1, 'the request');
    assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'reuse' });
    clock.advance(60);
    assert.equal(await a.sweepAuthorizations(), 1, 'the code');
    assert.deepEqual(await a.redeemCode(redemptionOf(code)), { kind: 'refused' });
  });

  storeTest('GRANT-1: what a person allows one client adds up in one grant', async ({ a, b, clock }) => {
    const subject = await subjectOf(a);
    const [one, two] = await Promise.all([
      allowed(a, { subject, scopes: ['read'] }),
      allowed(b, { subject, scopes: ['write'] }),
    ]);
    assert.equal(one.grantId, two.grantId);
    const told = async () => [
      (await a.listAudit({ kind: 'grant_made', limit: 10 })).length,
      (await a.listEvents({ subject, limit: 10 })).filter(({ kind }) => kind === 'grant_made').length,
    ];
    assert.deepEqual(await told(), [2, 2]);
    clock.advance(1);
    await allowed(a, { subject, scopes: ['read', 'write'] });
    assert.deepEqual(await told(), [2, 2], 'the same again is no news');
    const covers = (scopes: string[], over = {}) =>
      a.grantCovers({ subject, clientId: app, audience: api, scopes, consentLife: hour, ...over });
    assert.equal(await covers(['read', 'write']), true);
    assert.equal(await covers(['read', 'admin']), false);
    assert.equal(await covers(['read'], { audience: 'https://other.example' }), false);
    assert.equal(await covers(['read'], { subject: await subjectOf(a, 'bob') }), false);
  });

  storeTest(
    'GRANT-6: a yes counts so long after it was given or used last, and given anew it is news',
    async ({ a, clock }) => {
      const subject = await subjectOf(a);
      const consentLife = hour;
      const covers = () =>
        a.grantCovers({ subject, clientId: app, audience: api, scopes: ['read'], consentLife });
      const silent = async () => {
        const requestName = await kept(a);
        return (await a.allow(allowanceOf({ requestName, subject, consentLife, consent: 'covered' }))).kind;
      };
      const told = async () => (await a.listAudit({ kind: 'grant_made', limit: 10 })).length;
      const code = await allowed(a, { subject, consentLife });
      clock.advance(3600);
      assert.deepEqual([await covers(), await silent()], [true, 'allowed']);
      clock.advance(1);
      assert.deepEqual([await covers(), await silent()], [false, 'refused'], 'given too long ago');
      await allowed(a, { subject, consentLife });
      assert.deepEqual([await covers(), await told()], [true, 2]);
      clock.advance(50);
      const used = await allowed(a, { subject, consentLife });
      assert.equal((await a.redeemCode(redemptionOf(used))).kind, 'redeemed');
      clock.advance(3600);
      assert.deepEqual([await covers(), await silent()], [true, 'allowed'], 'used since');
      await allowed(a, { subject, consentLife });
      assert.equal(await told(), 2, 'what counts still is no news');
      clock.advance(1);
      assert.deepEqual([await covers(), await silent()], [false, 'refused'], 'used too long ago');
      assert.equal((await a.endGrant({ grantId: code.grantId, reason: 'person', by: 'test' })).kind, 'ended');
    },
  );

  storeTest('GRANT-2: without a new yes, only what was allowed before gives a code', async ({ a }) => {
    const subject = await subjectOf(a);
    const silent = async (scopes: string[]) => {
      const requestName = await kept(a);
      const { kind } = await a.allow(allowanceOf({ requestName, subject, scopes, consent: 'covered' }));
      return [kind, (await a.findRequest(requestName)) !== null];
    };
    assert.deepEqual(await silent(['read']), ['refused', true]);
    const { grantId } = await allowed(a, { subject });
    assert.deepEqual(await silent(['read']), ['allowed', false]);
    assert.deepEqual(await silent(['read', 'write']), ['refused', true]);
    await a.endGrant({ grantId, reason: 'person', by: 'test' });
    assert.deepEqual(await silent(['read']), ['refused', true]);
    const again = await allowed(a, { subject });
    assert.notEqual(again.grantId, grantId);
  });

  storeTest(
    'GRANT-3: ending a grant ends every session it gave, each said in the feed, and no other',
    async ({ a, b }) => {
      const subject = await subjectOf(a);
      const code = await allowed(a, { subject });
      const mine = [
        sessionOf(await a.redeemCode(redemptionOf(code))),
        sessionOf(await a.redeemCode(redemptionOf(await allowed(a, { subject })))),
      ];
      const other = newClient();
      await a.addClient(other);
      const elsewhere = sessionOf(
        await a.redeemCode(redemptionOf(await allowed(a, { subject, clientId: other.id }))),
      );
      const stranger = sessionOf(
        await a.redeemCode(redemptionOf(await allowed(a, { subject: await subjectOf(a, 'bob') }))),
      );
      const before = await a.readFeed({ after: 0, limit: 10 });
      const end = { grantId: code.grantId, reason: 'person' as const, by: 'test' };
      assert.deepEqual(await b.endGrant({ ...end, subject: 'another' }), { kind: 'unknown' });
      const ended = await b.endGrant({ ...end, subject });
      assert.ok(ended.kind === 'ended');
      assert.equal(ended.sessions, 2);
      const feed = await a.readFeed({ after: before.head, limit: 10 });
      assert.deepEqual(new Set(feed.entries.map(({ value }) => value)), new Set(mine.map(({ sid }) => sid)));
      assert.ok(feed.entries.every(({ position }) => position === ended.position));
      for (const session of mine) {
        assert.deepEqual(await a.rotate(rotationOf(session)), { kind: 'refused' });
        assert.equal((await a.findSession(session.sid))?.endReason, 'person');
      }
      for (const session of [elsewhere, stranger])
        assert.equal((await a.rotate(rotationOf(session))).kind, 'rotated');
      assert.deepEqual(await b.endGrant({ ...end, subject }), { kind: 'unknown' });
      const told = await a.listAudit({ kind: 'grant_ended', limit: 10 });
      assert.deepEqual(
        told.map(({ clientId }) => clientId),
        [app],
      );
    },
  );

  storeTest(
    'GRANT-4: a code redeemed while its grant ends gives no session that lives on',
    async ({ a, b }) => {
      for (let turn = 0; turn < 10; turn++) {
        const code = await allowed(a);
        const before = await a.readFeed({ after: 0, limit: 1000 });
        const [redeemed, ended] = await Promise.all([
          a.redeemCode(redemptionOf(code)),
          b.endGrant({ grantId: code.grantId, reason: 'person', by: 'test' }),
        ]);
        assert.equal(ended.kind, 'ended');
        if (redeemed.kind === 'refused') continue;
        const { sid } = sessionOf(redeemed);
        const { entries } = await a.readFeed({ after: before.head, limit: 1000 });
        assert.ok(
          entries.some(({ value }) => value === sid),
          'whoever got tokens is named in the feed',
        );
      }
    },
  );

  storeTest('CODE-12: times are the store’s', async ({ a, clock }) => {
    const now = clock.now() * 1000;
    const code = await allowed(a, { authenticatedAt: now + 100 * second });
    const session = sessionOf(await a.redeemCode(redemptionOf(code)));
    assert.equal(session.authenticatedAt, now, 'nobody proved presence later than now');
    assert.equal(session.idleExpiresAt, now + hour);
  });

  storeTest('CODE-14: what a cookie alone allowed is over with the sign-in at the latest', async (lab) => {
    const { a, clock } = lab;
    const [day, life] = [24 * hour, 8 * hour];
    const subject = await addPerson(lab);
    const { sid, createdAt } = await signIn(a, subject, { idleLife: life, absoluteLife: life });
    clock.advance(3600);
    const lasts = async (ago: number, over: Partial<Allowance> = {}): Promise<number> => {
      const authenticatedAt = (await a.now()) - ago * second;
      const code = await allowed(a, { subject, signIn: sid, authenticatedAt, ...over });
      const redeemed = await a.redeemCode(redemptionOf(code, { idleLife: day, absoluteLife: 30 * day }));
      const { idleExpiresAt, absoluteExpiresAt } = sessionOf(redeemed);
      assert.ok(idleExpiresAt <= absoluteExpiresAt);
      return absoluteExpiresAt - createdAt;
    };
    for (const scopes of [['read'], ['openid', 'read'], ['openid', 'offline_access']]) {
      assert.equal(await lasts(300, { scopes }), hour + 30 * day, 'with presence');
      assert.equal(await lasts(361, { scopes }), life, 'without');
    }
    assert.equal(await lasts(3600, { signIn: null }), hour + 30 * day, 'of no sign-in of ours');
  });
}
