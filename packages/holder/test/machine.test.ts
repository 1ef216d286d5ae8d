import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createMachine, memoryKey, type Machine, type MachineOptions } from '@symbolon/holder';
import { handClock, startPeer, type HandClock, type Peer } from './support.ts';

interface Scene {
  readonly peer: Peer;
  readonly machine: Machine;
  readonly clock: HandClock;
}

async function scene(t: TestContext, options: Partial<MachineOptions> = {}): Promise<Scene> {
  const clock = handClock();
  const key = options.key ?? (await memoryKey());
  const peer = await startPeer({
    clock,
    client: key,
    ...(options.holderKey ? { holder: options.holderKey } : {}),
  });
  t.after(() => peer.close());
  const { issuer, audience } = peer;
  const machine = createMachine({ issuer, audience, clientId: 'm1', key, clock, ...options });
  return { peer, machine, clock };
}

test('HOLDER-1: a machine fetches with a token bound to its key and a proof', async (t) => {
  const { peer, machine } = await scene(t, { scope: 'read' });
  const response = await machine.fetch(`${peer.audience}/orders?page=2`);
  assert.deepEqual([response.status, await response.json()], [200, { hello: 'holder' }]);
  const [request] = peer.tokenRequests;
  assert.equal(request?.form.get('grant_type'), 'client_credentials');
  assert.equal(request.form.get('resource'), peer.audience);
  assert.equal(request.form.get('scope'), 'read');
});

test('HOLDER-2: fifty requests at once cost one token request', async (t) => {
  const { peer, machine } = await scene(t);
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await machine.fetch(`${peer.audience}/orders`);
      await response.body?.cancel();
      return response.status;
    }),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(peer.tokenRequests.length, 1);
  assert.equal(peer.state.metadataRequests, 1);
});
