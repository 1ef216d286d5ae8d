import assert from 'node:assert/strict';
import type {
  CodeOffer,
  Enrolment,
  EnrolmentCode,
  NewPasskey,
  PasskeyUse,
  PlannedAccount,
  RedeemedChallenge,
} from '../../src/storage/port/account-storage.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { hour, id, minute, second, type StoreTest } from './lab.ts';

export const newAccount = (over: Partial<PlannedAccount> = {}): PlannedAccount => ({
  ...{ subject: id(), handle: id(), name: id(), role: 'person', ...over },
});

const newPasskey = (over: Partial<NewPasskey> = {}): NewPasskey => ({
  ...{ id: id(), publicKey: 'cose', counter: 0, transports: ['internal'], backedUp: false, name: 'Phone' },
  ...over,
});

export const newOffer = (over: Partial<CodeOffer> = {}): CodeOffer => ({
  ...{ name: id(), account: newAccount(), life: hour, ...over },
});

const challengeAt = async (store: Storage): Promise<RedeemedChallenge> => ({
  ...{ name: id(), madeAt: await store.now() },
});

async function enrolmentOf(
  store: Storage,
  offer: CodeOffer,
  over: Partial<Enrolment> = {},
): Promise<Enrolment> {
  const code: EnrolmentCode = (await store.findEnrolment(offer.name)) ?? {
    kind: 'invitation',
    account: offer.account,
  };
  const challenge = await challengeAt(store);
  const events = { account: id(), passkey: id() };
  return { codeName: offer.name, code, passkey: newPasskey(), challenge, events, ...over };
}

/** An account with one passkey. */
export async function enrolled(
  store: Storage,
  over: Partial<PlannedAccount> = {},
): Promise<Enrolment['code']['account'] & { passkey: string }> {
  const offer = newOffer({ account: newAccount(over) });
  assert.equal((await store.invite({ ...offer, by: 'test', inviter: null })).kind, 'invited');
  const enrolment = await enrolmentOf(store, offer);
  assert.deepEqual(await store.enrol(enrolment), { kind: 'enrolled' });
  return { ...offer.account, passkey: enrolment.passkey.id };
}

async function useOf(
  store: Storage,
  of: { subject: string; passkey: string },
  over: Partial<PasskeyUse> = {},
): Promise<PasskeyUse> {
  return {
    ...{ id: of.passkey, subject: of.subject, passkey: 'Phone', counter: 0, backedUp: false },
    ...{ challenge: await challengeAt(store), event: null, refusalEvent: id(), ...over },
  };
}

const by = 'test';
const many = 8;
const kindsOf = (results: readonly { kind: string }[]): string[] => results.map(({ kind }) => kind).sort();

export function accountContract(storeTest: StoreTest): void {
  storeTest('ACCOUNT-1: a link makes the first account, for as long as it lives', async ({ a, b, clock }) => {
    const account = newAccount({ role: 'operator' });
    const offer = newOffer({ account, life: 15 * minute });
    assert.deepEqual(await a.offerFirst(offer), { kind: 'offered' });
    assert.deepEqual(await b.findEnrolment(offer.name), { kind: 'first', account });
    clock.advance(15 * 60 - 1);
    const enrolment = await enrolmentOf(b, offer);
    clock.advance(1);
    assert.equal(await b.findEnrolment(offer.name), null);
    assert.deepEqual(await b.enrol(enrolment), { kind: 'refused' });
    assert.equal(await a.findAccount({ subject: account.subject }), null);
    await a.offerFirst(newOffer({ name: 'again', account }));
    assert.deepEqual(await a.enrol(await enrolmentOf(a, newOffer({ name: 'again' }))), { kind: 'enrolled' });
    const row = { subject: account.subject, name: account.name, role: 'operator', enabled: true };
    assert.deepEqual(await b.findAccount({ name: account.name }), { ...row, createdAt: await b.now() });
    assert.deepEqual(await b.searchAccounts({ limit: 10 }), [
      { ...row, createdAt: await b.now(), passkeys: 1, applications: 0, lastUsedAt: null },
    ]);
    assert.deepEqual(await b.searchAccounts({ limit: 10, after: account.name }), []);
  });

  storeTest('ACCOUNT-2: of many first links used at once, one makes an account', async ({ a, b }) => {
    const offers = Array.from({ length: many }, () => newOffer());
    for (const offer of offers) assert.deepEqual(await a.offerFirst(offer), { kind: 'offered' });
    const enrolments = await Promise.all(offers.map((offer) => enrolmentOf(a, offer)));
    const results = await Promise.all(enrolments.map((each, n) => (n % 2 ? a : b).enrol(each)));
    assert.deepEqual(kindsOf(results), ['enrolled', ...Array.from({ length: many - 1 }, () => 'refused')]);
    assert.equal((await a.searchAccounts({ limit: 10 })).length, 1);
    assert.deepEqual(await b.offerFirst(newOffer()), { kind: 'refused' });
    for (const offer of offers) assert.equal(await b.findEnrolment(offer.name), null);
  });

  storeTest('ACCOUNT-4: of many uses of one link at once, one makes a passkey', async ({ a, b }) => {
    const offer = newOffer();
    await a.invite({ ...offer, by: 'test', inviter: null });
    const enrolments = await Promise.all(Array.from({ length: many }, () => enrolmentOf(a, offer)));
    const results = await Promise.all(enrolments.map((each, n) => (n % 2 ? a : b).enrol(each)));
    assert.equal(results.filter(({ kind }) => kind === 'enrolled').length, 1);
    assert.equal((await b.listPasskeys(offer.account.subject)).length, 1);
  });

  storeTest('ACCOUNT-3, ACCOUNT-32: no two accounts have one name, in whatever case', async ({ a, b }) => {
    const named = (name: string): CodeOffer => newOffer({ account: newAccount({ name }) });
    const invite = (offer: CodeOffer): ReturnType<Storage['invite']> =>
      a.invite({ ...offer, by: 'test', inviter: null });
    const [one, two] = [named('Ada Straße'), named('ADA STRASSE')];
    await a.offerFirst(one);
    const expiresAt = (await a.now()) + hour;
    assert.deepEqual(await invite(two), { kind: 'invited', expiresAt });
    assert.deepEqual(await a.enrol(await enrolmentOf(a, one)), { kind: 'enrolled' });
    assert.deepEqual(await b.enrol(await enrolmentOf(b, two)), { kind: 'name_taken' });
    assert.deepEqual(await invite(named('ada strasse')), { kind: 'refused' });
    assert.deepEqual(await invite(named('ada strass')), { kind: 'invited', expiresAt }, 'another name');
    const found = await b.findAccount({ name: 'ＡDA strasse' });
    assert.equal(found?.name, 'Ada Straße');
    const { subject } = found;
    await a.replaceRecoveryCodes({ subject, names: ['code'], event: id(), by });
    const enrolment = { name: 'next', life: hour };
    const redeemed = await b.redeemRecoveryCode({
      ...{ name: 'code', accountName: 'aDA sTRASSE', enrolment, event: id() },
    });
    assert.deepEqual(redeemed, { kind: 'redeemed' });
    const shown = await a.searchAccounts({ prefix: 'ADA S', limit: 10 });
    assert.deepEqual(
      shown.map(({ name }) => name),
      ['Ada Straße'],
    );
  });

  storeTest(
    'ACCOUNT-27: of many uses of a recovery link at once, one counts and ends all sessions',
    async (lab) => {
      const { a, b, clock } = lab;
      const person = await enrolled(a);
      const { subject } = person;
      const offer = (name: string): ReturnType<Storage['offerRecoveryLink']> =>
        a.offerRecoveryLink({ name, subject, life: hour, by: 'test', inviter: null, event: id() });
      await offer('before');
      assert.deepEqual(await offer('link'), { kind: 'offered', expiresAt: (await a.now()) + hour });
      assert.equal(await b.findEnrolment('before'), null, 'the latest counts');
      const account = { subject, name: person.name };
      assert.deepEqual(await b.findEnrolment('link'), { kind: 'recovery_link', account });
      const cutsOf = async (): Promise<unknown[]> =>
        (await a.listAudit({ kind: 'sessions_cut', limit: 50 })).map(({ fields }) => fields);
      assert.deepEqual(await cutsOf(), []);
      const enrolments = await Promise.all(
        Array.from({ length: many }, () => enrolmentOf(a, newOffer({ name: 'link' }))),
      );
      const results = await Promise.all(enrolments.map((each, n) => (n % 2 ? a : b).enrol(each)));
      assert.deepEqual(kindsOf(results), ['enrolled', ...Array.from({ length: many - 1 }, () => 'refused')]);
      assert.equal((await b.listPasskeys(subject)).length, 2, 'nothing was removed');
      assert.deepEqual(await cutsOf(), [{ by: 'recovery', subject }]);
      const { entries } = await b.readFeed({ after: 0, limit: 10 });
      assert.deepEqual(
        entries.map(({ kind, position, cutAt }) => [kind, cutAt === position]),
        [['subject', true]],
        'every guard hears of it',
      );
      const kinds = (await b.listEvents({ subject, limit: 50 })).map(({ kind }) => kind);
      assert.deepEqual(kinds.filter((kind) => kind.startsWith('recovery')).sort(), [
        ...['recovery_link_made', 'recovery_link_made', 'recovery_link_used'],
      ]);
      await offer('late');
      clock.advance(3601);
      assert.equal(await b.findEnrolment('late'), null);
      await a.disableAccount({ subject, by: 'test', event: id() });
      assert.deepEqual(await offer('disabled'), { kind: 'disabled' });
      const nobody = { name: 'x', subject: id(), life: hour, by: 'test', inviter: null, event: id() };
      assert.deepEqual(await a.offerRecoveryLink(nobody), { kind: 'unknown' });
    },
  );

  storeTest(
    'ACCOUNT-28: of operators who demote or disable each other at once, one stays',
    async ({ a, b }) => {
      const demote = (store: Storage, { subject }: { subject: string }): Promise<{ kind: string }> =>
        store.setRole({ subject, role: 'person', by: 'test', event: id() });
      const disable = (store: Storage, { subject }: { subject: string }): Promise<{ kind: string }> =>
        store.disableAccount({ subject, by: 'test', event: id() });
      const findLast = async (): Promise<{ subject: string }> => {
        const accounts = await a.searchAccounts({ limit: 100 });
        const [last, ...more] = accounts.filter(({ role, enabled }) => role === 'operator' && enabled);
        assert.ok(last);
        assert.deepEqual(more, []);
        return last;
      };
      let last: { subject: string } = await enrolled(a, { role: 'operator' });
      for (const [first, second] of [
        [demote, demote],
        [demote, disable],
        [disable, demote],
        [disable, disable],
      ] as const) {
        const other = await enrolled(a, { role: 'operator' });
        const done = kindsOf(await Promise.all([first(a, other), second(b, last)]));
        assert.equal(done.filter((kind) => kind === 'last_operator').length, 1, done.join());
        last = await findLast();
        const happened = (await a.listEvents({ subject: last.subject, limit: 100 })).map(({ kind }) => kind);
        assert.ok(
          !happened.includes('role_changed') && !happened.includes('account_disabled'),
          'who stayed is told of nothing',
        );
        const told = (await a.listAudit({ limit: 1000 })).length;
        const events = (await a.listEvents({ subject: last.subject, limit: 100 })).length;
        assert.deepEqual(await disable(b, last), { kind: 'last_operator' });
        assert.deepEqual(await demote(b, last), { kind: 'last_operator' });
        assert.equal((await a.listAudit({ limit: 1000 })).length, told, 'nothing happened, nothing is told');
        assert.equal((await a.listEvents({ subject: last.subject, limit: 100 })).length, events);
      }
      const idle = await enrolled(a, { role: 'operator' });
      assert.equal((await disable(a, idle)).kind, 'cut');
      assert.deepEqual(await disable(a, last), { kind: 'last_operator' }, 'a disabled one is no other');
      assert.deepEqual(await demote(a, idle), { kind: 'changed' });
      await enrolled(a, { role: 'operator' });
      assert.equal((await disable(a, last)).kind, 'cut');
    },
  );

  storeTest(
    'ACCOUNT-29: of a withdrawal and a use at the same moment, one counts',
    async ({ a, b, clock }) => {
      const invite = async (over: Partial<PlannedAccount>, life = hour): Promise<CodeOffer> => {
        const offer = newOffer({ account: newAccount(over), life });
        await a.invite({ ...offer, by: 'test', inviter: null });
        return offer;
      };
      const withdraw = (name: string): ReturnType<Storage['withdrawInvitations']> =>
        b.withdrawInvitations({ name, by: 'test' });
      const [before, ada] = [await invite({ name: 'ada' }), await invite({ name: 'Ada', role: 'operator' })];
      await invite({ name: 'Bea' }, 2 * second);
      const at = await a.now();
      assert.deepEqual(await b.listInvitations({ limit: 10 }), [
        { name: 'Ada', role: 'operator', createdAt: at, expiresAt: at + hour },
        { name: 'Bea', role: 'person', createdAt: at, expiresAt: at + 2 * second },
      ]);
      assert.equal(await b.findEnrolment(before.name), null, 'the latest counts');
      clock.advance(2);
      assert.deepEqual(await withdraw('bea'), { kind: 'unknown' }, 'it had run out');
      assert.deepEqual(await withdraw('ADA'), { kind: 'withdrawn' });
      assert.deepEqual(await withdraw('ada'), { kind: 'unknown' });
      assert.equal(await a.findEnrolment(ada.name), null);
      assert.deepEqual(await b.listInvitations({ limit: 10 }), []);
      let withdrawn = 1;
      for (let round = 0; round < many; round++) {
        const offer = await invite({});
        const enrolment = await enrolmentOf(a, offer);
        const [used, back] = await Promise.all([a.enrol(enrolment), withdraw(offer.account.name)]);
        const stands = (await a.findAccount({ subject: offer.account.subject })) !== null;
        assert.deepEqual([used.kind === 'enrolled', back.kind === 'unknown'], [stands, stands]);
        if (back.kind === 'withdrawn') withdrawn += 1;
      }
      const lines = await a.listAudit({ kind: 'invitation_withdrawn', limit: 50 });
      assert.equal(lines.length, withdrawn, 'what did not count is not told');
      const [told] = lines;
      assert.deepEqual(told?.fields, { by: 'test', role: 'operator', subject: ada.account.subject });
    },
  );

  storeTest('ACCOUNT-30: a link that an operator made is good while he is one', async ({ a, b }) => {
    const [one, two] = [await enrolled(a, { role: 'operator' }), await enrolled(a, { role: 'operator' })];
    const ada = await enrolled(a);
    const offer = newOffer();
    await a.invite({ ...offer, by: 'test', inviter: two.subject });
    await a.offerRecoveryLink({
      ...{ name: 'link', subject: ada.subject, life: hour, by: 'test', inviter: two.subject, event: id() },
    });
    const enrolments = [await enrolmentOf(a, offer), await enrolmentOf(a, newOffer({ name: 'link' }))];
    const works = async (): Promise<boolean[]> => [
      (await b.findEnrolment(offer.name)) !== null,
      (await b.findEnrolment('link')) !== null,
    ];
    const change = (role: 'person' | 'operator'): ReturnType<Storage['setRole']> =>
      b.setRole({ subject: two.subject, role, by: one.subject, event: id() });
    assert.deepEqual(await works(), [true, true]);
    await change('person');
    assert.deepEqual(await works(), [false, false]);
    assert.deepEqual(kindsOf(await Promise.all(enrolments.map((each) => a.enrol(each)))), [
      'refused',
      'refused',
    ]);
    await change('operator');
    await a.disableAccount({ subject: two.subject, by: 'test', event: id() });
    assert.deepEqual(await works(), [false, false]);
    await a.enableAccount({ subject: two.subject, by: 'test', event: id() });
    assert.deepEqual(await works(), [true, true]);
  });

  storeTest('ACCOUNT-31: whoever secures an account voids what was given to enrol with', async ({ a, b }) => {
    const person = await enrolled(a);
    const { subject, name: accountName } = person;
    const secure: readonly (() => Promise<unknown>)[] = [
      () => b.replaceRecoveryCodes({ subject, names: [id()], event: id(), by }),
      () => b.endOthers({ subject, keep: id(), event: id(), by }),
      () => b.endSessionsOf({ subject, by: 'test' }),
    ];
    for (const [n, act] of secure.entries()) {
      const [code, redeemed, link] = [id(), id(), id()];
      await a.replaceRecoveryCodes({ subject, names: [code, id()], event: id(), by });
      await a.redeemRecoveryCode({
        ...{ name: code, accountName, enrolment: { name: redeemed, life: hour }, event: id() },
      });
      await a.offerRecoveryLink({ name: link, subject, life: hour, by: 'test', inviter: null, event: id() });
      for (const each of [redeemed, link]) assert.ok((await b.findEnrolment(each)) !== null);
      await act();
      for (const each of [redeemed, link]) assert.equal(await b.findEnrolment(each), null, `way ${n}`);
    }
  });

  storeTest('ACCOUNT-7: a challenge is redeemed once, within five minutes', async ({ a, b, clock }) => {
    const person = await enrolled(a);
    const use = await useOf(a, person);
    clock.advance(299);
    const results = await Promise.all([a.usePasskey(use), b.usePasskey(use), a.usePasskey(use)]);
    assert.deepEqual(kindsOf(results), ['challenge_used', 'challenge_used', 'used']);
    const late = await useOf(a, person);
    clock.advance(300);
    assert.deepEqual(await b.usePasskey(late), { kind: 'challenge_used' });
    assert.deepEqual(
      await b.addPasskey({ ...person, passkey: newPasskey(), challenge: late.challenge, event: id(), by }),
      {
        kind: 'challenge_used',
      },
    );
    assert.deepEqual(await b.usePasskey(await useOf(a, person)), { kind: 'used' });
    await a.sweepCodes();
    assert.deepEqual(
      await b.usePasskey(use),
      { kind: 'challenge_used' },
      'and is refused for its age when it is forgotten',
    );
  });

  storeTest('ACCOUNT-8: a counter moves forward, whoever is first', async ({ a, b }) => {
    const person = await enrolled(a);
    const counts = async (counter: number): Promise<string> =>
      (await b.usePasskey(await useOf(a, person, { counter }))).kind;
    assert.deepEqual([await counts(0), await counts(0), await counts(5)], ['used', 'used', 'used']);
    assert.deepEqual([await counts(5), await counts(4), await counts(0)], ['refused', 'refused', 'refused']);
    const uses = await Promise.all([useOf(a, person, { counter: 6 }), useOf(a, person, { counter: 6 })]);
    assert.deepEqual(kindsOf(await Promise.all(uses.map((use, n) => (n ? a : b).usePasskey(use)))), [
      'refused',
      'used',
    ]);
    const told = await a.listAudit({ kind: 'passkey_refused', limit: 10 });
    assert.deepEqual(
      told.map(({ fields }) => fields),
      Array.from({ length: 4 }, () => ({ subject: person.subject, reason: 'counter' })),
    );
    const events = await b.listEvents({ subject: person.subject, limit: 10 });
    assert.equal(events.filter(({ kind }) => kind === 'passkey_refused').length, 4);
  });

  storeTest('ACCOUNT-10: a disabled account is opened by nothing', async ({ a, b }) => {
    const person = await enrolled(a);
    await a.replaceRecoveryCodes({ subject: person.subject, names: ['one', 'two'], event: id(), by });
    const recover = (store: Storage, name: string): ReturnType<Storage['redeemRecoveryCode']> =>
      store.redeemRecoveryCode({
        name,
        accountName: person.name,
        enrolment: { name: `by ${name}`, life: hour },
        event: id(),
      });
    assert.deepEqual(
      await a.redeemRecoveryCode({
        name: 'one',
        accountName: 'Eve',
        enrolment: { name: 'eve', life: hour },
        event: id(),
      }),
      { kind: 'refused' },
    );
    assert.deepEqual(await recover(a, 'one'), { kind: 'redeemed' });
    const cut = await a.disableAccount({ subject: person.subject, by: 'test', event: id() });
    assert.equal(cut.kind, 'cut');
    assert.equal(await b.findEnrolment('by one'), null);
    assert.deepEqual(await recover(b, 'two'), { kind: 'refused' });
    assert.deepEqual(await b.usePasskey(await useOf(b, person)), { kind: 'refused' });
    const addition = {
      subject: person.subject,
      passkey: newPasskey(),
      challenge: await challengeAt(b),
      event: id(),
      by,
    };
    assert.deepEqual(await b.addPasskey(addition), { kind: 'refused' });
    assert.deepEqual(
      await b.replaceRecoveryCodes({ subject: person.subject, names: ['x'], event: id(), by }),
      {
        kind: 'unknown',
      },
    );
    assert.deepEqual(await b.enableAccount({ subject: person.subject, by: 'test', event: id() }), {
      kind: 'enabled',
    });
    assert.deepEqual(await a.usePasskey(await useOf(a, person)), { kind: 'used' });
    assert.deepEqual(await recover(a, 'two'), { kind: 'redeemed' });
    assert.equal(
      (await a.listAudit({ kind: 'passkey_refused', limit: 10 })).length,
      0,
      'no counter went back',
    );
  });

  storeTest('ACCOUNT-14: of two passkeys that are removed at once, one stays', async ({ a, b }) => {
    const person = await enrolled(a);
    const { subject } = person;
    const another = newPasskey();
    assert.deepEqual(await a.removePasskey({ id: person.passkey, subject, event: id(), by }), {
      kind: 'last',
    });
    await a.addPasskey({ subject, passkey: another, challenge: await challengeAt(a), event: id(), by });
    const removals = [person.passkey, another.id].map((passkey, n) =>
      (n ? a : b).removePasskey({ id: passkey, subject, event: id(), by }),
    );
    assert.deepEqual(kindsOf(await Promise.all(removals)), ['last', 'removed']);
    const [left] = await a.listPasskeys(subject);
    assert.ok(left);
    await a.replaceRecoveryCodes({ subject, names: ['code'], event: id(), by });
    assert.deepEqual(await b.removePasskey({ id: left.id, subject, event: id(), by }), { kind: 'removed' });
    assert.deepEqual(await b.removePasskey({ id: left.id, subject, event: id(), by }), { kind: 'unknown' });
  });

  storeTest('ACCOUNT-15: a passkey belongs to one account, which has 20 at most', async ({ a, b }) => {
    const [ada, eve] = [await enrolled(a), await enrolled(a)];
    const change = { id: ada.passkey, subject: eve.subject, event: id() };
    assert.deepEqual(await b.renamePasskey({ ...change, name: 'Mine', by: 'test' }), { kind: 'unknown' });
    assert.deepEqual(await b.removePasskey({ ...change, by }), { kind: 'unknown' });
    const add = async (passkey: NewPasskey): Promise<string> =>
      (
        await b.addPasskey({
          subject: eve.subject,
          passkey,
          challenge: await challengeAt(a),
          event: id(),
          by,
        })
      ).kind;
    assert.equal(await add(newPasskey({ id: ada.passkey })), 'passkey_known');
    for (let n = 1; n < 20; n++) assert.equal(await add(newPasskey()), 'added');
    assert.equal(await add(newPasskey()), 'refused');
    assert.deepEqual(await a.renamePasskey({ ...change, subject: ada.subject, name: 'Laptop', by: 'test' }), {
      kind: 'renamed',
    });
    const [row] = await b.listPasskeys(ada.subject);
    assert.deepEqual(row, {
      ...newPasskey({ id: ada.passkey, name: 'Laptop' }),
      ...{ subject: ada.subject, createdAt: await a.now(), lastUsedAt: null },
    });
    assert.deepEqual(await b.findPasskey(ada.passkey), row);
  });

  storeTest('ACCOUNT-19: of many uses of one recovery code at once, one counts', async ({ a, b, clock }) => {
    const person = await enrolled(a);
    const { subject, name: accountName } = person;
    await a.replaceRecoveryCodes({ subject, names: ['old'], event: id(), by });
    await a.replaceRecoveryCodes({ subject, names: ['code', 'other'], event: id(), by });
    assert.equal(await b.countRecoveryCodes(subject), 2);
    const redeem = (store: Storage, name: string, next: string): ReturnType<Storage['redeemRecoveryCode']> =>
      store.redeemRecoveryCode({
        name,
        accountName,
        enrolment: { name: next, life: 15 * minute },
        event: id(),
      });
    assert.deepEqual(await redeem(a, 'old', 'x'), { kind: 'refused' });
    const nexts = Array.from({ length: many }, (_, n) => `next ${n}`);
    const results = await Promise.all(nexts.map((next, n) => redeem(n % 2 ? a : b, 'code', next)));
    assert.equal(results.filter(({ kind }) => kind === 'redeemed').length, 1);
    assert.equal(await b.countRecoveryCodes(subject), 1);
    const found = (
      await Promise.all(nexts.map(async (next) => [next, await a.findEnrolment(next)] as const))
    ).filter(([, code]) => code !== null);
    assert.equal(found.length, 1);
    const [name = '', code] = found[0] ?? [];
    assert.deepEqual(code, { kind: 'recovery', account: { subject, name: accountName } });
    const enrolment = await enrolmentOf(a, newOffer({ name }));
    assert.deepEqual(await b.enrol(enrolment), { kind: 'enrolled' });
    assert.deepEqual(
      await b.enrol({ ...enrolment, challenge: await challengeAt(b), passkey: newPasskey() }),
      { kind: 'refused' },
    );
    assert.equal((await a.listPasskeys(subject)).length, 2);
    await redeem(a, 'other', 'late');
    clock.advance(15 * 60);
    assert.equal(await b.findEnrolment('late'), null);
  });

  storeTest(
    'ACCOUNT-21: what has run out is swept, and what happened is told together with it',
    async ({ a, b, clock }) => {
      const person = await enrolled(a);
      await a.setRole({ subject: person.subject, role: 'operator', by: 'test', event: id() });
      assert.deepEqual(
        await b.setRole({ subject: person.subject, role: 'operator', by: 'test', event: id() }),
        { kind: 'unchanged' },
      );
      assert.deepEqual(await b.setRole({ subject: id(), role: 'operator', by: 'test', event: id() }), {
        kind: 'unknown',
      });
      assert.equal((await b.findAccount({ subject: person.subject }))?.role, 'operator');
      const told = (await a.listAudit({ limit: 50 })).map(({ kind }) => kind);
      assert.deepEqual(told.slice(-4), ['invitation_made', 'account_added', 'passkey_added', 'role_changed']);
      const events = (await a.listEvents({ subject: person.subject, limit: 10 }))
        .map(({ kind }) => kind)
        .sort();
      assert.deepEqual(events, ['account_added', 'passkey_added', 'role_changed']);
      await a.invite({ ...newOffer({ life: 2 * second }), by: 'test', inviter: null });
      await a.replaceRecoveryCodes({ subject: person.subject, names: ['kept'], event: id(), by });
      clock.advance(600);
      assert.equal(await b.sweepCodes(), 2, 'the invitation and the challenge');
      assert.equal(await a.countRecoveryCodes(person.subject), 1);
      clock.advance(401 * 24 * 3600);
      assert.equal(await b.sweepCodes(), 4, 'events of more than 400 days ago');
    },
  );
}
