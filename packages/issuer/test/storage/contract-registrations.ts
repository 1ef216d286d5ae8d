import assert from 'node:assert/strict';
import type { NewClient } from '../../src/storage/port/decisions.ts';
import { provenName } from '../../src/storage/port/registration-storage.ts';
import type { Registration } from '../../src/storage/port/rows.ts';
import type { Storage } from '../../src/storage/port/storage.ts';
import { allowed, kept, subjectOf } from './code-lab.ts';
import { app, hour, id, minute, newClient, type StoreTest } from './lab.ts';

const by = (how: Registration['by']): Pick<NewClient, 'registration'> => ({
  registration: { ...newClient().registration, by: how },
});

/** A client that registered itself. */
async function registered(store: Storage, over: Partial<NewClient> = {}): Promise<string> {
  const client = newClient({ ...by('dynamic'), ...over });
  assert.equal((await store.registerClient(client, 100)).kind, 'registered');
  return client.id;
}

const week = 7 * 24 * 3600;

export function registrationContract(storeTest: StoreTest): void {
  storeTest(
    'AUTHORIZE-49: what registered itself and nobody used is gone after a week, with its subject',
    async ({ a, b, clock }) => {
      const unused = await registered(a);
      const document = 'https://app.example/client';
      await registered(a, { ...by('document'), id: document });
      const removed = await registered(a);
      await a.removeClient({ id: removed, by: 'test' });
      const used = await registered(a);
      const { grantId } = await allowed(a, { clientId: used });
      await a.endGrant({ grantId, reason: 'person', by: 'test' });
      const byHand = newClient();
      await a.addClient(byHand);
      clock.advance(week - 60);
      const waiting = await registered(a);
      assert.equal(await b.sweepAuthorizations(), 2, 'a request and a code; no client is a week old');
      clock.advance(61);
      assert.equal(await b.sweepUnusedClients(), 2);
      for (const gone of [unused, document]) assert.equal(await a.findClient(gone), null);
      for (const stays of [used, byHand.id, waiting, app, removed])
        assert.notEqual(await a.findClient(stays), null, stays);
      assert.equal(await a.findSubject({ namespace: unused, externalId: '' }), null);
      const told = (await a.listAudit({ kind: 'client_removed', limit: 10 })).map(({ clientId, fields }) => [
        clientId,
        fields['by'],
      ]);
      assert.deepEqual(
        new Set(told.slice(1).map((line) => JSON.stringify(line))),
        new Set([unused, document].map((gone) => JSON.stringify([gone, 'unused']))),
      );
      assert.equal((await a.verifyAudit()).kind, 'intact');
      assert.deepEqual(await a.keepRequest({ name: id(), clientId: unused, parameters: '{}', life: hour }), {
        kind: 'refused',
      });
      await registered(a, { ...by('document'), id: document });
      assert.notEqual(await b.findClient(document), null, 'it may come again');
    },
  );

  storeTest('AUTHORIZE-49: a request that waits keeps its client', async ({ a, b, clock }) => {
    const [waits, decided] = [await registered(a), await registered(a)];
    clock.advance(week + 1);
    await kept(a, waits);
    assert.notEqual(await a.takeRequest(await kept(a, decided)), null);
    assert.equal(
      await b.sweepAuthorizations(),
      1,
      'nothing is left of what was refused, so nothing keeps its client',
    );
    assert.equal(await b.findClient(decided), null);
    clock.advance(3601);
    assert.equal(await b.sweepAuthorizations(), 2, 'the other request and its client');
    assert.deepEqual([await a.findClient(waits), await a.findClient(decided)], [null, null]);
  });

  storeTest(
    'AUTHORIZE-49: two weeks after it came a client goes with the requests that wait, unless somebody has decided one',
    async ({ a, b, clock }) => {
      const [repeated, decided] = [await registered(a), await registered(a)];
      clock.advance(2 * week - 1800);
      const early = await kept(a, repeated);
      clock.advance(1799);
      const [repeatedAgain, waits] = [await kept(a, repeated), await kept(a, decided)];
      assert.equal(await b.sweepUnusedClients(), 0, 'within two weeks each keeps it');
      await allowed(b, { clientId: decided });
      clock.advance(2);
      assert.equal(await b.sweepUnusedClients(), 1);
      assert.equal(await a.findClient(repeated), null);
      for (const gone of [early, repeatedAgain]) assert.equal(await a.findRequest(gone), null);
      assert.notEqual(await a.findClient(decided), null, 'a person has allowed it something');
      assert.notEqual(await a.findRequest(waits), null);
      assert.equal((await a.verifyAudit()).kind, 'intact');
    },
  );

  storeTest(
    'AUTHORIZE-46: a document’s last good reading is on the database’s clock',
    async ({ a, b, clock }) => {
      const document = 'https://app.example/client';
      const readAt = clock.now() * 1000;
      await registered(a, { ...by('document'), id: document });
      assert.equal(await b.documentReadAt(document), readAt);
      clock.advance(60);
      await registered(b, { ...by('document'), id: document, name: 'Another' });
      assert.equal(await a.documentReadAt(document), readAt + minute);
      assert.equal((await a.findClient(document))?.name, 'Another');
      assert.equal(await a.documentReadAt(await registered(a)), null);
      assert.equal(await a.documentReadAt('nobody'), null);
    },
  );

  storeTest(
    'AUTHORIZE-58: keys that lie elsewhere are renewed, of a client that registered itself so and stands',
    async ({ a, b, clock }) => {
      const jwksUri = 'https://app.example/keys';
      const elsewhere = { registration: { ...by('dynamic').registration, jwksUri } };
      const id = await registered(a, elsewhere);
      const readAt = clock.now() * 1000;
      assert.equal(await b.documentReadAt(id), readAt);
      const keys = [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }];
      clock.advance(60);
      assert.equal(await b.renewKeys(id, keys), true);
      assert.equal(await a.renewKeys(id, keys), true);
      assert.equal(await a.documentReadAt(id), readAt + minute);
      const row = await a.findClient(id);
      assert.deepEqual([row?.keys, row?.registration.jwksUri], [keys, jwksUri]);
      const said = await a.listAudit({ kind: 'client_changed', limit: 50 });
      assert.deepEqual(
        said.map(({ clientId, fields }) => [clientId, fields]),
        [[id, { by: 'registration', changed: 'keys' }]],
        'once',
      );
      const [byValue, document, removed] = [
        await registered(a),
        await registered(a, { ...by('document'), id: 'https://app.example/client' }),
        await registered(a, elsewhere),
      ];
      await a.removeClient({ id: removed, by: 'test' });
      for (const other of [byValue, document, removed, app, 'nobody'])
        assert.equal(await b.renewKeys(other, keys), false, other);
      assert.equal((await a.listAudit({ kind: 'client_changed', limit: 50 })).length, 1);
      assert.equal((await a.verifyAudit()).kind, 'intact');
    },
  );

  storeTest(
    'AUTHORIZE-43: what a new reading of a document changes is told in the audit log',
    async ({ a, b }) => {
      const document = 'https://app.example/client';
      const reading = (over = {}) => newClient({ ...by('document'), id: document, name: 'First', ...over });
      const told = async () => {
        const lines = await a.listAudit({ kind: 'client_changed', limit: 50 });
        return lines.map(({ clientId, fields }) => [clientId, fields]);
      };
      await registered(a, reading());
      await registered(b, reading());
      assert.deepEqual(await told(), [], 'nothing has changed');
      const redirectUris = ['https://app.example/another'];
      const second = { name: 'Second', registration: { ...reading().registration, redirectUris } };
      await registered(b, reading(second));
      await registered(a, reading(second));
      await registered(a);
      const line = [document, { by: 'document', changed: 'name registration' }];
      assert.deepEqual(await told(), [line]);
      await a.removeClient({ id: document, by: 'test' });
      assert.equal((await a.registerClient(reading(), 100)).kind, 'refused');
      assert.deepEqual(await told(), [line], 'what was removed is not changed');
      assert.equal((await a.verifyAudit()).kind, 'intact');
    },
  );

  storeTest('AUTHORIZE-56: a client is linked while somebody allows it something', async ({ a, b }) => {
    const [linked, stranger] = [await registered(a), await registered(a)];
    const [first, second] = await Promise.all(['ada', 'bob'].map((name) => subjectOf(a, name)));
    const grants = [
      await allowed(a, { clientId: linked, subject: first ?? '' }),
      await allowed(a, { clientId: linked, subject: second ?? '' }),
    ];
    const seen = async () => [await b.isLinked(linked), await b.isLinked(stranger)];
    for (const { grantId } of grants) {
      assert.deepEqual(await seen(), [true, false]);
      await a.endGrant({ grantId, reason: 'person', by: 'test' });
    }
    assert.deepEqual(await seen(), [false, false]);
  });

  storeTest(
    'AUTHORIZE-53: what waits is counted by client, and apart what it proved',
    async ({ a, b, clock }) => {
      const other = newClient();
      await a.addClient(other);
      assert.deepEqual(await b.countOpenRequests(), new Map());
      const first = await kept(a);
      await kept(b);
      await kept(a, other.id);
      await a.keepRequest({ name: `${provenName}${id()}`, clientId: app, parameters: '{}', life: hour });
      assert.deepEqual(
        await b.countOpenRequests(),
        new Map([
          [app, { client: 1, anybody: 2 }],
          [other.id, { client: 0, anybody: 1 }],
        ]),
      );
      await a.takeRequest(first);
      assert.deepEqual((await b.countOpenRequests()).get(app), { client: 1, anybody: 1 }, 'decided');
      clock.advance(3601);
      assert.deepEqual(await b.countOpenRequests(), new Map(), 'over');
    },
  );
}
