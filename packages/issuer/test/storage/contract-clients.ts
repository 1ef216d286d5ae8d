import assert from 'node:assert/strict';
import type { StoreTest } from './lab.ts';
import { app, machine, newClient, newOpening, newStart, opened, rotationOf, started } from './lab.ts';

export function clientContract(storeTest: StoreTest): void {
  storeTest('STORE-32: what was registered is what is found', async ({ a, b, clock }) => {
    const client = newClient({
      id: 'billing',
      name: 'Billing “α”',
      kind: 'machine',
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x' }],
      bearer: true,
      audiences: [{ audience: 'https://api.example', scope: ['read', 'write'] }],
      rights: ['introspect', 'sessions:app'],
    });
    const { subject, by: _by, ...kept } = client;
    const added = await a.addClient(client);
    const row = { ...kept, subject: subject.id, createdAt: clock.now() * 1000, removedAt: null };
    assert.deepEqual(added, { kind: 'added', client: row });
    assert.deepEqual(await b.findClient('billing'), row);
    assert.equal(await b.findClient('nobody'), null);
    assert.deepEqual(
      new Set((await b.listClients()).map(({ id }) => id)),
      new Set([app, machine, 'billing']),
    );
    assert.equal((await opened(b, { clientId: 'billing' })).subject, subject.id);
  });

  storeTest('STORE-32: an id is taken once', async ({ a, b }) => {
    const kinds = await Promise.all(
      [a, b].map(async (store) => (await store.addClient(newClient({ id: 'x' }))).kind),
    );
    assert.deepEqual(kinds.sort(), ['added', 'exists']);
    const before = await a.findClient('x');
    assert.deepEqual(await a.addClient(newClient({ id: 'x', name: 'Another' })), { kind: 'exists' });
    assert.deepEqual(await a.findClient('x'), before);
  });

  storeTest(
    'STORE-43: a client is changed from what was read of it, and every reader hears of it',
    async ({ a, b }) => {
      const before = await a.findClient(app);
      assert.ok(before !== null);
      const heard = async (): Promise<number> => (await b.readFeed({ after: 0, limit: 10 })).clientsAt;
      assert.equal(await heard(), 0);
      const named = (name: string) => ({
        ...{ id: app, from: before, to: { ...before, name }, changed: ['name'], by: 'test' },
      });
      const both = await Promise.all([a.changeClient(named('One')), b.changeClient(named('Two'))]);
      assert.deepEqual(both.map(({ kind }) => kind).sort(), ['changed', 'moved'], 'one of two wins');
      const winner = both.find((one) => one.kind === 'changed');
      assert.deepEqual(await b.findClient(app), winner?.client);
      assert.deepEqual({ ...winner?.client, name: before.name }, before, 'and nothing else of it is another');
      const lines = await b.listAudit({ kind: 'client_changed', limit: 10 });
      assert.deepEqual(
        lines.map(({ clientId, fields }) => [clientId, fields]),
        [[app, { by: 'test', changed: ['name'] }]],
      );
      const first = await heard();
      assert.ok(first > 0);
      const now = (await b.findClient(app)) ?? before;
      const registration = { ...now.registration, redirectUris: ['https://new.example/cb'] };
      const again = {
        id: app,
        from: now,
        to: { ...now, registration },
        changed: ['redirect_uris'],
        by: 'test',
      };
      assert.equal((await b.changeClient(again)).kind, 'changed');
      assert.ok((await heard()) > first);
      const person = await started(a);
      assert.equal((await b.sessionAlive({ sid: person.sid })).kind, 'alive', 'no session ends by it');
      await a.removeClient({ id: machine, by: 'test' });
      const removed = await a.findClient(machine);
      assert.ok(removed !== null);
      assert.deepEqual(
        await a.changeClient({
          id: machine,
          from: removed,
          to: { ...removed, name: 'x' },
          changed: [],
          by: 'test',
        }),
        { kind: 'moved' },
      );
    },
  );

  storeTest('STORE-20: removing a client ends its sessions for good', async ({ a, b, clock }) => {
    const person = await started(a);
    const own = await opened(a);
    clock.advance(1);
    for (const client of [app, machine]) {
      assert.equal((await a.removeClient({ id: client, by: 'test' })).kind, 'cut');
      assert.equal((await b.findClient(client))?.removedAt, clock.now() * 1000);
    }
    for (const { sid } of [person, own]) assert.equal((await b.sessionAlive({ sid })).kind, 'not_alive');
    assert.deepEqual(await b.rotate(rotationOf(person)), { kind: 'refused' });
    assert.deepEqual(await b.startSession(newStart()), { kind: 'refused', reason: 'client_removed' });
    assert.deepEqual(await b.openMachineSession(newOpening()), { kind: 'refused', reason: 'client_removed' });
    assert.deepEqual(await a.removeClient({ id: app, by: 'test' }), { kind: 'unknown' });
    assert.deepEqual(await a.removeClient({ id: 'nobody', by: 'test' }), { kind: 'unknown' });
    assert.deepEqual(
      await a.addClient(newClient({ id: app })),
      { kind: 'exists' },
      'its id is not given again',
    );
  });

  storeTest('STORE-31: the first statement of a fact settles it', async ({ a, b }) => {
    const settled = await Promise.all([a.settleMeta('issuer', 'one'), b.settleMeta('issuer', 'two')]);
    assert.equal(new Set(settled).size, 1);
    assert.equal(await b.findMeta('issuer'), settled[0]);
    assert.equal(await a.findMeta('nothing'), null);
  });
}
