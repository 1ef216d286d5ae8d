import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Client } from 'pg';
import { openPostgresLab } from './postgres-lab.ts';
import { kept } from './code-lab.ts';
import { furnish, hour, id, newClient } from './lab.ts';

const lab = await openPostgresLab('lab');

if (typeof lab === 'string') test('registrations on PostgreSQL', { skip: lab });
else {
  const { url: connectionString } = lab;
  const watcher = new Client({ connectionString });
  await watcher.connect();
  after(async () => {
    await watcher.end();
    await lab.close();
  });
  let stores: Awaited<ReturnType<typeof lab.open>>;
  beforeEach(async () => {
    stores = await lab.open();
    await furnish(stores.a);
  });

  /** A client that nobody has used for a week, and a connection that does to it what another replica would. */
  async function unused(): Promise<{ clientId: string; other: Client }> {
    const registration = { ...newClient().registration, by: 'dynamic' as const };
    const client = newClient({ registration });
    await stores.a.registerClient(client, 100);
    stores.clock.advance(7 * 24 * 3600 + 1);
    const other = new Client({ connectionString });
    await other.connect();
    await other.query('BEGIN');
    return { clientId: client.id, other };
  }

  /** Until somebody waits for a lock. */
  async function somebodyWaits(): Promise<void> {
    for (;;) {
      const { rows } = await watcher.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      if (rows.length > 0) return;
    }
  }

  test('AUTHORIZE-49: a request that another replica is just keeping keeps its client', async () => {
    const { clientId, other } = await unused();
    await other.query(
      `INSERT INTO authorization_requests (hash, client_id, parameters, created_at, expires_at) VALUES ('x', $1, '{}', 0, 9e15)`,
      [clientId],
    );
    assert.equal(await stores.a.sweepUnusedClients(), 0);
    await other.query('COMMIT');
    assert.equal(await stores.b.sweepUnusedClients(), 0);
    assert.notEqual(await stores.a.findClient(clientId), null);
    await other.query('DELETE FROM authorization_requests');
    assert.equal(await stores.b.sweepUnusedClients(), 1);
    await other.end();
  });

  test('AUTHORIZE-49: of a client that goes with its requests, one that somebody just decides keeps it and them', async () => {
    const { clientId, other } = await unused();
    stores.clock.advance(7 * 24 * 3600);
    const [decided, waits] = [await kept(stores.a, clientId), await kept(stores.a, clientId)];
    await other.query(`UPDATE authorization_requests SET request = 'x' WHERE hash = $1`, [decided]);
    assert.equal(await stores.a.sweepUnusedClients(), 0);
    assert.notEqual(await stores.b.findRequest(waits), null, 'it is gone whole or not at all');
    await other.query('ROLLBACK');
    assert.equal(await stores.b.sweepUnusedClients(), 1);
    assert.deepEqual([await stores.a.findRequest(waits), await stores.a.findClient(clientId)], [null, null]);
    await other.end();
  });

  test('AUTHORIZE-49: a request that comes while its client is swept is refused, and no fault', async () => {
    const { clientId, other } = await unused();
    await other.query('DELETE FROM clients WHERE id = $1', [clientId]);
    const keeping = stores.a.keepRequest({ name: id(), clientId, parameters: '{}', life: hour });
    await somebodyWaits();
    await other.query('COMMIT');
    assert.deepEqual(await keeping, { kind: 'refused' });
    await other.end();
  });
}
