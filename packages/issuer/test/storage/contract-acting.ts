import assert from 'node:assert/strict';
import { AuthError } from '@symbolon/token';
import type { ActingSession, Actor } from '../../src/storage/port/actor.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { addPerson, signIn } from './contract-browsers.ts';
import { app, hour, id, newClient, newKey, started, type StoreLab, type StoreTest } from './lab.ts';

/** Something that is decided on a page, and what it answers when it is done. */
export interface Decision {
  readonly decide: (store: Storage, by: Actor) => Promise<{ kind: string } | { position: number }>;
  readonly done: string | undefined;
}

const ended = (error: unknown): boolean => error instanceof AuthError && error.code === 'session_ended';

/** Everything that pages decide, each about somebody or something that stands. */
async function openDecisions(lab: StoreLab): Promise<Readonly<Record<string, Decision>>> {
  const { a } = lab;
  const other = await addPerson(lab, 'Bob');
  const added = async (subject: string): Promise<string> => {
    const passkey = id();
    await a.addPasskey(await addition(a, { subject, passkey, by: 'test' }));
    return passkey;
  };
  const [passkey] = [await added(other), await added(other)];
  const [key] = await a.listKeys();
  const { sid } = await started(a);
  const browser = await signIn(a, other);
  const person = await started(a, { externalId: 'eve' });
  const account = { subject: id(), handle: id(), name: 'Carol', role: 'person' } as const;
  const client = newClient();
  assert.ok(key);
  const event = (): { event: string } => ({ event: id() });
  return {
    addPasskey: {
      decide: async (store, by) =>
        store.addPasskey(await addition(store, { subject: other, passkey: id(), by })),
      done: 'added',
    },
    removePasskey: {
      decide: (store, by) => store.removePasskey({ id: passkey, subject: other, by, ...event() }),
      done: 'removed',
    },
    replaceRecoveryCodes: {
      decide: (store, by) => store.replaceRecoveryCodes({ subject: other, names: [id()], by, ...event() }),
      done: 'replaced',
    },
    endOthers: {
      decide: (store, by) => store.endOthers({ subject: person.subject, keep: id(), by, ...event() }),
      done: undefined,
    },
    invite: {
      decide: (store, by) => store.invite({ name: id(), account, life: hour, by, inviter: null }),
      done: 'invited',
    },
    offerRecoveryLink: {
      decide: (store, by) =>
        store.offerRecoveryLink({ name: id(), subject: other, life: hour, by, inviter: null, ...event() }),
      done: 'offered',
    },
    setRole: {
      decide: (store, by) => store.setRole({ subject: other, role: 'person', by, ...event() }),
      done: 'changed',
    },
    endSession: {
      decide: (store, by) => store.endSession({ sid, reason: 'operator', by, holderKey: 'keep' }),
      done: 'ended',
    },
    endSignIn: {
      decide: (store, by) => store.endSignIn({ sid: browser.sid, by, ends: 'everything' }),
      done: 'ended',
    },
    endSessionsOfSubject: {
      decide: (store, by) => store.endSessionsOf({ subject: other, by }),
      done: 'cut',
    },
    endSessionsOfClient: { decide: (store, by) => store.endSessionsOf({ clientId: app, by }), done: 'cut' },
    disableAccount: {
      decide: (store, by) => store.disableAccount({ subject: other, by, ...event() }),
      done: 'cut',
    },
    enableAccount: {
      decide: (store, by) => store.enableAccount({ subject: other, by, ...event() }),
      done: 'enabled',
    },
    addClient: { decide: (store, by) => store.addClient({ ...client, by }), done: 'added' },
    removeClient: { decide: (store, by) => store.removeClient({ id: app, by }), done: 'cut' },
    promoteKey: {
      decide: (store, by) => store.promoteKey({ next: newKey('session'), when: 'forced', by }),
      done: 'promoted',
    },
    revokeKey: {
      decide: (store, by) =>
        store.revokeKey({ kid: key.kid, next: newKey(key.purpose, { alg: key.alg }), by }),
      done: 'revoked',
    },
  };
}

async function addition(
  store: Storage,
  { subject, passkey, by }: { subject: string; passkey: string; by: Actor },
): Promise<Parameters<Storage['addPasskey']>[0]> {
  const made = { publicKey: 'cose', counter: 0, transports: [], backedUp: false, name: 'Phone' };
  const challenge = { name: id(), madeAt: await store.now() };
  return { subject, passkey: { id: passkey, ...made }, challenge, event: id(), by };
}

/** An operator who is signed in. */
async function openOperator(lab: StoreLab): Promise<{ subject: string; by: ActingSession }> {
  const subject = await addPerson(lab);
  const { sid } = await signIn(lab.a, subject);
  return { subject, by: { sid, as: 'operator', name: 'operator:ada' } };
}

const audited = (store: Storage): Promise<readonly unknown[]> => store.listAudit({ limit: 1000 });

export function actingContract(storeTest: StoreTest): void {
  storeTest('BROWSER-31: what a session decides that has ended is not done, nor told', async (lab) => {
    const { a, b } = lab;
    const { subject, by } = await openOperator(lab);
    const decisions = await openDecisions(lab);
    const gone = await signIn(a, subject);
    await b.endSession({ sid: gone.sid, reason: 'signed_out', by: 'person', holderKey: 'keep' });
    const before = [await audited(a), (await a.readFeed({ after: 0, limit: 1000 })).head];
    for (const [name, { decide }] of Object.entries(decisions))
      await assert.rejects(decide(b, { ...by, sid: gone.sid }), ended, name);
    assert.deepEqual([await audited(a), (await a.readFeed({ after: 0, limit: 1000 })).head], before);
    for (const [name, { decide, done }] of Object.entries(decisions)) {
      const answer = await decide(b, by);
      assert.equal('kind' in answer ? answer.kind : undefined, done, name);
    }
    const [last] = (await a.searchAudit({ limit: 10, kind: 'key_revoked' })).rows;
    assert.equal(last?.fields['by'], 'operator:ada');
  });

  storeTest('BROWSER-31: nor in whatever way the session is over', async (lab) => {
    const { a, b, clock } = lab;
    const { subject } = await openOperator(lab);
    const other = await addPerson(lab, 'Bob');
    const ways: Readonly<Record<string, (sid: string) => unknown>> = {
      'signed out': (sid) => a.endSignIn({ sid, by: 'person', ends: 'sign_in' }),
      'cut with its account': () => a.endSessionsOf({ subject, by: 'test' }),
      'cut with everything': () => a.cutEverything({ by: 'test' }),
      'idle for too long': () => {
        clock.advance(3601);
      },
    };
    for (const [way, end] of Object.entries(ways)) {
      const { sid } = await signIn(a, subject);
      const by = { sid, as: 'operator', name: 'ada' } as const;
      const role = { subject: other, by, event: id() };
      assert.deepEqual(await b.setRole({ ...role, role: 'operator' }), { kind: 'unchanged' }, way);
      await end(sid);
      await assert.rejects(b.setRole({ ...role, role: 'person' }), ended, way);
    }
    const { sid } = await started(a);
    const by = { sid, as: 'person', name: 'ada' } as const;
    const codes = { subject: other, names: [id()], event: id() };
    await assert.rejects(b.replaceRecoveryCodes({ ...codes, by }), ended, 'a session of another kind');
  });

  storeTest('BROWSER-31: whoever is no operator any more decides nothing as one', async (lab) => {
    const { a, b } = lab;
    const { subject, by } = await openOperator(lab);
    const other = await addPerson(lab, 'Bob');
    const change = { subject: other, role: 'person', event: id() } as const;
    await b.setRole({ subject, role: 'person', by: 'test', event: id() });
    await assert.rejects(a.setRole({ ...change, by }), ended);
    const codes = { subject, names: [id()], event: id(), by: { ...by, as: 'person' } } as const;
    assert.deepEqual(await a.replaceRecoveryCodes(codes), { kind: 'replaced' }, 'but what is his own');
    await b.setRole({ subject, role: 'operator', by: 'test', event: id() });
    assert.deepEqual(await a.setRole({ ...change, by }), { kind: 'changed' });
  });
}
