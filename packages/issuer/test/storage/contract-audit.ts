import assert from 'node:assert/strict';
import type { StoreTest } from './lab.ts';
import {
  app,
  hour,
  machine,
  newAssertion,
  newClient,
  newKey,
  newOpening,
  newStart,
  opened,
  rotationOf,
  second,
  started,
} from './lab.ts';

const nothing = { assertions: 0, sessions: 0, revocations: 0, guards: 0 };

export function auditContract(storeTest: StoreTest): void {
  storeTest('STORE-29: what happened is told once, in order', async ({ a, b, clock }) => {
    const begin = (await a.listAudit({ limit: 100 })).at(-1)?.seq ?? 0;
    const by = 'operator';
    clock.advance(1);
    const session = await started(a);
    await a.endSession({ sid: session.sid, reason: 'operator', by, holderKey: 'keep' });
    await b.endSessionsOf({ subject: session.subject, by });
    await a.endSessionsOf({ clientId: app, by });
    await a.cutEverything({ by });
    await a.disableSubject({ subject: session.subject, by });
    await a.enableSubject({ subject: session.subject, by });
    await a.addClient(newClient({ id: 'new' }));
    await b.removeClient({ id: 'new', by });
    const own = await opened(a);
    await a.endSession({ sid: own.sid, reason: 'operator', by, holderKey: 'block' });
    await a.liftBlock({ clientId: machine, by });
    await a.promoteKey({ next: newKey('session'), when: 'forced', by });
    await a.revokeKey({ kid: (await a.listKeys()).at(-1)?.kid ?? '', next: newKey('session'), by });
    const told = await b.listAudit({ limit: 100, after: begin });
    assert.deepEqual(
      told.map(({ kind }) => kind),
      [
        'session_started',
        'session_ended',
        'sessions_cut',
        'sessions_cut',
        'sessions_cut',
        'subject_disabled',
        'subject_enabled',
        'client_added',
        'client_removed',
        'session_ended',
        'block_lifted',
        'key_promoted',
        'key_revoked',
      ],
    );
    assert.deepEqual(told[1], {
      seq: begin + 2,
      at: told[0]?.at,
      kind: 'session_ended',
      clientId: null,
      sid: session.sid,
      fields: { by, reason: 'operator' },
    });
    assert.deepEqual(await b.listAudit({ limit: 2, after: begin + 3 }), told.slice(3, 5));
    const cuts = await b.listAudit({ limit: 10, kind: 'sessions_cut' });
    assert.equal(cuts.length, 3);
  });

  storeTest('STORE-29: what did not happen is not told', async ({ a }) => {
    const session = await started(a);
    const assertion = newAssertion();
    await a.redeemAssertion(assertion);
    await a.endSession({ sid: session.sid, reason: 'operator', by: 'test', holderKey: 'keep' });
    const before = await a.listAudit({ limit: 100 });
    const by = 'test';
    await a.endSession({ sid: session.sid, reason: 'operator', by, holderKey: 'block' });
    await a.endSession({ sid: 'none', reason: 'operator', by, holderKey: 'block' });
    await a.endSessionsOf({ subject: 'none', by });
    await a.endSessionsOf({ clientId: 'none', by });
    await a.disableSubject({ subject: 'none', by });
    await a.enableSubject({ subject: 'none', by });
    await a.removeClient({ id: 'none', by });
    await a.addClient(newClient({ id: app }));
    await a.addKey(newKey('session'), 'next');
    await a.promoteKey({ next: newKey('session'), when: 'holdable', by });
    await a.revokeKey({ kid: 'none', next: newKey('session'), by });
    await a.liftBlock({ clientId: machine, by });
    await a.startSession(newStart({ clientId: 'none' }));
    await a.startSession(newStart({ assertion }));
    await a.openMachineSession(newOpening({ assertion }));
    const refusedQuietly = await a.rotate(rotationOf(session, { assertion }));
    assert.deepEqual(refusedQuietly, { kind: 'assertion_replayed' });
    assert.deepEqual(await a.listAudit({ limit: 100 }), before);
  });

  storeTest('STORE-29: ordinary refreshes are not told', async ({ a }) => {
    const session = await started(a);
    const before = await a.listAudit({ limit: 100 });
    for (const gen of [0, 0, 1, 0]) await a.rotate(rotationOf(session, { gen }));
    assert.deepEqual(await a.listAudit({ limit: 100 }), before);
    await a.rotate(rotationOf(session, { jkt: 'another-key' }));
    assert.equal((await a.listAudit({ limit: 100 })).length, before.length + 1);
  });

  storeTest('STORE-30: a sweep takes what is over and leaves what decides', async ({ a, b, clock }) => {
    const now = clock.now() * 1000;
    const short = newAssertion({ expiresAt: now + 60 * second });
    const long = newAssertion({ expiresAt: now + 7200 * second });
    for (const assertion of [short, long]) await a.redeemAssertion(assertion);
    const ended = await started(a);
    await a.endSession({ sid: ended.sid, reason: 'operator', by: 'test', holderKey: 'keep' });
    const expired = await started(a, { idleLife: 60 * second, absoluteLife: 60 * second });
    const live = await started(a, { idleLife: 100 * hour, absoluteLife: 100 * hour });
    clock.advance(59);
    assert.deepEqual(await b.sweep({ keepSessions: hour }), nothing);
    clock.advance(1);
    assert.deepEqual(await b.sweep({ keepSessions: hour }), { ...nothing, assertions: 1 });
    clock.advance(3601);
    assert.deepEqual(await b.sweep({ keepSessions: hour }), { ...nothing, sessions: 2 });
    for (const { sid } of [ended, expired]) assert.equal(await a.findSession(sid), null);
    assert.equal((await a.rotate(rotationOf(live))).kind, 'rotated');
    assert.deepEqual(await a.redeemAssertion(long), { kind: 'assertion_replayed' });
  });
}
